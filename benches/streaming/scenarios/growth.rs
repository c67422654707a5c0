//! Whether memory grows over many short generations.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{Bench, server};
use crate::Error;
use crate::load::Load;
use crate::plan::{Mode, Plan};
use crate::report::{Aim, Figure, INKSTREAM, Report};

const SCENARIO: &str = "memory over many short generations of 20 tokens, 20 at once";
/// How long generations are made at most.
const TIME: Duration = Duration::from_secs(150);
/// What the server gets to let go of ended logs before its memory is read.
const REST: Duration = Duration::from_secs(3);
/// Generations at once.
const STREAMS: usize = 20;
/// Growth that counts as none, in MB: an allocator's noise.
const NOISE_MB: f64 = 4.0;

pub async fn run(bench: &Bench, report: &mut Report) -> Result<(), Error> {
    let (first, all, rounds) = if bench.quick { (200, 800, 10) } else { (2_000, 10_000, 50) };
    let target = server(INKSTREAM, &bench.field)?;
    let process = target.server.as_ref().ok_or("no process")?;
    let plan = Plan { key: 0, ttft_ms: 0, gap_ms: 0, tokens: 20, mode: Mode::Speak };
    let begun = Instant::now();
    let mut made = 0;
    let mut marks = Vec::new();
    let mut incomplete = 0;
    while made < all && begun.elapsed() < TIME {
        let load = Load::at_once(STREAMS, rounds, plan);
        let outcome = bench.field.run(&target, load).await?;
        incomplete += outcome.incomplete();
        if let Some(error) = outcome.errors.first() {
            return Err(format!("{error}\n{}", process.log_tail()).into());
        }
        made += load.streams * load.rounds;
        if marks.is_empty() && made >= first {
            sleep(REST).await;
            marks.push((made, process.memory()?));
        }
    }
    sleep(REST).await;
    let elapsed = begun.elapsed().as_secs_f64();
    let last = process.memory()?;
    let megabytes = |kib: u64| kib as f64 * 1_024.0 / 1e6;
    let line = |name: String, unit: &'static str, value: f64| {
        Figure::new(SCENARIO, name, unit).value(INKSTREAM, value)
    };
    report.add(
        line("generations made".into(), "of the planned", made as f64)
            .aim(Aim::AtLeast(all as f64)),
    );
    report.add(line("not complete".into(), "generations", incomplete as f64).aim(Aim::AtMost(0.0)));
    report.add(line("generations per second".into(), "generations/s", made as f64 / elapsed));
    if let Some((count, early)) = marks.first() {
        report.add(line(format!("resident after {count}"), "MB", megabytes(early.resident_kib)));
        report.add(line(format!("resident after {made}"), "MB", megabytes(last.resident_kib)));
        let grown = megabytes(last.resident_kib) - megabytes(early.resident_kib);
        report.add(line("growth between the two".into(), "MB", grown).aim(Aim::AtMost(NOISE_MB)));
        let grown = megabytes(last.own_kib) - megabytes(early.own_kib);
        report.add(line("of that, heap and stacks".into(), "MB", grown));
    }
    report.add(line("stored".into(), "MB", process.stored_bytes() as f64 / 1e6));
    Ok(())
}
