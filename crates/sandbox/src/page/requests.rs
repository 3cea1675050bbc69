//! Every request that is remembered, the latest first, with its body.

use super::frame::{self, Part};
use crate::{html::shown, server::Call, shared::Shared, store::RecordedRequest};

// LIMIT: a page a person can still scroll; bodies are folded away.
const ON_A_PAGE: usize = 100;

pub(super) fn render(shared: &Shared, call: &Call) -> String {
    let part = Part::asked(&call.query, ON_A_PAGE);
    let wanted = call.query.text("q").unwrap_or_default().trim();
    let failed = call.query.flag("failed");
    let fits = |request: &RecordedRequest| {
        let lower = wanted.to_lowercase();
        let line = format!("{} {}?{}", request.method, request.path, request.query).to_lowercase();
        (!failed || request.status.is_none_or(|status| status >= 400))
            && (line.contains(&lower) || request.body.to_lowercase().contains(&lower))
    };
    let (requests, total) = shared.look(|state| {
        let fitting: Vec<&RecordedRequest> =
            state.requests.all().rev().filter(|request| fits(request)).collect();
        let page = fitting.iter().skip(part.skipped()).take(part.size());
        (page.map(|request| (*request).clone()).collect::<Vec<_>>(), fitting.len())
    });
    let table = if requests.is_empty() && (failed || !wanted.is_empty()) {
        "<p class=\"empty\">No request fits. <a href=\"/requests\">All requests</a></p>".to_owned()
    } else {
        frame::request_table(&frame::request_rows(requests.iter(), true))
    };
    let query = frame::and(&[("q", wanted), ("failed", if failed { "true" } else { "" })]);
    let body = format!(
        "<section><div class=\"head\"><h2>Requests</h2><small>{range}</small></div>\
         <form action=\"/requests\"><input type=\"search\" name=\"q\" value=\"{wanted}\" placeholder=\"method, path or text of the body\" aria-label=\"Search requests\">\
         <label><input type=\"checkbox\" name=\"failed\" value=\"true\"{checked}> refused or unanswered</label><button>Show</button></form>\
         {table}{links}</section>",
        range = part.range(total),
        wanted = shown(wanted),
        checked = if failed { " checked" } else { "" },
        links = part.links("/requests", &query, total),
    );
    frame::page(shared, "Requests", false, &body)
}
