//! What every page has around its content, and the small pieces they share.

use url::form_urlencoded;

use super::style::SHEET;
use crate::{
    RecordedRequest,
    html::{shortened, shown},
    server::Query,
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
         <nav><a href=\"/\">Tickets</a> <a href=\"/requests\">Requests</a></nav>\
         <p>Not the real HaloPSA: everything here is invented and gone when it stops. \
         Resource server <code>{url}/api</code></p></div></header>\
         <main>{body}</main>\
         <footer>JSON: <a href=\"/sandbox/tickets\">tickets</a>, <a href=\"/sandbox/requests\">requests</a>, \
         <a href=\"/sandbox/faults\">faults</a>, <a href=\"/sandbox/settings\">settings</a>.</footer></body></html>",
        title = shown(title),
        url = shown(&shared.url),
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
    format!("<span class=\"pill {class}\">{}</span>", shown(text))
}

/// A priority in the colour of its urgency.
pub(super) fn priority(name: &str) -> String {
    let class = match name {
        "Critical" => "bad",
        "High" => "warn",
        _ => "",
    };
    format!("<span class=\"{class}\">{}</span>", shown(name))
}

/// A time without the date's year and the milliseconds.
pub(super) fn time(at: &str) -> String {
    let short = at.get(5..19).map_or_else(|| at.to_owned(), |short| short.replace('T', " "));
    format!(
        "<time datetime=\"{full}Z\" title=\"{full} UTC\">{short}</time>",
        full = shown(at),
        short = shown(&short)
    )
}

/// One page of many: which one is asked for, and what leads to the others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    /// From 1.
    number: usize,
    size: usize,
}

impl Part {
    /// The one a query asks for with `page`.
    pub(super) fn asked(query: &Query, size: usize) -> Self {
        let number = query.int("page").and_then(|page| usize::try_from(page).ok()).unwrap_or(1).max(1);
        Self { number, size }
    }

    /// How many come before it.
    pub(super) fn skipped(self) -> usize {
        self.size.saturating_mul(self.number - 1)
    }

    pub(super) fn size(self) -> usize {
        self.size
    }

    /// Which of so many these are.
    pub(super) fn range(self, total: usize) -> String {
        let (first, last) = (self.skipped() + 1, self.skipped().saturating_add(self.size).min(total));
        match total {
            0 => "none".to_owned(),
            _ if last < first => format!("{total} in all"),
            _ if total <= self.size => format!("all {total}, newest first"),
            _ => format!("{first} to {last} of {total}, newest first"),
        }
    }

    /// Links to the pages beside it; nothing where all fit on one. `query` is what else stands in the address.
    pub(super) fn links(self, path: &str, query: &str, total: usize) -> String {
        let last = total.div_ceil(self.size).max(1);
        let link = |page: usize, text: &str| format!("<a href=\"{path}?page={page}{query}\">{text}</a>");
        let newer = if self.number > 1 {
            link((self.number - 1).min(last), "← newer")
        } else {
            "<span></span>".to_owned()
        };
        let older =
            if self.number < last { link(self.number + 1, "older →") } else { "<span></span>".to_owned() };
        if last == 1 && self.number == 1 {
            return String::new();
        }
        format!("<nav class=\"pages\">{newer}<small>page {} of {last}</small>{older}</nav>", self.number)
    }
}

/// The rest of an address after its first parameter: those that are not empty, ready for an attribute.
pub(super) fn and(parameters: &[(&str, &str)]) -> String {
    let filled = parameters.iter().filter(|(_, value)| !value.is_empty());
    let written = form_urlencoded::Serializer::new(String::new()).extend_pairs(filled).finish();
    if written.is_empty() { written } else { shown(&format!("&{written}")) }
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
        .map(|name| format!(" <span class=\"pill bad\">{}</span>", shown(name)))
        .collect();
    let tickets: Vec<String> =
        request.tickets.iter().take(5).map(|id| format!("<a href=\"/tickets/{id}\">{id}</a>")).collect();
    let body = if !with_body || request.body.is_empty() {
        String::new()
    } else {
        let pretty = request.json().and_then(|body| serde_json::to_string_pretty(&body).ok());
        let body = pretty.unwrap_or_else(|| request.body.clone());
        format!("<details><summary>body</summary><pre>{}</pre></details>", shown(&body))
    };
    format!(
        "<tr><td>{at}</td><td class=\"short\"><span class=\"pill {class}\">{answer}</span></td>\
         <td class=\"wide\"><code>{method} {path}{query}</code>{faults}{body}</td>\
         <td class=\"wide\" data-name=\"Ticket\">{tickets}</td></tr>",
        at = time(&request.at),
        faults = faults.concat(),
        method = shown(&request.method),
        path = shown(&request.path),
        query = if with_body { shown(&query) } else { shown(&shortened(&query, 160)) },
        tickets = if tickets.is_empty() { "–".to_owned() } else { tickets.join(" ") },
    )
}

/// A table of requests.
pub(super) fn request_table(rows: &str) -> String {
    if rows.is_empty() {
        return "<p class=\"empty\">No request yet.</p>".to_owned();
    }
    format!(
        "<table class=\"requests\"><thead><tr><th>Time, UTC</th><th>Answer</th><th>Request</th><th>Ticket</th></tr></thead>\
         <tbody>{rows}</tbody></table>"
    )
}
