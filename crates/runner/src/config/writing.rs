//! How tickets are written: how many at once, and where their marker stands.

use haloward_rules::{Fields, Finding, Findings, NameKind, NameUse, Node, NodeKind, Reference, SourceFile};

use super::decode::scalar;
use crate::wire::MarkerPlace;

/// How many tickets one request may create.
pub(super) fn batch(file: &SourceFile, node: &Node, findings: &mut Findings) -> usize {
    let most = halopsa::api::LARGEST_BATCH;
    let wanted = match &node.kind {
        NodeKind::Number(number) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
        _ => None,
    };
    wanted.filter(|wanted| (1..=most).contains(wanted)).unwrap_or_else(|| {
        findings.push(
            Finding::error("HW231", format!("`batch` must be a number of tickets, from 1 to {most}"))
                .at(file.place(node.span))
                .help("1 creates each ticket by a request of its own"),
        );
        1
    })
}

/// Where tickets carry our marker. A custom field is a name to be checked like any other.
pub(super) fn marker(
    file: &SourceFile,
    node: &Node,
    names: &mut Vec<NameUse>,
    findings: &mut Findings,
) -> MarkerPlace {
    match scalar(node).as_deref() {
        Some("third_party_id") => return MarkerPlace::ThirdPartyId,
        Some("supplier_reference") => return MarkerPlace::SupplierReference,
        Some("details") => return MarkerPlace::Details,
        _ => {}
    }
    if matches!(node.kind, NodeKind::Map(_)) {
        let mut fields = Fields::of(file, node, "`marker`", findings);
        if let Some(fields) = fields.as_mut()
            && let Some(named) = fields.take("custom_field")
            && let Some(name) = scalar(named).filter(|name| !name.trim().is_empty())
        {
            names.push(NameUse::new(
                NameKind::CustomField,
                Reference::Name(name.clone()),
                file.place(named.span),
            ));
            return MarkerPlace::CustomField(name);
        }
    }
    findings.push(
        Finding::error("HW230", "`marker` does not name a place that tickets and their lists have")
            .at(file.place(node.span))
            .help("it is `third_party_id`, `supplier_reference`, `details` or `{ custom_field: NAME }`"),
    );
    MarkerPlace::default()
}
