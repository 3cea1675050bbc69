//! The pages people look at: tickets with the latest requests, and one ticket with all that touched it.
//!
//! Rendered here, without scripts or anything from elsewhere; whatever came from outside is escaped, and HTML from
//! tickets is shown only in frames that run nothing and load nothing.

mod frame;
mod home;
mod requests;
mod style;
mod ticket;

use crate::{
    server::{Call, Reply},
    shared::Shared,
};

/// Answers a request to a page.
pub(crate) fn answer(shared: &Shared, call: &Call) -> Reply {
    let segments = call.segments();
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    match (call.method.as_str(), parts.as_slice()) {
        ("GET" | "HEAD", [] | ["tickets"]) => guarded(Reply::html(200, home::render(shared, call))),
        ("GET" | "HEAD", ["requests"]) => guarded(Reply::html(200, requests::render(shared, call))),
        ("GET" | "HEAD", ["tickets", id]) => {
            let page = id.parse().ok().and_then(|id| ticket::render(shared, id));
            guarded(page.map_or_else(|| missing(shared), |page| Reply::html(200, page)))
        }
        ("GET" | "HEAD", _) => guarded(missing(shared)),
        _ => Reply::empty(405),
    }
}

fn guarded(reply: Reply) -> Reply {
    // Tickets hold foreign HTML: even if something slipped through, nothing may run or be fetched.
    reply
        .with_header(
            "content-security-policy",
            "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'",
        )
        .with_header("x-content-type-options", "nosniff")
        .with_header("referrer-policy", "no-referrer")
}

fn missing(shared: &Shared) -> Reply {
    let body =
        "<section><p class=\"empty\">There is nothing here. <a href=\"/\">All tickets</a></p></section>";
    Reply::html(404, frame::page(shared, "Not found", false, body))
}
