//! Which operation of a batch may take the short way to HaloPSA.

use haloward_rules::EffectKind;

use crate::store::{DecisionBatch, Operation, OperationKind, Reader, StoreError};

/// The one operation of a batch for HaloPSA, if it opens a ticket that waits for nothing: no other ticket, and nothing of
/// its case that is still to be done. Nothing could be folded into it either.
pub(super) fn alone(reader: &Reader<'_>, changes: &DecisionBatch) -> Result<Option<Operation>, StoreError> {
    let mut to_halopsa = changes
        .operations
        .iter()
        .filter(|operation| OperationKind::of(&operation.effect.kind) != OperationKind::Notify);
    let (Some(one), None) = (to_halopsa.next(), to_halopsa.next()) else { return Ok(None) };
    let waits_for_nothing =
        matches!(&one.effect.kind, EffectKind::OpenTicket { draft, .. } if draft.parent.is_none());
    if waits_for_nothing && reader.is_first(&one.effect.key, &one.cause)? {
        return Ok(Some(one.waiting()));
    }
    Ok(None)
}
