//! Items, contracts, recurring invoices with their lines, invoices, and software licences.

use serde_json::{Value, json};

use super::{Rng, put};
use crate::{
    api::Kind,
    store::{Record, State},
};

const ITEMS: &[(i64, &str, f64, f64)] = &[
    (1, "Managed Server", 85.0, 20.0),
    (2, "Managed Workstation", 28.0, 6.0),
    (3, "Microsoft 365 Business Premium", 18.1, 14.5),
    (4, "Endpoint Backup", 9.5, 3.2),
    (5, "Endpoint Detection and Response", 6.0, 2.4),
    (6, "Managed Firewall", 60.0, 25.0),
    (7, "E-mail Security", 3.5, 1.1),
];

pub(super) fn fill(state: &mut State, rng: &mut Rng) {
    for (id, name, price, cost) in ITEMS {
        put(
            state,
            Kind::Item,
            json!({
                "id": id, "name": name, "baseprice": price, "recurringprice": price, "costprice": cost,
                "recurringcost": cost, "isrecurringitem": true, "type": 0, "status": 0, "supplier_id": 0,
                "externalreference": format!("SKU-{id:03}"), "description": name, "taxable": true,
            }),
        );
    }
    let clients: Vec<Record> = state.table(Kind::Client).rows().iter().skip(1).cloned().collect();
    for client in clients.iter().filter(|client| !client.flag("inactive")) {
        let (id, site) = (client.int("id").unwrap_or_default(), client.int("main_site_id"));
        put(
            state,
            Kind::Contract,
            json!({
                "id": id, "client_id": id, "site_id": site, "ref": format!("MSA-{id:03}"), "sla_id": 1, "active": true,
                "started": true, "expired": false, "contracttype_name": "Managed service", "contracttype": 1,
                "start_date": "2024-04-01T00:00:00.000", "end_date": "2027-03-31T00:00:00.000", "periodchargeamount": 0,
            }),
        );
        let lines: Vec<Value> = (1_i64..).zip(&ITEMS[..2 + rng.below(5) as usize]).map(|(number, item)| {
            let quantity = 1 + rng.below(40);
            json!({
                "id": id * 1000 + number, "ihid": id, "_itemid": item.0, "item_shortdescription": item.1,
                "item_code": format!("SKU-{:03}", item.0), "qty_order": quantity as f64, "unit_price": item.2,
                "unit_cost": item.3, "net_amount": quantity as f64 * item.2, "isinactive": false,
            })
        }).collect();
        let total: f64 = lines.iter().filter_map(|line| line["net_amount"].as_f64()).sum();
        let mut invoice = json!({
            "id": id, "client_id": id, "sitenumber": site, "name": "Monthly services", "is_recurring_invoice": true,
            "contract_id": id, "lines": lines, "total": total, "revenue": total, "disabled": false, "period": 1,
            "nextcreationdate": "2026-12-01T00:00:00.000", "lastcreated": "2026-11-01T00:00:00.000",
        });
        put(state, Kind::RecurringInvoice, invoice.clone());
        invoice["is_recurring_invoice"] = false.into();
        invoice["recurring_invoice_id"] = id.into();
        invoice["invoicenumber"] = format!("INV-{:05}", 4000 + id).into();
        invoice["invoice_date"] = "2026-11-01T00:00:00.000".into();
        invoice["posted"] = rng.chance(70).into();
        put(state, Kind::Invoice, invoice);
        if rng.chance(60) || id <= 6 {
            let seats = 5 + rng.below(60);
            put(
                state,
                Kind::Licence,
                json!({
                    "id": id, "type": 2, "name": "Microsoft 365 Business Premium", "client_id": id, "site_id": site,
                    "count": seats, "licences_in_use": seats - rng.below(4), "vendor": "Microsoft", "status": "Active",
                    "billing_cycle": "Monthly", "term_duration": "P1Y", "autorenew": true, "is_active": true,
                    "product_sku": "M365-BP", "price": 18.1, "purchase_price": 14.5,
                    "start_date": "2026-01-01T00:00:00.000", "end_date": "2026-12-31T00:00:00.000",
                }),
            );
        }
    }
}
