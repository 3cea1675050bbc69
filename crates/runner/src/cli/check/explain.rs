//! `haloward check --explain`: the page about a code, or the list of all codes.

use haloward_rules::{Page, suggestion};
use serde_json::{Value, json};

use crate::cli::output::Out;
use crate::cli::{End, Ended, Failure};

pub(super) fn run(code: &str, out: &mut Out) -> Ended {
    if code.is_empty() {
        return list(out);
    }
    let Some(page) = Page::of(code) else {
        let near = suggestion(code, Page::all().map(|page| page.code));
        let help = near.map_or_else(
            || "`haloward check --explain` lists the codes".to_owned(),
            |near| format!("did you mean `{near}`? `haloward check --explain` lists the codes"),
        );
        return Err(Failure::help(format!("there is no code `{code}`"), help));
    };
    if out.is_json() {
        out.json(&full(page))?;
    } else {
        out.line(page.render().trim_end())?;
    }
    Ok(End::Done)
}

fn list(out: &mut Out) -> Ended {
    if out.is_json() {
        let all: Vec<Value> = Page::all().map(|p| json!({ "code": p.code, "title": p.title })).collect();
        out.json(&json!({ "codes": all }))?;
    } else {
        for page in Page::all() {
            out.line(&format!("{}  {}", page.code, page.title))?;
        }
    }
    Ok(End::Done)
}

fn full(page: &Page) -> Value {
    let files = |examples: &[haloward_rules::Example]| -> Vec<Value> {
        examples.iter().map(|e| json!({ "path": e.path, "text": e.text })).collect()
    };
    json!({
        "code": page.code,
        "title": page.title,
        "text": page.text,
        "wrong": files(&page.wrong),
        "right": files(&page.right),
    })
}
