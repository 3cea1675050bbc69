//! What a script reads: the paths of variables it names, as far as they stand in it plainly.

use rhai::{AST, ASTNode, Expr, FnCallExpr, Stmt};

use super::pathexpr::PathExpr;
use super::{Code, Script};

impl Script {
    /// The paths it reads, such as `event.device.name`; of a longer chain, the part that is names alone.
    pub(crate) fn reads(&self) -> Vec<String> {
        match &self.code {
            Code::Path(path) => path.paths(),
            Code::Rhai(compiled) => walk(&compiled.ast),
        }
    }

    /// The paths it reads where it is nothing but a path with fall-backs, so that its value is theirs.
    pub(crate) fn plain_paths(&self) -> Vec<String> {
        match &self.code {
            Code::Path(path) => path.paths(),
            Code::Rhai(_) => Vec::new(),
        }
    }

    /// The paths it reads that have something to fall back on where they are missing.
    pub(crate) fn optional_paths(&self) -> Vec<String> {
        match &self.code {
            Code::Path(path) => path.optional_paths(),
            Code::Rhai(compiled) => {
                let mut found = Vec::new();
                compiled.ast.walk(&mut |nodes: &[ASTNode<'_>]| {
                    if let Some(ASTNode::Expr(Expr::Coalesce(alternatives, _))) = nodes.last()
                        && let Some((_, first)) = alternatives.split_last()
                    {
                        found.extend(first.iter().filter_map(chain));
                    }
                    true
                });
                found
            }
        }
    }

    /// Whether it opens a ticket from a map that stands in it and names no type.
    pub(crate) fn opens_untyped(&self) -> bool {
        self.any_call("open_ticket", &|call| match call.args.first() {
            None => true,
            Some(Expr::Map(map, _)) => !map.0.iter().any(|(name, _)| name.name == "type"),
            Some(Expr::DynamicConstant(value, _)) => {
                value.read_lock::<rhai::Map>().is_some_and(|map| !map.contains_key("type"))
            }
            Some(_) => false,
        })
    }

    /// Whether it calls the function of that name.
    pub(crate) fn calls(&self, function: &str) -> bool {
        self.any_call(function, &|_| true)
    }

    fn any_call(&self, function: &str, test: &dyn Fn(&FnCallExpr) -> bool) -> bool {
        let Code::Rhai(compiled) = &self.code else { return false };
        let mut found = false;
        compiled.ast.walk(&mut |nodes: &[ASTNode<'_>]| {
            let call = match nodes.last() {
                Some(
                    ASTNode::Expr(Expr::FnCall(call, _) | Expr::MethodCall(call, _))
                    | ASTNode::Stmt(Stmt::FnCall(call, _)),
                ) => Some(call),
                _ => None,
            };
            found |= call.is_some_and(|call| call.name == function && test(call));
            true
        });
        found
    }
}

/// The paths that stand in the script.
fn walk(ast: &AST) -> Vec<String> {
    let mut found = Vec::new();
    ast.walk(&mut |nodes: &[ASTNode<'_>]| {
        if let Some(ASTNode::Expr(expr)) = nodes.last() {
            found.extend(chain(expr));
        }
        true
    });
    found
}

/// `event.device.name` of `event.device.name.starts_with("x")`.
fn chain(expr: &Expr) -> Option<String> {
    let (Expr::Dot(pair, ..) | Expr::Index(pair, ..)) = expr else { return None };
    let Expr::Variable(variable, ..) = &pair.lhs else { return None };
    let mut path = variable.1.to_string();
    let mut rest = (matches!(expr, Expr::Index(..)), &pair.rhs);
    loop {
        let (indexed, expr) = rest;
        match expr {
            Expr::Property(property, _) if !indexed => {
                path.push('.');
                path.push_str(&property.2);
                return Some(path);
            }
            Expr::Dot(next, ..) | Expr::Index(next, ..) => {
                let Expr::Property(property, _) = &next.lhs else { return Some(path) };
                if indexed {
                    return Some(path);
                }
                path.push('.');
                path.push_str(&property.2);
                rest = (matches!(expr, Expr::Index(..)), &next.rhs);
            }
            _ => return Some(path),
        }
    }
}

impl PathExpr {
    /// The paths that another alternative follows.
    fn optional_paths(&self) -> Vec<String> {
        let mut paths = self.paths();
        if self.ends_with_path() {
            paths.pop();
        }
        paths
    }

    fn paths(&self) -> Vec<String> {
        self.paths_of().map(|(root, steps)| [&[root.to_owned()][..], steps].concat().join(".")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::Known;
    use crate::rule::RULE_VARS;

    fn reads(source: &str) -> Vec<String> {
        let mut reads = Script::compile(source, &Known::vars(&RULE_VARS)).expect("compiles").reads();
        reads.sort_unstable();
        reads.dedup();
        reads
    }

    #[test]
    fn paths_are_found_wherever_they_stand() {
        assert_eq!(reads("event.device.name ?? vars.x"), ["event.device.name", "vars.x"]);
        assert_eq!(
            reads("event.device.name.starts_with(\"LAB-\") && case.count > 3"),
            ["case.count", "event.device.name"]
        );
        assert_eq!(
            reads("`on ${event.site.name}: ${upper(event.title)}`"),
            ["event.site.name", "event.title"]
        );
        assert_eq!(
            reads("event.payload[\"a b\"].c + event.payload.tags[0].name"),
            ["event.payload", "event.payload.tags"]
        );
        assert_eq!(
            reads("let x = event.labels.a; if x == 1 { event.labels.b } else { now }"),
            ["event.labels.a", "event.labels.b"]
        );
        assert_eq!(
            reads("event.payload.list.filter(|x| x.a == event.check)"),
            ["event.check", "event.payload.list", "x.a"]
        );
    }

    #[test]
    fn what_has_a_fall_back_is_told_from_what_has_none() {
        let optional = |source: &str| {
            Script::compile(source, &Known::vars(&RULE_VARS)).expect("compiles").optional_paths()
        };
        assert_eq!(optional("event.site.name ?? \"nowhere\""), ["event.site.name"]);
        assert_eq!(optional("event.site.name ?? event.device.name"), ["event.site.name"]);
        assert_eq!(optional("upper(event.site.name ?? \"nowhere\") + event.title"), ["event.site.name"]);
        assert_eq!(optional("event.site.name"), [""; 0]);
    }

    #[test]
    fn a_ticket_without_a_type_is_seen_where_its_map_stands() {
        let untyped = |source: &str| {
            Script::compile(source, &Known::vars(&RULE_VARS)).expect("compiles").opens_untyped()
        };
        assert!(untyped("open_ticket()"));
        assert!(untyped("if event.check == \"x\" { open_ticket(#{ summary: event.title }) }"));
        assert!(untyped("open_ticket(#{ summary: \"x\" });"));
        assert!(!untyped("open_ticket(#{ type: \"Alert\" });"));
        assert!(!untyped("open_ticket(#{ type: event.labels.kind });"));
        assert!(!untyped("let t = #{}; t.type = \"Alert\"; open_ticket(t);"));
        assert!(!untyped("drop(\"x\")"));
    }
}
