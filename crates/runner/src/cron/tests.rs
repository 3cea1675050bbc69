use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Cron;

fn cron(text: &str, zone: &str) -> Cron {
    Cron::parse(text, TimeZone::get(zone).unwrap()).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The next runs, as the clock on the wall and its offset show them.
fn runs(cron: &Cron, from: &str, count: usize) -> Vec<String> {
    let runs = std::iter::successors(cron.next_after(at(from)), |run| cron.next_after(*run));
    runs.take(count)
        .map(|run| run.to_zoned(cron.zone().clone()).strftime("%d %H:%M:%S %z").to_string())
        .collect()
}

#[test]
fn fields_have_names_ranges_steps_and_lists() {
    let mondays = cron("0 8 * * mon", "UTC");
    assert_eq!(runs(&mondays, "2026-01-01T00:00:00Z", 2), ["05 08:00:00 +0000", "12 08:00:00 +0000"]);
    let office = cron("0,30 9-10 * * mon-fri", "UTC");
    assert_eq!(
        runs(&office, "2026-01-02T10:00:00Z", 3),
        ["02 10:30:00 +0000", "05 09:00:00 +0000", "05 09:30:00 +0000"]
    );
    assert_eq!(runs(&cron("0 0 L * *", "UTC"), "2026-02-01T00:00:00Z", 1), ["28 00:00:00 +0000"]);
    assert_eq!(runs(&cron("0 7 * * tue#2", "UTC"), "2026-02-01T00:00:00Z", 1), ["10 07:00:00 +0000"]);
    assert_eq!(
        runs(&cron("*/20 0 6 * * *", "UTC"), "2026-02-01T05:00:00Z", 2),
        ["01 06:00:00 +0000", "01 06:00:20 +0000"]
    );
    assert_eq!(runs(&cron("@daily", "UTC"), "2026-02-01T05:00:00Z", 1), ["02 00:00:00 +0000"]);
}

#[test]
fn what_is_no_expression_says_why() {
    let wrong = |text: &str| Cron::parse(text, TimeZone::UTC).unwrap_err();
    assert_eq!(wrong(""), "it is empty");
    assert_eq!(wrong("0 0 31 2 *"), "there is no such day");
    for text in ["0 25 * * *", "every monday", "* * *", "0 8 * * mon 2027 x", "0 0 1 1 * * 2027"] {
        assert!(!wrong(text).is_empty(), "{text}");
    }
}

#[test]
fn a_run_the_clock_skips_happens_once_right_after() {
    let london = cron("30 1 * * *", "Europe/London");
    assert_eq!(
        runs(&london, "2026-03-27T12:00:00Z", 3),
        ["28 01:30:00 +0000", "29 02:00:00 +0100", "30 01:30:00 +0100"]
    );
    let new_york = cron("*/15 2 * * *", "America/New_York");
    assert_eq!(
        runs(&new_york, "2026-03-08T00:00:00Z", 2),
        ["08 03:00:00 -0400", "09 02:00:00 -0400"],
        "four skipped runs are one"
    );
    let lord_howe = cron("15 2 * * *", "Australia/Lord_Howe");
    assert_eq!(runs(&lord_howe, "2026-10-03T12:00:00Z", 2), ["04 02:30:00 +1100", "05 02:15:00 +1100"]);
}

#[test]
fn a_run_at_a_time_that_comes_twice_happens_once() {
    let london = cron("30 1 * * *", "Europe/London");
    assert_eq!(runs(&london, "2026-10-24T12:00:00Z", 2), ["25 01:30:00 +0100", "26 01:30:00 +0000"]);
    assert_eq!(
        runs(&london, "2026-10-25T01:10:00Z", 1),
        ["26 01:30:00 +0000"],
        "asked in the second of the hours"
    );
    let new_york = cron("0 1 * * *", "America/New_York");
    assert_eq!(runs(&new_york, "2026-11-01T00:00:00Z", 2), ["01 01:00:00 -0400", "02 01:00:00 -0500"]);
    let lord_howe = cron("45 1 * * *", "Australia/Lord_Howe");
    assert_eq!(runs(&lord_howe, "2026-04-04T12:00:00Z", 2), ["05 01:45:00 +1100", "06 01:45:00 +1030"]);
}

#[test]
fn an_interval_goes_on_through_both_changes() {
    let london = cron("*/30 * * * *", "Europe/London");
    assert_eq!(
        runs(&london, "2026-03-29T00:29:00Z", 3),
        ["29 00:30:00 +0000", "29 02:00:00 +0100", "29 02:30:00 +0100"]
    );
    assert_eq!(
        runs(&london, "2026-10-25T00:29:00Z", 4),
        ["25 01:30:00 +0100", "25 01:00:00 +0000", "25 01:30:00 +0000", "25 02:00:00 +0000"]
    );
    let new_york = cron("@hourly", "America/New_York");
    assert_eq!(
        runs(&new_york, "2026-11-01T04:30:00Z", 3),
        ["01 01:00:00 -0400", "01 01:00:00 -0500", "01 02:00:00 -0500"]
    );
    let lord_howe = cron("*/15 * * * *", "Australia/Lord_Howe");
    assert_eq!(
        runs(&lord_howe, "2026-04-04T14:31:00Z", 4),
        ["05 01:45:00 +1100", "05 01:30:00 +1030", "05 01:45:00 +1030", "05 02:00:00 +1030"]
    );
    assert_eq!(runs(&lord_howe, "2026-10-03T15:20:00Z", 2), ["04 02:30:00 +1100", "04 02:45:00 +1100"]);
}

#[test]
fn every_run_of_a_year_is_one_step_from_the_one_before() {
    // Whatever moment is asked about, the answer is the same: no run is passed over and none comes twice.
    for (text, zone) in [
        ("30 1 * * *", "Europe/London"),
        ("*/7 1-3 * * *", "America/New_York"),
        ("*/15 * * * *", "Australia/Lord_Howe"),
        ("10 2 * * sun", "Australia/Lord_Howe"),
    ] {
        let cron = cron(text, zone);
        let (mut moment, end) = (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
        while moment < end {
            let next = cron.next_after(moment).unwrap();
            assert!(next > moment);
            let between = moment.as_second() + (next.as_second() - moment.as_second()) / 2;
            let between = Timestamp::from_second(between).unwrap().max(moment);
            assert_eq!(cron.next_after(between).unwrap(), next, "{text} {zone} asked at {between}");
            moment = next;
        }
    }
}

#[test]
fn missed_runs_are_counted_and_the_last_is_known() {
    let hourly = cron("0 * * * *", "UTC");
    let missed = |from: &str, until: &str, most| hourly.last_between(at(from), at(until), most);
    assert_eq!(missed("2026-01-05T08:00:00Z", "2026-01-05T08:59:59Z", 10), None);
    assert_eq!(
        missed("2026-01-05T08:00:00Z", "2026-01-05T11:00:00Z", 10),
        Some((at("2026-01-05T11:00:00Z"), 3))
    );
    assert_eq!(
        missed("2026-01-05T08:00:00Z", "2026-02-05T11:30:00Z", 10),
        Some((at("2026-02-05T11:00:00Z"), 10)),
        "counting ends, the last is right all the same"
    );
    let seldom = cron("0 0 1 1 *", "UTC");
    assert_eq!(
        seldom.last_between(at("1990-06-01T00:00:00Z"), at("2026-06-01T00:00:00Z"), 5),
        Some((at("2026-01-01T00:00:00Z"), 5))
    );
}
