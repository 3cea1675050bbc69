//! `missing`: what should come and does not.

use super::*;
use crate::calendar::Calendar;

const BACKUP: &str = "
  - id: backup-missing
    when: { check: backup }
    key: backup/${event.device.name}
    missing: { for: 26h }
    then: { open_ticket: {} }";

const KEY: &str = "missing/backup-missing/backup/srv";

impl World {
    fn backup(&mut self, state: &str) -> Step {
        self.event(json!({
            "check": "backup", "state": state, "severity": "info", "title": "Backup done", "fingerprint": "job",
            "device": {"name": "srv"}
        }))
    }
}

#[test]
fn what_does_not_come_in_time_gets_a_ticket_and_the_next_one_resolves_it() {
    let mut world = World::new(BACKUP);
    let step = world.backup("info");
    assert_eq!(
        (step.outcome, reason(&step)),
        (Outcome::Nothing, "the next one is missing from 2026-01-06 11:00 UTC on")
    );
    world.after("24h");
    world.backup("resolved");
    assert!(world.after("25h").is_empty());
    let steps = world.after("1h");
    assert_eq!(
        (steps.len(), steps[0].outcome, reason(&steps[0])),
        (1, Outcome::OpenTicket, "nothing came for 1d2h")
    );
    assert_eq!(summary(&steps[0]), "Nothing for 1d2h: Backup done");
    assert_eq!(steps[0].effects[0].key, Key::new(KEY));
    assert_eq!(steps[0].effects[0].severity, Severity::Medium, "a success is no measure of its absence");
    assert!(world.after("100h").is_empty(), "it acts once");
    let step = world.backup("info");
    assert_eq!((step.outcome, kinds(&step)), (Outcome::ResolveTicket, vec![Outcome::ResolveTicket]));
    assert_eq!(reason(&step), "the next one is missing from 2026-01-12 17:00 UTC on");
    let steps = world.after("26h");
    assert_eq!((steps[0].outcome, steps[0].effects[0].ticket), (Outcome::OpenTicket, 2));
}

#[test]
fn the_rule_only_listens_and_the_others_decide() {
    let rules = format!(
        "{BACKUP}
  - {{ id: failed, when: {{ check: backup }}, key: 'backup/${{event.device.name}}', then: {{ open_ticket: {{}} }} }}"
    );
    let mut world = World::new(&rules);
    let step = world.backup("firing");
    assert_eq!((step.outcome, step.effects[0].key.as_str()), (Outcome::OpenTicket, "backup/srv"));
    let step = world.backup("resolved");
    assert_eq!((step.outcome, step.effects[0].key.as_str()), (Outcome::ResolveTicket, "backup/srv"));
    assert!(world.case(KEY).feeds.is_empty(), "that a problem is over is no reason to wait no longer");
    assert_eq!(world.after("26h")[0].outcome, Outcome::OpenTicket);
    let step = world.backup("resolved");
    assert_eq!((step.outcome, step.effects[0].key.as_str()), (Outcome::ResolveTicket, KEY));
}

#[test]
fn what_people_do_to_an_alert_is_no_report_unless_the_rule_names_it() {
    let mut world = World::new(BACKUP);
    for state in ["acknowledged", "update", "test"] {
        world.backup(state);
    }
    assert!(world.timers.is_empty());
    let mut world =
        World::new("  - { id: a, when: { state: update }, missing: { for: 1h }, then: { open_ticket: {} } }");
    world.event(json!({"state": "update"}));
    assert_eq!(world.after("1h")[0].outcome, Outcome::OpenTicket);
}

#[test]
fn an_alert_that_its_rule_failed_on_is_not_lost_because_another_rule_listens() {
    let mut world = World::new(&format!(
        "{BACKUP}
  - {{ id: bad, when: {{ check: backup, script: event.title }}, then: {{ drop: x }} }}"
    ));
    assert_eq!(kinds(&world.backup("info")), [Outcome::OpenTicket], "the one from the defaults");
    world.after("26h");
    let step = world.backup("firing");
    assert_eq!(kinds(&step), [Outcome::ResolveTicket, Outcome::AddNote]);
}

