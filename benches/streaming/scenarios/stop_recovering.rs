//! Stop where a generation is not being written: in line, between retries, and in failover.

use std::time::Duration;

use tokio::time::sleep;

use super::Bench;
use super::recovery::configuration;
use crate::Error;
use crate::client::{Connection, Dialect, Reading, post};
use crate::clock::{ms, now_ns};
use crate::load::{Target, wait_for};
use crate::plan::{Mode, Plan};
use crate::process::Server;
use crate::report::{Aim, Figure, INKSTREAM, Report, percentile};
use crate::upstream::Records;

const SCENARIO: &str = "Stop where nothing is written yet";
/// How long anything may take here.
const LIMIT: Duration = Duration::from_secs(10);
/// What a generation gets to come into the state that is meant.
const SETTLE: Duration = Duration::from_millis(700);

/// The state in which a generation is stopped.
#[derive(Clone, Copy)]
enum Moment {
    InLine,
    BetweenRetries,
    Failover,
}

pub async fn run(bench: &Bench, report: &mut Report) -> Result<(), Error> {
    let times = if bench.quick { 3 } else { 15 };
    for (moment, name) in [
        // Nothing is open upstream in these two; the answer waits until the end is stored.
        (Moment::InLine, "in line, until it is answered"),
        (Moment::BetweenRetries, "between retries, until it is answered"),
        (Moment::Failover, "at the second model, until upstream's socket is closed"),
    ] {
        let target = target(bench, moment)?;
        // One takes the only place, for as long as the others are stopped.
        let mut first = Connection::open(target.address).await?;
        let mut holding = Reading::new(plan(bench, Mode::Halt), target.dialect);
        if matches!(moment, Moment::InLine) {
            holding.start(&mut first).await?;
            holding.until(&mut first, 1).await?;
        }
        let mut taken = Vec::new();
        for _ in 0..times {
            match tokio::time::timeout(LIMIT, stop(bench, &target, moment)).await? {
                Ok(taken_ms) => taken.push(taken_ms),
                Err(error) => report.fail(format!("stop {name}: {error}")),
            }
        }
        if taken.is_empty() {
            continue;
        }
        for (at, which, aim) in [(0.5, "p50", 5.0), (1.0, "worst", 50.0)] {
            let name = format!("{name}, {which} of {}", taken.len());
            let figure = Figure::new(SCENARIO, name, "ms").value(INKSTREAM, percentile(&taken, at));
            report.add(match moment {
                Moment::Failover => figure.aim(Aim::AtMost(aim)),
                Moment::InLine | Moment::BetweenRetries => figure,
            });
        }
    }
    Ok(())
}

/// A server on which a generation comes into the state.
fn target(bench: &Bench, moment: Moment) -> Result<Target, Error> {
    let upstream = bench.field.upstream.address;
    let configuration = match moment {
        Moment::InLine => configuration(upstream, &[""]).replacen(
            "protocol = \"openai\"",
            "protocol = \"openai\"\nmax_concurrent = 1",
            1,
        ),
        Moment::BetweenRetries => configuration(upstream, &["/broken"]),
        Moment::Failover => configuration(upstream, &["/broken", ""]),
    };
    let server = Server::configured(&configuration)?;
    let (address, dialect) = (server.address, Dialect::Inkstream);
    Ok(Target { name: INKSTREAM, address, dialect, server: Some(server) })
}

fn plan(bench: &Bench, mode: Mode) -> Plan {
    Plan { key: bench.field.key(), ttft_ms: 0, gap_ms: 0, tokens: 1, mode }
}

/// Milliseconds from Stop until it is answered or, in failover, until the socket is closed.
async fn stop(bench: &Bench, target: &Target, moment: Moment) -> Result<f64, Error> {
    let mut control = Connection::open(bench.field.upstream.address).await?;
    let mut stopper = Connection::open(target.address).await?;
    let mut connection = Connection::open(target.address).await?;
    let mut reading = Reading::new(plan(bench, Mode::Mute), target.dialect);
    reading.start(&mut connection).await?;
    while reading.generation.is_none() && reading.step(&mut connection).await? {}
    sleep(SETTLE).await;

    let id = reading.generation.as_deref().ok_or("no `accepted` event was seen")?;
    let path = format!("/api/v1/generations/{id}/cancel");
    let request = post(target.address, &path, "", "application/json");
    let begun = now_ns();
    let (status, body) = stopper.call(&request).await?;
    let mut ended = now_ns();
    if status != 200 {
        return Err(format!("{status}: {}", String::from_utf8_lossy(&body)).into());
    }
    if matches!(moment, Moment::Failover) {
        let key = reading.plan().key;
        wait_for(LIMIT, async || {
            let records: Records = control.get("/control/records").await?;
            let closed = records.get(&key).and_then(|record| record.closed_ns);
            ended = closed.unwrap_or(ended);
            Ok(closed.is_some())
        })
        .await?;
    }
    Ok(ms(ended.saturating_sub(begun)))
}
