//! Compressed bodies, never more of them than a body may hold: what expands beyond is refused when it gets there.

use std::borrow::Cow;
use std::io::Read;

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
        other => Err(Problem::wrong_encoding(other)),
    }
}

/// RFC 1950: the method is 8, and the first two bytes are a multiple of 31.
fn is_zlib(body: &[u8]) -> bool {
    matches!(body, [method, flags, ..] if method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31))
}

fn expanded(reader: impl Read, limit: usize) -> Result<Cow<'static, [u8]>, Problem> {
    let mut bytes = Vec::new();
    reader
        .take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Problem::unreadable(format!("it cannot be decompressed: {error}")))?;
    if bytes.len() > limit { Err(Problem::too_large(limit)) } else { Ok(Cow::Owned(bytes)) }
}
