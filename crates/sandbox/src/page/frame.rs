//! What every page has around its content, and the small pieces they share.

use super::style::SHEET;
use crate::{
    RecordedRequest,
    html::{escape, shortened},
    shared::Shared,
};

/// A whole page; `refreshes` makes the browser load it again every few seconds.
pub(super) fn page(shared: &Shared, title: &str, refreshes: bool, body: &str) -> String {
    let refresh = if refreshes { "<meta http-equiv=\"refresh\" content=\"5\">" } else { "" };
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">{refresh}\
         <title>{title} · HaloPSA sandbox</title><style>{SHEET}</style></head><body>\
         <header><div><h1><a href=\"/\">HaloPSA sandbox</a></h1>\
         <p>Not the real HaloPSA: everything here is invented and gone when it stops. \
         Resource server <code>{url}/api</code></p></div></header>\
         <main>{body}</main>\
         <footer>JSON: <a href=\"/sandbox/tickets\">tickets</a>, <a href=\"/sandbox/requests\">requests</a>, \
         <a href=\"/sandbox/faults\">faults</a>.</footer></body></html>",
        title = escape(title),
        url = escape(&shared.url),
    )
}

/// A status as a coloured pill.
pub(super) fn status_pill(status: &str, closed: bool, deleted: bool) -> String {
    let (class, text) = match status {
        _ if deleted => ("bad", "Deleted"),
        other if closed => ("gone", other),
        "Resolved" => ("good", "Resolved"),
        "With User" | "With Supplier" | "On Hold" => ("warn", status),
        other => ("calm", other),
    };
    format!("<span class=\"pill {class}\">{}</span>", escape(text))
}

/// A priority in the colour of its urgency.
pub(super) fn priority(name: &str) -> String {
    let class = match name {
        "Critical" => "bad",
        "High" => "warn",
        _ => "",
    };
    format!("<span class=\"{class}\">{}</span>", escape(name))
}

/// A time without the date's year and the milliseconds.
pub(super) fn time(at: &str) -> String {
    let short = at.get(5..19).map_or_else(|| at.to_owned(), |short| short.replace('T', " "));
    format!(
        "<time datetime=\"{full}Z\" title=\"{full} UTC\">{short}</time>",
        full = escape(at),
        short = escape(&short)
    )
}

/// Rows of a table of requests.
pub(super) fn request_rows<'r>(
    requests: impl Iterator<Item = &'r RecordedRequest>,
    with_body: bool,
) -> String {
    requests.map(|request| request_row(request, with_body)).collect()
}

fn request_row(request: &RecordedRequest, with_body: bool) -> String {
    let (class, answer) = match request.status {
        Some(status @ 200..=299) => ("good", status.to_string()),
        Some(status @ 400..=499) => ("warn", status.to_string()),
        Some(status) => ("bad", status.to_string()),
        None => ("bad", "no answer".to_owned()),
    };
    let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
    let faults: Vec<String> = request
        .faults
        .iter()
        .map(|name| format!(" <span class=\"pill bad\">{}</span>", escape(name)))
        .collect();
    let tickets: Vec<String> =
        request.tickets.iter().take(5).map(|id| format!("<a href=\"/tickets/{id}\">{id}</a>")).collect();
    let body = if !with_body || request.body.is_empty() {
        String::new()
    } else {
        let pretty = request.json().and_then(|body| serde_json::to_string_pretty(&body).ok());
        let shown = pretty.unwrap_or_else(|| request.body.clone());
        format!("<details><summary>body</summary><pre>{}</pre></details>", escape(&shown))
    };
    format!(
        "<tr><td>{at}</td><td class=\"short\"><span class=\"pill {class}\">{answer}</span></td>\
         <td class=\"wide\"><code>{method} {path}{query}</code>{faults}{body}</td>\
         <td class=\"wide\" data-name=\"Ticket\">{tickets}</td></tr>",
        at = time(&request.at),
        faults = faults.concat(),
        method = escape(&request.method),
        path = escape(&request.path),
        query = escape(&shortened(&query, 160)),
        tickets = if tickets.is_empty() { "–".to_owned() } else { tickets.join(" ") },
    )
}

/// A table of requests.
pub(super) fn request_table(rows: &str) -> String {
    if rows.is_empty() {
        return "<p class=\"empty\">No request yet.</p>".to_owned();
    }
    format!(
        "<table><thead><tr><th>Time, UTC</th><th>Answer</th><th>Request</th><th>Ticket</th></tr></thead>\
         <tbody>{rows}</tbody></table>"
    )
}
