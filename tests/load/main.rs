//! Prints what the real binary does under load: `just bench`. The binary is the one `HALOWARD_BIN` names.

#![expect(clippy::print_stdout, reason = "printing figures is all that it does")]

use std::io;
use std::time::Duration;

use haloward_tests::load::accepting::{self, Accepting};
use haloward_tests::load::restarting::{self, Size};
use haloward_tests::load::soak::{self, Soak};
use haloward_tests::load::storm::{self, Storm};
use haloward_tests::load::{conditions, deciding, delivering};

const USAGE: &str = "name what to measure: accept, batches, decide, deliver, restart, or all of these; \
                     storm [SECONDS OF THE BUDGET'S WINDOW]; soak [MINUTES]";

/// One thread: the machine is the service's.
#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    if std::env::var_os("HALOWARD_BIN").is_none() {
        return Err(io::Error::other(
            "HALOWARD_BIN has to name the binary that is measured; `just load` sets it",
        ));
    }
    let mut wanted: Vec<String> = std::env::args().skip(1).collect();
    if wanted == ["all"] {
        wanted = ["accept", "batches", "decide", "deliver", "restart"].map(str::to_owned).to_vec();
    }
    println!("{}\n", conditions(&std::env::temp_dir())?);
    let number =
        |default| wanted.get(1).map_or(Ok(default), |text| text.parse::<u64>()).map_err(io::Error::other);
    match wanted.first().map(String::as_str) {
        None => return Err(io::Error::other(USAGE)),
        Some("storm") => {
            let window = Duration::from_secs(number(300)?.max(1));
            println!("{}", storm::measure(Storm { window, ..STORM }).await?);
        }
        Some("soak") => {
            println!("{}", soak::HEAD);
            let minutes = Soak { rate: 200.0, rows: number(60)?, row: Duration::from_mins(1), problems: 30 };
            soak::measure(minutes, |row| println!("{row}")).await?;
        }
        Some(_) => {
            for experiment in &wanted {
                println!("{}", measured(experiment).await?);
            }
        }
    }
    Ok(())
}

/// The storm of the quality targets.
const STORM: Storm = Storm {
    events: 100_000,
    problems: 1_000,
    over: Duration::from_mins(1),
    critical_after: 10_000,
    requests: 700,
    window: Duration::from_mins(5),
    patience: Duration::from_hours(2),
};

async fn measured(experiment: &str) -> io::Result<String> {
    let accept = Accepting { connections: 64, per_payload: 1, events: 500_000, problems: 1_000, rules: 20 };
    Ok(match experiment {
        "accept" => accepting::measure(accept).await?.to_string(),
        "batches" => {
            accepting::measure(Accepting { per_payload: 100, events: 2_000_000, ..accept }).await?.to_string()
        }
        "decide" => deciding::measure(200_000, 1_000).await.to_string(),
        "deliver" => delivering::measure(600, 20.0, 20).await?.to_string(),
        "restart" => {
            let size = Size { events: 1_000_000, cases: 100_000, undecided: 10_000 };
            restarting::measure(size, 5).await?.to_string()
        }
        _ => return Err(io::Error::other(USAGE)),
    })
}
