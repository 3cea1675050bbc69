//! Many problems of one thing: `group`, and tickets that are children of their own case's first.

use super::*;
use crate::ticket::Parent;

const OWN: &str = "
  - id: site
    group: { by: '${event.device.name}', within: 5m, at_least: 3, ticket: { summary: 'Many on ${event.device.name}' } }
    then: { open_ticket: { team: Network } }";
const FIRST: &str =
    "  - { id: dev, group: { by: '${event.device.name}', within: 5m }, then: { open_ticket: {} } }";
const NOTES: &str =
    "  - { id: mem, group: { by: x, within: 5m, members: notes }, then: { open_ticket: {} } }";

impl World {
    fn on_srv(&mut self, name: &str, state: &str) -> Step {
        self.event(json!({
            "fingerprint": name, "title": name, "state": state, "device": {"name": "srv"}, "client": {"name": "Acme"}
        }))
    }

    fn together(&mut self, names: &[&str]) -> Vec<Step> {
        names.iter().map(|name| self.on_srv(name, "firing")).collect()
    }
}

/// What a step does to which case's ticket, and under which parent it puts it.
fn done(step: &Step) -> Vec<String> {
    let parent = |parent: &Option<Parent>| match parent {
        Some(Parent::Ticket { case, number }) => format!(" under {case} {number}"),
        Some(other) => format!(" under {other:?}"),
        None => String::new(),
    };
    let line = |effect: &Effect| match &effect.kind {
        EffectKind::OpenTicket { draft, .. } | EffectKind::UpdateTicket { draft, .. } => {
            format!("{} {}{}", effect.kind.outcome(), effect.key, parent(&draft.parent))
        }
        kind => format!("{} {}", kind.outcome(), effect.key),
    };
    step.effects.iter().map(line).collect()
}

fn opens(step: &Step) -> &TicketDraft {
    let EffectKind::OpenTicket { draft, .. } = &step.effects[0].kind else { panic!("a ticket") };
    draft
}

#[test]
fn when_there_are_enough_a_ticket_of_the_groups_own_takes_them() {
    let mut world = World::new(OWN);
    let steps = world.together(&["1", "2", "3", "4"]);
    assert_eq!(done(&steps[1]), ["open_ticket s/2"]);
    assert_eq!(
        done(&steps[2]),
        [
            "open_ticket group/site/srv",
            "update_ticket s/1 under group/site/srv 1",
            "update_ticket s/2 under group/site/srv 1",
            "open_ticket s/3 under group/site/srv 1"
        ]
    );
    let parent = opens(&steps[2]);
    assert_eq!(parent.summary.as_deref(), Some("Many on srv"));
    assert_eq!(parent.team, Some(crate::ticket::Reference::Name("Network".into())), "as its members'");
    let html = &parent.details.as_ref().expect("details").html;
    assert!(html.contains("3 of them within 5m") && html.contains("s/1") && html.contains("s/3"), "{html}");
    assert_eq!(done(&steps[3]), ["open_ticket s/4 under group/site/srv 1"], "a late one belongs to it too");
    let steps = world.event(json!({"fingerprint": "other", "device": {"name": "two"}}));
    assert_eq!(done(&steps), ["open_ticket s/other"], "another device is another group");
}

#[test]
fn the_parent_is_resolved_when_all_of_them_are() {
    let mut world = World::new(OWN);
    world.together(&["1", "2", "3"]);
    assert_eq!(done(&world.on_srv("1", "resolved")), ["resolve_ticket s/1"]);
    assert_eq!(done(&world.on_srv("2", "resolved")), ["resolve_ticket s/2"]);
    assert_eq!(done(&world.on_srv("3", "resolved")), ["resolve_ticket s/3", "resolve_ticket group/site/srv"]);
    assert!(world.timers.is_empty(), "{:?}", world.timers);
    assert_eq!(done(&world.on_srv("1", "firing")), ["open_ticket s/1"], "they are counted anew");
}

#[test]
fn too_few_within_the_window_and_what_is_over_make_no_group() {
    let mut world = World::new(OWN);
    world.together(&["1", "2"]);
    world.after("5m");
    assert_eq!(done(&world.on_srv("3", "firing")), ["open_ticket s/3"]);
    world.on_srv("4", "firing");
    world.on_srv("4", "resolved");
    assert_eq!(done(&world.on_srv("5", "firing")), ["open_ticket s/5"], "two are open of this window");
    assert_eq!(world.on_srv("3", "firing").outcome, Outcome::AddNote, "a repeat is no other problem");
}

