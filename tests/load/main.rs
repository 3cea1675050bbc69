//! Prints what the real binary does under load: `just bench`. The binary is the one `HALOWARD_BIN` names.

#![expect(clippy::print_stdout, reason = "printing figures is all that it does")]

use std::io;

use haloward_tests::load::accepting::{self, Accepting};
use haloward_tests::load::restarting::{self, Size};
use haloward_tests::load::{conditions, deciding, delivering};

const USAGE: &str = "name what to measure: accept, batches, decide, deliver, restart, or all of these";

/// One thread: the machine is the service's.
#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let mut wanted: Vec<String> = std::env::args().skip(1).collect();
    if wanted == ["all"] {
        wanted = ["accept", "batches", "decide", "deliver", "restart"].map(str::to_owned).to_vec();
    }
    println!("{}\n", conditions(&std::env::temp_dir())?);
    for experiment in &wanted {
        let figures = measured(experiment).await?;
        println!("{figures}");
    }
    if wanted.is_empty() { Err(io::Error::other(USAGE)) } else { Ok(()) }
}

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
