//! Stop: from the request to the upstream's socket being closed.
//!
//! The gateways know no Stop; there the reader leaves, which is what they have instead.

use std::time::Duration;

use tokio::time::sleep;

use super::Bench;
use crate::Error;
use crate::client::{Connection, Dialect, Reading, post};
use crate::clock::{ms, now_ns};
use crate::load::{Target, wait_for};
use crate::plan::{Mode, Plan};
use crate::report::{Aim, Figure, Report, percentile};
use crate::upstream::{Record, Records};

const SCENARIO: &str = "Stop (gateways: the reader leaves), until upstream's socket is closed";
/// How long anything may take here.
const LIMIT: Duration = Duration::from_secs(5);
/// Tokens before Stop in a stream.
const TOKENS: u64 = 10;
/// How long the silence has lasted at Stop.
const SILENCE: Duration = Duration::from_millis(200);

/// The state in which a stream is stopped.
#[derive(Clone, Copy)]
enum Moment {
    BeforeFirst,
    Streaming,
    Silence,
}

pub async fn run(bench: &Bench, report: &mut Report) -> Result<(), Error> {
    let times = if bench.quick { 4 } else { 20 };
    for (moment, name) in [
        (Moment::BeforeFirst, "before the first token"),
        (Moment::Streaming, "while streaming"),
        (Moment::Silence, "in a silence"),
    ] {
        let mut middle = Figure::new(SCENARIO, format!("{name}, p50"), "ms");
        let mut worst = Figure::new(SCENARIO, format!("{name}, worst of {times}"), "ms");
        for target in bench.targets.iter().filter(|it| it.server.is_some()) {
            let mut taken = Vec::new();
            for _ in 0..times {
                match stop(bench, target, moment).await {
                    Ok(closed_ms) => taken.push(closed_ms),
                    Err(error) => report.fail(format!("stop {name}, {}: {error}", target.name)),
                }
            }
            if !taken.is_empty() {
                middle.set(target.name, percentile(&taken, 0.5));
                worst.set(target.name, percentile(&taken, 1.0));
            }
        }
        report.add(middle.aim(Aim::AtMost(5.0)));
        report.add(worst.aim(Aim::AtMost(5.0)));
    }
    Ok(())
}

/// Milliseconds from Stop to the closed socket.
async fn stop(bench: &Bench, target: &Target, moment: Moment) -> Result<f64, Error> {
    let mut control = Connection::open(bench.field.upstream.address).await?;
    control.get::<Records>("/control/drain").await?;
    let mut stopper = Connection::open(target.address).await?;
    let mut connection = Connection::open(target.address).await?;
    let key = bench.field.key();
    let plan = match moment {
        Moment::BeforeFirst => Plan { key, ttft_ms: 0, gap_ms: 0, tokens: 1, mode: Mode::Mute },
        Moment::Streaming => Plan { key, ttft_ms: 5, gap_ms: 10, tokens: 2_000, mode: Mode::Speak },
        Moment::Silence => Plan { key, ttft_ms: 5, gap_ms: 5, tokens: TOKENS, mode: Mode::Halt },
    };
    let mut reading = Reading::new(plan, target.dialect);
    let reached = async {
        match moment {
            Moment::BeforeFirst => begin_mute(&mut reading, &mut connection, &mut control).await,
            Moment::Streaming | Moment::Silence => {
                reading.start(&mut connection).await?;
                reading.until(&mut connection, TOKENS).await
            }
        }
    };
    tokio::time::timeout(LIMIT, reached).await??;
    if matches!(moment, Moment::Silence) {
        sleep(SILENCE).await;
    }

    let begun = now_ns();
    if target.dialect == Dialect::Inkstream {
        let id = reading.generation.as_deref().ok_or("no `accepted` event was seen")?;
        let path = format!("/api/v1/generations/{id}/cancel");
        let request = post(target.address, &path, "", "application/json");
        let (status, body) = stopper.call(&request).await?;
        if status != 200 {
            let body = String::from_utf8_lossy(&body);
            return Err(format!("cancel was answered with {status}: {body}").into());
        }
    } else {
        drop(connection);
    }
    let mut closed = None;
    wait_for(LIMIT, async || {
        let records: Records = control.get("/control/records").await?;
        closed = records.get(&key).and_then(|it: &Record| it.closed_ns);
        Ok(closed.is_some())
    })
    .await?;
    Ok(ms(closed.unwrap_or_default().saturating_sub(begun)))
}

/// Sends the request and waits until it is at the upstream, which will not answer. The gateways
/// do not answer either; Inkstream does, with its first events.
async fn begin_mute(
    reading: &mut Reading,
    connection: &mut Connection,
    control: &mut Connection,
) -> Result<(), Error> {
    if reading.dialect() == Dialect::Inkstream {
        reading.start(connection).await?;
        while reading.generation.is_none() && reading.step(connection).await? {}
    } else {
        reading.send(connection).await?;
    }
    let key = reading.plan().key;
    wait_for(LIMIT, async || {
        Ok(control.get::<Records>("/control/records").await?.contains_key(&key))
    })
    .await
}
