//! Compressed bodies, never more of them than a body may hold: what expands beyond is refused when it gets there.

use std::borrow::Cow;
use std::io::Read;

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use crate::receiver::problem::Problem;

/// The body as it was before it was compressed.
pub(super) fn decoded<'a>(encoding: &str, body: &'a [u8], limit: usize) -> Result<Cow<'a, [u8]>, Problem> {
    match encoding.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => Ok(Cow::Borrowed(body)),
        "gzip" | "x-gzip" => expanded(MultiGzDecoder::new(body), limit),
        // Some senders mean the bare stream by `deflate`; the standard means the one with a header and a sum.
        "deflate" if is_zlib(body) => expanded(ZlibDecoder::new(body), limit),
        "deflate" => expanded(DeflateDecoder::new(body), limit),
        "br" => brotli(body, limit),
        other => Err(Problem::wrong_encoding(other)),
    }
}

/// RFC 1950: the method is 8, and the first two bytes are a multiple of 31.
fn is_zlib(body: &[u8]) -> bool {
    matches!(body, [method, flags, ..] if method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31))
}

fn expanded(reader: impl Read, limit: usize) -> Result<Cow<'static, [u8]>, Problem> {
    let mut bytes = Vec::new();
    reader.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error.to_string()))?;
    if bytes.len() > limit { Err(Problem::too_large(limit)) } else { Ok(Cow::Owned(bytes)) }
}

/// LIMIT: what is expanded at a time; how much there is in all is looked at in between.
const BLOCK: usize = 32 * 1024;

/// The stream is decoded here and not by the crate's own reader, which takes windows of up to a gigabyte: a few bytes
/// would make it ask for as much memory. By the standard a window has 16 MiB at most.
fn brotli(body: &[u8], limit: usize) -> Result<Cow<'static, [u8]>, Problem> {
    let alloc = StandardAlloc::default;
    let mut state = BrotliState::new_strict(alloc(), alloc(), alloc());
    let (mut left, mut at, mut total) = (body.len(), 0, 0);
    let mut bytes = Vec::new();
    loop {
        let filled = bytes.len();
        bytes.resize((filled + BLOCK).min(limit + 1), 0);
        let (mut room, mut end) = (bytes.len() - filled, filled);
        let result = BrotliDecompressStream(
            &mut left, &mut at, body, &mut room, &mut end, &mut bytes, &mut total, &mut state,
        );
        bytes.truncate(end);
        if bytes.len() > limit {
            return Err(Problem::too_large(limit));
        }
        match result {
            BrotliResult::ResultSuccess if left == 0 => return Ok(Cow::Owned(bytes)),
            BrotliResult::ResultSuccess => return Err(unreadable("there is more behind its end")),
            BrotliResult::NeedsMoreInput => return Err(unreadable("it ends before it is whole")),
            BrotliResult::ResultFailure => return Err(unreadable("it is not Brotli")),
            BrotliResult::NeedsMoreOutput => {}
        }
    }
}

fn unreadable(why: &str) -> Problem {
    Problem::unreadable(format!("it cannot be decompressed: {why}"))
}
