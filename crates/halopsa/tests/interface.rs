//! What others may build on: types cross threads, and nothing secret can be printed.

use halopsa::api::{Batch, Page, Resource};
use halopsa::{
    Budget, BudgetReport, Client, ClientBuilder, Credentials, DateTime, Discovery, Error, Outcome, Priority,
    Query, Reply, Site, SiteError, TicketId, TokenInfo, UnknownWrite, models,
};

fn crosses_threads<T: Send + Sync + 'static>() {}
fn can_wait_anywhere<T: Send>(_: &T) {}

#[test]
fn everything_is_send_and_sync() {
    crosses_threads::<Client>();
    crosses_threads::<ClientBuilder>();
    crosses_threads::<Credentials>();
    crosses_threads::<Site>();
    crosses_threads::<SiteError>();
    crosses_threads::<Error>();
    crosses_threads::<Reply>();
    crosses_threads::<Outcome<models::Ticket>>();
    crosses_threads::<UnknownWrite>();
    crosses_threads::<Batch<models::Ticket>>();
    crosses_threads::<Page<models::Asset>>();
    crosses_threads::<Resource<models::Ticket>>();
    crosses_threads::<Query>();
    crosses_threads::<DateTime>();
    crosses_threads::<Discovery>();
    crosses_threads::<TokenInfo>();
    crosses_threads::<(Budget, BudgetReport, Priority, TicketId)>();
}

#[test]
fn every_request_can_be_spawned() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::builder(Site::parse("acme.halopsa.com")?, Credentials::new("a", "b")).build()?;
    let tickets = client.tickets();
    can_wait_anywhere(&tickets.get(TicketId(1)));
    can_wait_anywhere(&tickets.create_one(&models::TicketDraft::new()));
    can_wait_anywhere(&tickets.create(&[], halopsa::api::IfRefused::default()));
    can_wait_anywhere(&tickets.stream(halopsa::filters::TicketFilter::new()));
    can_wait_anywhere(&client.authenticate());
    Ok(())
}
