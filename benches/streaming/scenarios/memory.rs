//! Resident memory: of an idle server, and for each open stream.

use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::time::sleep;

use super::{Bench, server};
use crate::Error;
use crate::client::{Connection, Reading};
use crate::load::{Field, Target};
use crate::plan::{Mode, Plan};
use crate::report::{Aim, Figure, INKSTREAM, PARSING, PASSING, Report};

const SCENARIO: &str = "resident memory";
/// Tokens that each stream has received when it is held open.
const TOKENS: u64 = 100;
/// Streams before the base of the figures per stream is taken, so that code pages do not count.
const WARM_UP: usize = 20;
/// What a server gets to come to rest.
const REST: Duration = Duration::from_millis(1_000);

pub async fn run(bench: &Bench, report: &mut Report) -> Result<(), Error> {
    let counts: &[usize] = if bench.quick { &[200] } else { &[200, 1_000] };
    let mut idle = Figure::new(SCENARIO, "idle, just started", "MB");
    let mut warm = Figure::new(SCENARIO, format!("idle, after {WARM_UP} streams"), "MB");
    let mut each: Vec<_> = counts
        .iter()
        .map(|count| Figure::new(SCENARIO, format!("for each of {count} open streams"), "KiB"))
        .collect();
    for name in [PASSING, PARSING, INKSTREAM] {
        // Fresh processes: what the other scenarios left behind is not this one's.
        let target = server(name, &bench.field)?;
        sleep(REST).await;
        idle.set(name, megabytes(resident(&target)?));
        hold(&bench.field, &target, Mode::Speak, WARM_UP).await?;
        sleep(REST).await;
        let base = resident(&target)?;
        warm.set(name, megabytes(base));
        let mut held = Vec::new();
        for (count, figure) in counts.iter().zip(&mut each) {
            held.extend(hold(&bench.field, &target, Mode::Halt, count - held.len()).await?);
            sleep(REST).await;
            figure.set(name, (resident(&target)? as f64 - base as f64) / held.len() as f64);
        }
    }
    report.add(idle.aim(Aim::AtMost(40.0)));
    report.add(warm.aim(Aim::AtMost(40.0)));
    for figure in each {
        report.add(figure.aim(Aim::AtMost(60.0)));
    }
    Ok(())
}

/// Opens streams and reads [`TOKENS`] tokens of each (to the end, if the plan has one).
async fn hold(
    field: &Field,
    target: &Target,
    mode: Mode,
    count: usize,
) -> Result<Vec<(Connection, Reading)>, Error> {
    try_join_all((0..count).map(async |index| {
        // Not all in the same instant: that would measure the buffers of a burst.
        sleep(Duration::from_millis(2 * index as u64)).await;
        let plan = Plan { key: field.key(), ttft_ms: 20, gap_ms: 10, tokens: TOKENS, mode };
        let mut connection = Connection::open(target.address).await?;
        let mut reading = Reading::new(plan, target.dialect);
        reading.start(&mut connection).await?;
        reading.until(&mut connection, TOKENS).await?;
        if mode == Mode::Speak {
            while reading.step(&mut connection).await? {}
        }
        Ok((connection, reading))
    }))
    .await
}

fn resident(target: &Target) -> Result<u64, Error> {
    let server = target.server.as_ref().ok_or("a direct connection has no memory")?;
    Ok(server.memory()?.resident_kib)
}

fn megabytes(kib: u64) -> f64 {
    kib as f64 * 1_024.0 / 1e6
}
