//! `--jq`: an answer through a filter in the language of jq.

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use jaq_json::Val;
use serde_json::Value;

/// A filter that was found to be one.
#[derive(Debug, Clone)]
pub(super) struct Jq(String);

type Compiled = jaq_core::compile::Filter<jaq_core::Native<data::JustLut<Val>>>;

impl Jq {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        compile(text).map(|_| Self(text.to_owned()))
    }

    /// What comes out of it for an answer, in order; its first error ends it.
    pub(super) fn values(&self, answer: &Value) -> Result<Vec<Value>, String> {
        let filter = compile(&self.0)?;
        let input: Val = serde_json::from_value(answer.clone()).map_err(|error| error.to_string())?;
        let context = Ctx::<data::JustLut<Val>>::new(&filter.lut, Vars::new([]));
        let came = filter.id.run((context, input)).map(unwrap_valr);
        came.map(|value| {
            let value = value.map_err(|error| error.to_string())?;
            serde_json::from_str(&value.to_string()).map_err(|error| format!("{value} is no JSON: {error}"))
        })
        .collect()
    }
}

fn compile(text: &str) -> Result<Compiled, String> {
    let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let arena = Arena::default();
    let loaded = Loader::new(definitions).load(&arena, File { code: text, path: () });
    let modules = loaded.map_err(|_| format!("`{text}` is no filter that jq knows"))?;
    let compiled = Compiler::default().with_funs(functions).compile(modules);
    compiled.map_err(|errors| {
        let unknown =
            errors.iter().flat_map(|(_, errors)| errors.iter().map(|(name, _)| format!("`{name}`")));
        format!("`{text}` uses what jq does not have: {}", unknown.collect::<Vec<_>>().join(", "))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(filter: &str, expected: &Value) {
        let answer = json!({"record_count": 2, "tickets": [
            {"id": 7, "summary": "Disk \u{e9}", "client_id": 2, "price": 1.5},
            {"id": 8, "summary": "Backup", "client_id": 3, "price": 12_345_678_901_i64},
        ]});
        let values = Jq::parse(filter).unwrap().values(&answer).unwrap();
        assert_eq!(Value::from(values), *expected, "{filter}");
    }

    #[test]
    fn filters_select_and_shape_answers_as_jq_does() {
        check(".record_count", &json!([2]));
        check(".tickets[].id", &json!([7, 8]));
        check(
            ".tickets | map(select(.client_id == 2) | {id, s: .summary})",
            &json!([[{"id": 7, "s": "Disk \u{e9}"}]]),
        );
        check(".tickets | length, (map(.price) | max)", &json!([2, 12_345_678_901_i64]));
        check(".tickets[0].price", &json!([1.5]));
        check("[.tickets[] | .summary | ascii_downcase | test(\"^b\")]", &json!([[false, true]]));
        check(".nothing?, .nothing", &json!([null, null]));
        check("empty", &json!([]));
    }

    #[test]
    fn what_is_no_filter_or_fails_is_said_so() {
        let refused = |filter| Jq::parse(filter).unwrap_err();
        assert_eq!(refused(".tickets["), "`.tickets[` is no filter that jq knows");
        assert_eq!(refused("frobnicate"), "`frobnicate` uses what jq does not have: `frobnicate`");
        let failed = Jq::parse(".record_count.x").unwrap().values(&json!({"record_count": 2})).unwrap_err();
        assert!(failed.contains("cannot index 2"), "{failed}");
    }
}
