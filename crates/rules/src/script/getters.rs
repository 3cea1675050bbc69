//! Getters for the fields that a script reads. Rhai looks for a getter of a property's name before it asks the indexer,
//! and writes out an error about the one that is not there: several times what reading the field costs. So each script
//! brings getters for the names that stand in it.

use std::collections::BTreeSet;

use rhai::{AST, ASTNode, Expr, Module};

use super::View;

/// The script with getters for the names of properties that stand in it.
pub(super) fn with_getters(ast: &AST) -> AST {
    let mut names = BTreeSet::new();
    ast.walk(&mut |nodes: &[ASTNode<'_>]| {
        if let Some(ASTNode::Expr(Expr::Property(property, _))) = nodes.last() {
            names.insert(property.2.clone());
        }
        true
    });
    let mut functions = Module::clone(ast.shared_lib());
    for name in names {
        let key = name.clone();
        functions.set_getter_fn(&name, move |view: &mut View| Ok(view.field(&key)));
        // What a field is looked for in may be missing itself.
        functions.set_getter_fn(&name, |(): &mut ()| Ok(()));
    }
    AST::new(ast.statements().to_vec(), functions)
}
