//! What people do at HaloPSA's own screens, for the library and the control API alike.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    api::{self, Kind},
    sandbox::NotThere,
    schema,
    shared::Shared,
};

/// Changes that do not come through HaloPSA's API.
pub(crate) struct Outside<'s>(&'s Arc<Shared>);

impl Shared {
    pub(crate) fn outside(self: &Arc<Self>) -> Outside<'_> {
        Outside(self)
    }
}

impl Outside<'_> {
    pub(crate) fn set_status(&self, id: i64, status: &str) -> Result<(), NotThere> {
        let found = self
            .0
            .look(|state| state.table(Kind::Status).named("name", status).and_then(|row| row.int("id")));
        let found = found.ok_or_else(|| NotThere(format!("status `{status}` does not exist")))?;
        self.set(id, "status_id", found.into())
    }

    pub(crate) fn assign(&self, id: i64, agent: &str) -> Result<(), NotThere> {
        let found = self.0.look(|state| api::technician(state, Some(agent))).map_err(NotThere)?;
        self.set(id, "agent_id", found.into())
    }

    pub(crate) fn set_field(&self, id: i64, field: &str, value: Value) -> Result<(), NotThere> {
        let (field, _) = schema::TICKET
            .field(field)
            .ok_or_else(|| NotThere(format!("tickets have no field `{field}`")))?;
        self.set(id, field, value)
    }

    pub(crate) fn delete(&self, id: i64) -> Result<(), NotThere> {
        self.set(id, "deleted", true.into())
    }

    pub(crate) fn merge(&self, id: i64, into: i64) -> Result<(), NotThere> {
        if self.0.look(|state| state.tickets.get(into).is_none()) {
            return Err(NotThere(format!("ticket {into} does not exist")));
        }
        self.set(id, "merged_into_id", into.into())?;
        self.set_status(id, "Closed")
    }

    fn set(&self, id: i64, field: &str, value: Value) -> Result<(), NotThere> {
        api::change_from_outside(self.0, id, |ticket| ticket.set(field, value))
            .ok_or_else(|| NotThere(format!("ticket {id} does not exist")))
    }
}
