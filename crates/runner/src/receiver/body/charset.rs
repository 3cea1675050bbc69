//! Bytes as text: the named charset, a byte order mark, else UTF-8, else what Windows sends without saying so.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use crate::receiver::problem::Problem;

/// The charset that a content type's parameters name.
pub(super) fn named(parameters: &str) -> Option<&str> {
    parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    })
}

/// The text. A charset nobody knows is refused, and so are bytes that are none of a charset that was named.
pub(super) fn text<'a>(charset: Option<&str>, body: &'a [u8]) -> Result<Cow<'a, str>, Problem> {
    if let Some((encoding, mark)) = Encoding::for_bom(body) {
        return decoded(encoding, &body[mark..]);
    }
    let encoding = match charset {
        None | Some("") => UTF_8,
        Some(name) => Encoding::for_label(name.as_bytes()).ok_or_else(|| {
            Problem::unreadable(format!("nobody here knows the charset `{name}`; send UTF-8"))
        })?,
    };
    if encoding != UTF_8 {
        return decoded(encoding, body);
    }
    Ok(std::str::from_utf8(body).map_or_else(|_| not_quite_utf8(body), Cow::Borrowed))
}

fn decoded<'a>(encoding: &'static Encoding, body: &'a [u8]) -> Result<Cow<'a, str>, Problem> {
    encoding.decode_without_bom_handling_and_without_replacement(body).ok_or_else(|| {
        Problem::unreadable(format!("its bytes are not {}, as it says they are", encoding.name()))
    })
}

/// PowerShell 5 sends Windows-1252 and names no charset. Where some letters beyond ASCII are UTF-8 the rest is too, and
/// only what is broken is lost: a vendor cut a long text in the middle of a letter.
fn not_quite_utf8(body: &[u8]) -> Cow<'_, str> {
    let lossy = String::from_utf8_lossy(body);
    let some_are_utf8 = lossy.chars().any(|c| !c.is_ascii() && c != char::REPLACEMENT_CHARACTER);
    if some_are_utf8 { lossy } else { WINDOWS_1252.decode_without_bom_handling(body).0 }
}
