//! What is billed: invoices, recurring invoices and their lines, licences, contracts.

use super::{CustomField, record};
use crate::date::DateTime;
use crate::id::{
    AssetId, ClientId, ContractId, InvoiceId, InvoiceLineId, LicenceId, RecurringInvoiceId, SiteId, SlaId,
    TicketId,
};

record! {
    /// An invoice.
    Invoice is "InvoiceHeader" {
        /// Its id.
        id: InvoiceId,
        /// The client.
        client_id: ClientId,
        /// The client's name.
        client_name: String,
        /// Its number.
        invoicenumber: String,
        /// Its date.
        invoice_date: DateTime,
        /// When it is due.
        duedate: DateTime,
        /// When it was paid.
        datepaid: DateTime,
        /// The total, taxes included, in its currency.
        total: f64,
        /// The taxes, in its currency.
        tax_total: f64,
        /// What is still to be paid, in its currency.
        amountdue: f64,
        /// Its currency.
        currency_code_name: String,
        /// True once it is in the accounts.
        posted: bool,
        /// The contract it is for.
        contract_id: ContractId,
        /// A reference.
        reference: String,
        /// Its lines; lists carry them only on request.
        lines: Vec<InvoiceLine>,
    }
}

record! {
    /// A recurring invoice: the model for one invoice per period.
    RecurringInvoice is "InvoiceHeader" {
        /// Its id.
        id: RecurringInvoiceId,
        /// The client.
        client_id: ClientId,
        /// The client's name.
        client_name: String,
        /// The name people gave it.
        name: String,
        /// True if it makes no more invoices.
        disabled: bool,
        /// When it made its last invoice.
        lastcreated: DateTime,
        /// When it makes its next invoice.
        nextcreationdate: DateTime,
        /// From when on it applies.
        startdate: DateTime,
        /// Until when it applies.
        enddate: DateTime,
        /// The contract it is for.
        contract_id: ContractId,
        /// The total per period, taxes included, in its currency.
        total: f64,
        /// A reference.
        reference: String,
        /// Its lines; lists carry them only on request.
        lines: Vec<InvoiceLine>,
        /// The custom fields.
        customfields: Vec<CustomField>,
    }
}

record! {
    /// A line of an invoice or recurring invoice.
    InvoiceLine is "InvoiceDetail" {
        /// Its id.
        id: InvoiceLineId,
        /// The invoice it is on.
        ihid: i64,
        /// The item's code.
        item_code: String,
        /// What it says.
        item_shortdescription: String,
        /// What it says in full.
        item_longdescription: String,
        /// How many.
        qty_order: f64,
        /// The price of one, in the invoice's currency.
        unit_price: f64,
        /// What one costs, in the invoice's currency.
        unit_cost: f64,
        /// The price of all, without taxes, in the invoice's currency.
        net_amount: f64,
        /// The tax rate, in percent.
        tax_rate: f64,
        /// The account it is booked on.
        nominal_code: String,
        /// The asset it is for.
        asset_id: AssetId,
        /// The contract it is for.
        contract_id: ContractId,
        /// The ticket it is for.
        ticket_id: TicketId,
        /// The recurring invoice it comes from.
        recurring_invoice_id: RecurringInvoiceId,
        /// From when on it applies.
        startdate: DateTime,
        /// Until when it applies.
        enddate: DateTime,
        /// True if it is left out.
        isinactive: bool,
        /// The custom fields.
        customfields: Vec<CustomField>,
    }
}

record! {
    /// A software licence or subscription of a client.
    SoftwareLicence is "Licence_List" {
        /// Its id.
        id: LicenceId,
        /// Its name.
        name: String,
        /// What kind of licence it is.
        kind = "type": i64,
        /// How many were bought.
        count: i64,
        /// How many are in use.
        licences_in_use: i64,
        /// The client.
        client_id: ClientId,
        /// The client's name.
        client_name: String,
        /// The client's site.
        site_id: SiteId,
        /// Who made the software.
        manufacturer: String,
        /// Who sold the licence.
        vendor: String,
        /// What one costs, in the install's currency.
        purchase_price: f64,
        /// What one is sold for, in the install's currency.
        price: f64,
        /// From when on it is valid.
        start_date: DateTime,
        /// Until when it is valid.
        end_date: DateTime,
        /// How often it is billed.
        billing_cycle: String,
        /// How long it is committed for.
        term_duration: String,
        /// Whether it renews itself.
        autorenew: bool,
        /// Its state at the vendor's.
        status: String,
        /// True if it is in use.
        is_active: bool,
        /// The Azure tenant it belongs to.
        tenant_id: String,
        /// The vendor's code for it.
        product_sku: String,
        /// Notes.
        notes: String,
    }
}

record! {
    /// A client's contract.
    Contract is "ContractHeader" {
        /// Its id.
        id: ContractId,
        /// Its reference: what people call it.
        reference = "ref": String,
        /// The client.
        client_id: ClientId,
        /// The client's name.
        client_name: String,
        /// The client's site.
        site_id: SiteId,
        /// From when on it applies.
        start_date: DateTime,
        /// Until when it applies.
        end_date: DateTime,
        /// True if it is over.
        expired: bool,
        /// True if it applies now.
        active: bool,
        /// The SLA it brings.
        sla_id: SlaId,
        /// What is charged per period, in the install's currency.
        periodchargeamount: f64,
        /// When the next invoice is due.
        next_invoice_date: DateTime,
        /// Notes.
        note: String,
        /// The custom fields.
        customfields: Vec<CustomField>,
    }
}