#[test]
fn a_ticket_that_somebody_works_on_gets_one_note_and_stays() {
    let mut world = World::new(BACKUP);
    world.backup("info");
    world.after("26h");
    world.report(Report::TicketTouched { key: Key::new(KEY), ticket: 1 });
    assert_eq!(kinds(&world.backup("info")), [Outcome::AddNote]);
    world.after("1h");
    assert!(world.backup("info").effects.is_empty(), "once");
    let steps = world.after("26h");
    assert_eq!((steps.len(), kinds(&steps[0])), (1, vec![Outcome::AddNote]), "missing again: a repeat");
    assert_eq!(kinds(&world.backup("info")), [Outcome::AddNote]);
    world.report(Report::TicketClosed { key: Key::new(KEY), ticket: 1 });
    assert_eq!(world.case(KEY).state, CaseState::Waiting, "the watch goes on");
    let steps = world.after("26h");
    assert_eq!((steps[0].outcome, steps[0].effects[0].ticket), (Outcome::OpenTicket, 2));
}

#[test]
fn somebody_who_was_faster_keeps_the_ticket_open_while_the_watch_goes_on() {
    let mut world = World::new(BACKUP);
    world.backup("info");
    world.after("26h");
    world.report(Report::TicketOpened { key: Key::new(KEY), ticket: 1, id: 500 });
    world.backup("info");
    world.report(Report::TicketTouched { key: Key::new(KEY), ticket: 1 });
    assert_eq!(world.case(KEY).state, CaseState::Open);
    assert_eq!(kinds(&world.after("26h")[0]), [Outcome::AddNote], "a repeat on the ticket that is open");
}

#[test]
fn a_closed_ticket_ends_it_until_the_next_event() {
    let mut world = World::new(BACKUP);
    world.backup("info");
    world.after("26h");
    world.report(Report::TicketClosed { key: Key::new(KEY), ticket: 1 });
    assert_eq!(world.case(KEY).state, CaseState::Resolved);
    assert!(world.after("100h").is_empty());
    assert_eq!(world.backup("info").outcome, Outcome::Nothing);
    assert_eq!(world.after("26h")[0].effects[0].ticket, 2);
}

#[test]
fn another_problem_holds_it_back_and_an_event_meanwhile_ends_that() {
    let mut world = World::new(&format!(
        "{}
  - {{ id: site, when: {{ check: line }}, key: line, then: {{ open_ticket: {{}} }} }}",
        BACKUP.replace("    then", "    unless_open: line\n    then")
    ));
    world.backup("info");
    world.after("25h");
    world.event(json!({"check": "line", "fingerprint": "l"}));
    assert_eq!(world.after("1h")[0].outcome, Outcome::Inhibited);
    assert_eq!(world.backup("info").outcome, Outcome::Nothing);
    world.event(json!({"check": "line", "fingerprint": "l", "state": "resolved"}));
    assert!(world.after("25h").is_empty());
    world.event(json!({"check": "line", "fingerprint": "l"}));
    assert_eq!(world.after("1h")[0].outcome, Outcome::Inhibited);
    world.event(json!({"check": "line", "fingerprint": "l", "state": "resolved"}));
    let steps = world.after("1m");
    assert_eq!(
        (steps[0].outcome, summary(&steps[0])),
        (Outcome::OpenTicket, "Nothing for 1d2h: Backup done")
    );
}

#[test]
fn it_acts_only_while_the_rule_is_active_but_always_listens() {
    let calendars =
        SourceFile::new("c.yaml", "office: { timezone: UTC, weekly: { mon-fri: '09:00-17:00' } }");
    let mut findings = Findings::default();
    let node = crate::yaml::read(&calendars).expect("reads");
    let mut settings = Settings::default();
    settings.calendars = std::sync::Arc::new(Calendar::decode_all(&calendars, &node, &mut findings));
    assert!(findings.is_empty(), "{}", findings.render());
    let rules = BACKUP.replace("    then", "    active: { during: office }\n    then");
    let mut world = World::with(&rules, settings);
    world.after("12h");
    world.backup("info");
    let steps = world.after("35h");
    assert_eq!(steps.len(), 1, "{steps:?}");
    assert_eq!((steps[0].outcome, reason(&steps[0])), (Outcome::Nothing, "it is active during office only"));
    let steps = world.after("1h");
    assert_eq!(steps[0].outcome, Outcome::OpenTicket);
}

#[test]
fn a_rule_that_is_over_waits_no_longer() {
    let rules = BACKUP.replace("    then", "    active: { until: 2026-01-06 }\n    then");
    let mut world = World::new(&rules);
    world.backup("info");
    let steps = world.after("26h");
    assert_eq!((steps.len(), reason(&steps[0])), (1, "it was active until 2026-01-06T00:00:00Z"));
    assert_eq!(world.case(KEY).state, CaseState::Resolved);
    assert!(world.timers.is_empty());
}

