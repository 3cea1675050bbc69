//! The lines of recurring invoices: added by one route, changed by another, kept within their invoice.

use serde_json::{Value, json};

use crate::{
    api::{Kind, Refusal, dressing, intake, returned},
    schema::INVOICE_LINE,
    server::{Call, Reply},
    shared::Shared,
    store::{Record, State},
};

/// Which of the two routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Lines that name their invoice: without an `id` they are new.
    New,
    /// Lines that are there and name themselves.
    Known,
}

pub(super) fn save(shared: &Shared, call: &Call, form: Form) -> Result<Reply, Refusal> {
    let elements = intake::elements(&call.body)?;
    let mut sent = Vec::new();
    for (place, element) in elements.iter().enumerate() {
        sent.push(intake::record(&INVOICE_LINE, &format!("[{place}]"), element)?);
    }
    shared.change(|state| {
        // Every line is looked for before one is written.
        let mut placed = Vec::new();
        for line in sent {
            placed.push((owner(shared, state, &line, form)?, line));
        }
        let saved = placed.into_iter().filter_map(|(owner, line)| put(state, owner, line));
        let saved = saved.map(|line| dressing::shown(&INVOICE_LINE, &line).value()).collect();
        Ok(returned::saved(call, saved, form == Form::New))
    })
}

/// The invoice of a line.
fn owner(shared: &Shared, state: &State, line: &Record, form: Form) -> Result<i64, Refusal> {
    let invoices = state.table(Kind::RecurringInvoice);
    let named = line.int("ihid").or_else(|| line.int("recurring_invoice_id"));
    let holding = || {
        let id = line.int("id")?;
        let holds = |invoice: &&Record| lines(invoice).iter().any(|other| other["id"].as_i64() == Some(id));
        invoices.rows().iter().find(holds)?.int("id")
    };
    let found = match form {
        Form::New => named,
        Form::Known => {
            Some(holding().ok_or_else(|| Refusal::Error("The invoice line does not exist".to_owned()))?)
        }
    };
    let invoice = found.and_then(|id| invoices.by_id(id));
    let visible = invoice.filter(|invoice| shared.config().agent.sees_client(invoice.int("client_id")));
    visible.and_then(|invoice| invoice.int("id")).ok_or_else(|| Refusal::foreign_key("IHid", "INVOICEDETAIL"))
}

fn lines(invoice: &Record) -> &[Value] {
    invoice.get("lines").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Writes a line into its invoice.
fn put(state: &mut State, owner: i64, mut line: Record) -> Option<Record> {
    let mut invoice = state.table(Kind::RecurringInvoice).by_id(owner)?.clone();
    let mut all = lines(&invoice).to_vec();
    let id = line.int("id").filter(|id| *id > 0);
    line.set("ihid", owner);
    let whole = if let Some(old) = all.iter_mut().find(|old| id.is_some() && old["id"].as_i64() == id) {
        let mut whole = Record::of(old.clone());
        whole.merge(line);
        *old = whole.value();
        whole
    } else {
        let last = all.iter().filter_map(|old| old["id"].as_i64()).max().unwrap_or(owner * 1000);
        line.set("id", last + 1);
        all.push(line.value());
        line
    };
    invoice.set("lines", json!(all));
    state.table_mut(Kind::RecurringInvoice).put(invoice);
    Some(whole)
}