#[test]
fn without_a_ticket_of_its_own_the_first_takes_the_others() {
    let mut world = World::new(FIRST);
    let steps = world.together(&["1", "2", "3"]);
    assert_eq!(done(&steps[1]), ["open_ticket s/2 under s/1 1"]);
    assert_eq!(done(&steps[2]), ["open_ticket s/3 under s/1 1"]);
    let step = world.on_srv("1", "resolved");
    assert_eq!(
        (step.outcome, reason(&step)),
        (Outcome::Nothing, "2 others belong to its ticket and are not over")
    );
    assert_eq!(done(&world.on_srv("2", "resolved")), ["resolve_ticket s/2"]);
    assert_eq!(done(&world.on_srv("3", "resolved")), ["resolve_ticket s/3", "resolve_ticket s/1"]);
    assert_eq!(world.case("s/1").state, CaseState::Resolved);
}

#[test]
fn a_first_that_fires_on_keeps_its_ticket() {
    let mut world = World::new(FIRST);
    world.together(&["1", "2"]);
    assert_eq!(done(&world.on_srv("2", "resolved")), ["resolve_ticket s/2"]);
    assert_eq!(
        done(&world.on_srv("3", "firing")),
        ["open_ticket s/3 under s/1 1"],
        "the first is still open"
    );
    world.on_srv("3", "resolved");
    assert_eq!(done(&world.on_srv("1", "resolved")), ["resolve_ticket s/1"]);
}

#[test]
fn as_notes_the_later_ones_get_no_ticket() {
    let mut world = World::new(NOTES);
    world.together(&["1"]);
    let step = world.on_srv("2", "firing");
    assert_eq!((step.outcome, done(&step)), (Outcome::AddNote, vec!["add_note s/1".to_owned()]));
    assert_eq!(reason(&step), "the ticket of `s/1` has it as a note");
    let text = note(&step);
    assert!(
        text.contains("Belong to this ticket and are not over: 1.") && text.contains("s/2 (since"),
        "{text}"
    );
    let step = world.on_srv("3", "firing");
    assert_eq!((step.outcome, step.effects.len()), (Outcome::Counted, 0), "told at most once in the window");
    let step = world.on_srv("2", "firing");
    assert_eq!(
        (step.outcome, reason(&step)),
        (Outcome::Counted, "the ticket of `s/1` has it as a note, seen 2 times")
    );
    let steps = world.after("5m");
    assert!(note(&steps[0]).contains("not over: 2."), "{}", note(&steps[0]));
    let step = world.on_srv("2", "resolved");
    assert_eq!(reason(&step), "it was a note on another ticket");
    world.on_srv("1", "resolved");
    assert_eq!(world.case("s/1").state, CaseState::Open, "the third is not over");
    assert_eq!(done(&world.on_srv("3", "resolved")), ["resolve_ticket s/1"]);
    assert!(world.timers.is_empty(), "{:?}", world.timers);
}

#[test]
fn notes_on_a_ticket_of_the_groups_own() {
    let rules = OWN.replace("at_least: 3,", "at_least: 2, members: notes,");
    let mut world = World::new(&rules);
    let steps = world.together(&["1", "2"]);
    assert_eq!(
        done(&steps[1]),
        ["open_ticket group/site/srv", "update_ticket s/1 under group/site/srv 1", "add_note group/site/srv"]
    );
    assert_eq!(steps[1].outcome, Outcome::AddNote);
    world.on_srv("1", "resolved");
    assert_eq!(done(&world.on_srv("2", "resolved")), ["resolve_ticket group/site/srv"]);
}

#[test]
fn who_closes_the_parent_closes_its_notes_and_leaves_its_children_alone() {
    let mut world = World::new(NOTES);
    world.together(&["1", "2"]);
    world.report(Report::TicketClosed { key: Key::new("s/1"), ticket: 1 });
    assert_eq!(world.case("s/2").state, CaseState::Resolved);
    assert!(world.after("1h").is_empty());
    assert_eq!(done(&world.on_srv("2", "firing")), ["open_ticket s/2"]);
    let mut world = World::new(OWN);
    world.together(&["1", "2", "3"]);
    world.report(Report::TicketClosed { key: Key::new("group/site/srv"), ticket: 1 });
    assert_eq!(world.case("s/3").state, CaseState::Open);
    assert_eq!(done(&world.on_srv("4", "firing")), ["open_ticket s/4"], "counted anew");
    assert_eq!(done(&world.on_srv("3", "resolved")), ["resolve_ticket s/3"]);
}

#[test]
fn what_was_a_note_on_a_ticket_that_was_given_up_gets_its_own() {
    let mut world = World::new(NOTES);
    world.together(&["1", "2"]);
    world.report(Report::TicketGivenUp { key: Key::new("s/1"), ticket: 1 });
    let steps = world.after("1m");
    assert_eq!(done(&steps[0]), ["open_ticket s/2"]);
}

#[test]
fn a_parent_that_somebody_works_on_gets_a_note_when_all_are_over() {
    let mut world = World::new(OWN);
    world.together(&["1", "2", "3"]);
    world.report(Report::TicketTouched { key: Key::new("group/site/srv"), ticket: 1 });
    for name in ["1", "2"] {
        world.on_srv(name, "resolved");
    }
    assert_eq!(done(&world.on_srv("3", "resolved")), ["resolve_ticket s/3", "add_note group/site/srv"]);
}