#[test]
fn a_reload_changes_how_long_is_waited_or_that_it_is_waited_at_all() {
    let mut world = World::new(BACKUP);
    world.backup("info");
    world.rules = load(&BACKUP.replace("26h", "50h"), Settings::default());
    let steps = world.after("49h");
    assert_eq!(reason(&steps[0]), "its rule waits longer by now");
    assert_eq!(world.after("1h")[0].outcome, Outcome::OpenTicket);
    world.backup("info");
    world.rules = load("  - { id: backup-missing, then: { open_ticket: {} } }", Settings::default());
    let steps = world.after("50h");
    assert_eq!(reason(&steps[0]), "its rule is gone, off, or misses nothing any more");
    assert_eq!(world.case(KEY).state, CaseState::Resolved);
}

#[test]
fn a_rule_that_fails_when_something_is_missing_still_gives_a_ticket() {
    let rules = BACKUP.replace("open_ticket: {}", "open_ticket: { summary: '${event.title - 1}' }");
    let mut world = World::new(&rules);
    world.backup("info");
    let steps = world.after("26h");
    assert_eq!((steps[0].outcome, summary(&steps[0])), (Outcome::OpenTicket, "Backup done"));
    assert_eq!(world.backup("info").outcome, Outcome::ResolveTicket);
}

#[test]
fn the_limit_of_the_rule_holds_for_what_is_missing_too() {
    let rules = BACKUP.replace("    then", "    limit: { tickets: 1, per: 10m }\n    then");
    let mut world = World::new(&rules);
    world.backup("info");
    let other = json!({"check": "backup", "state": "resolved", "title": "Other", "device": {"name": "two"}});
    world.event(other.clone());
    let steps = world.after("26h");
    assert_eq!(steps.iter().map(|s| s.outcome).collect::<Vec<_>>(), [Outcome::OpenTicket, Outcome::Limited]);
    let steps = world.after("10m");
    let opened = steps.iter().find(|step| step.outcome == Outcome::OpenTicket).expect("its turn");
    assert_eq!(summary(opened), "Nothing for 1d2h: Other");
}

#[test]
fn a_silence_covers_what_is_missing_as_it_covers_what_fires() {
    let mut world = World::new(BACKUP);
    world.backup("info");
    world.after("25h");
    world.silence("sil_1", json!({"rule": "backup-missing"}), "3h");
    assert_eq!(world.after("1h")[0].outcome, Outcome::Silenced);
    assert_eq!(world.after("3h")[1].outcome, Outcome::OpenTicket);
}

#[test]
fn a_silence_holds_back_no_ticket_that_is_open_when_something_is_missing_again() {
    let rules = BACKUP.replace("open_ticket: {}", "open_ticket: { resolved: note }")
        + "\n    escalate: { after: 60h, note: still open }";
    let mut world = World::new(&rules);
    world.backup("info");
    assert_eq!(world.after("26h")[0].outcome, Outcome::OpenTicket);
    assert_eq!(world.backup("info").outcome, Outcome::AddNote, "the ticket stays open with the people");
    world.silence("sil_1", json!({"rule": "backup-missing"}), "30h");
    let steps = world.after("26h");
    assert_eq!((steps[0].outcome, world.case(KEY).held_by), (Outcome::Silenced, None));
    assert_eq!(world.case(KEY).state, CaseState::Open);
    let steps = world.after("40h");
    assert!(
        steps.iter().any(|step| step.outcome == Outcome::AddNote),
        "it escalates all the same: {steps:?}"
    );
}

#[test]
fn a_rule_in_shadow_misses_without_a_ticket() {
    let mut world = World::new(&BACKUP.replace("    then", "    mode: shadow\n    then"));
    world.backup("info");
    let steps = world.after("26h");
    assert!(steps[0].effects.is_empty() && steps[0].decisions[0].outcome == Some(Outcome::OpenTicket));
}

#[test]
fn a_threshold_or_a_hold_beside_missing_is_a_mistake() {
    for field in ["threshold: { count: 2, within: 1h }", "hold: 5m"] {
        let text = format!(
            "defaults: {{ ticket: {{ type: Alert }} }}\nrules:\n{}",
            BACKUP.replace("    then", &format!("    {field}\n    then"))
        );
        let text = RuleSet::load(&[SourceFile::new("r.yaml", text)], Settings::default()).1.render();
        assert!(text.contains("HW113") && text.contains("means nothing beside `missing`"), "{text}");
    }
}