#[test]
fn a_parent_that_has_to_stay_resolved_does_not_when_another_one_joins() {
    let rules = OWN.replace("{ team: Network }", "{ resolved: { after: 10m } }");
    let mut world = World::new(&rules);
    world.together(&["1", "2", "3"]);
    for name in ["1", "2", "3"] {
        world.on_srv(name, "resolved");
    }
    world.after("10m");
    assert_eq!(world.case("s/3").state, CaseState::Resolved);
    assert_eq!(done(&world.on_srv("4", "firing")), ["open_ticket s/4 under group/site/srv 1"]);
    let steps = world.after("10m");
    assert!(steps.iter().all(|step| step.effects.is_empty()), "{steps:?}");
    world.on_srv("4", "resolved");
    let told: Vec<String> = world.after("20m").iter().flat_map(done).collect();
    assert_eq!(told, ["resolve_ticket s/4", "resolve_ticket group/site/srv"]);
}

#[test]
fn the_parent_escalates_for_all_of_them() {
    let rules = format!("{OWN}\n    escalate: {{ after: 1h, note: still open }}");
    let mut world = World::new(&rules);
    world.together(&["1", "2", "3"]);
    let steps = world.after("1h");
    let told: Vec<String> = steps.iter().flat_map(done).collect();
    assert_eq!(told, ["add_note group/site/srv"]);
}

#[test]
fn notes_and_the_parent_need_no_room_but_children_do() {
    let rules = FIRST.replace("id: dev,", "id: dev, limit: { tickets: 2, per: 10m },");
    let mut world = World::new(&rules);
    let steps = world.together(&["1", "2", "3"]);
    assert_eq!(steps[2].outcome, Outcome::Limited);
    let opened = world.after("10m");
    let third = opened.iter().find(|step| step.outcome == Outcome::OpenTicket).expect("its turn");
    assert_eq!(done(third), ["open_ticket s/3 under s/1 1"]);
    let mut world = World::new(&NOTES.replace("id: mem,", "id: mem, limit: { tickets: 1, per: 10m },"));
    let steps = world.together(&["1", "2", "3"]);
    assert_eq!(
        steps.iter().map(|step| step.outcome).collect::<Vec<_>>()[1..],
        [Outcome::AddNote, Outcome::Counted]
    );
}

#[test]
fn nothing_in_common_is_no_group_and_a_mistake_in_it_costs_no_alert() {
    let mut world = World::new(FIRST);
    for name in ["1", "2"] {
        let step = world.event(json!({"fingerprint": name}));
        assert_eq!(done(&step), [format!("open_ticket s/{name}")]);
    }
    let mut world = World::new(
        "  - { id: a, group: { by: '${event.title - 1}', within: 5m }, then: { open_ticket: {} } }",
    );
    assert!(reason(&world.fires()).starts_with("rule `a` failed"));
}

#[test]
fn a_rule_in_shadow_groups_in_shadow() {
    let mut world = World::new(&FIRST.replace("id: dev,", "id: dev, mode: { live_for: [Acme] },"));
    world.together(&["1"]);
    for name in ["2", "3"] {
        let step =
            world.event(json!({"fingerprint": name, "device": {"name": "srv"}, "client": {"name": "Other"}}));
        assert!(step.effects.is_empty(), "{step:?}");
    }
    assert!(world.case("shadow/group/dev/srv").shadow);
    assert_eq!(done(&world.on_srv("4", "firing")), ["open_ticket s/4 under s/1 1"]);
}

#[test]
fn a_recurring_alert_becomes_a_child_of_its_first_ticket() {
    let mut world = World::new(
        "  - { id: a, key: k, then: { open_ticket: { parent: { case: k }, again: { do: new, at_most: 10m } } } }",
    );
    assert_eq!(done(&world.fires()), ["open_ticket k"]);
    assert_eq!(world.fires().outcome, Outcome::Counted);
    for _ in 0..2 {
        world.after("10m");
        assert_eq!(done(&world.fires()), ["open_ticket k under k 1"], "of the first, not of the one before");
    }
    world.resolves();
    assert_eq!(done(&world.fires()), ["open_ticket k"], "a new problem begins with a first ticket");
}

#[test]
fn the_ticket_of_another_open_case_can_be_the_parent() {
    let mut world = World::new(
        "
  - { id: host, when: { check: ping }, key: 'host/${event.device.name}', then: { open_ticket: {} } }
  - { id: a, then: { open_ticket: { parent: { case: 'host/${event.device.name}' } } } }",
    );
    world.event(json!({"check": "ping", "fingerprint": "h", "device": {"name": "srv"}}));
    assert_eq!(done(&world.on_srv("1", "firing")), ["open_ticket s/1 under host/srv 1"]);
}
