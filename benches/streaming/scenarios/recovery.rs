//! What it costs not to give up: preparing and routing a brief, failing over, sharing a stream.

use std::hint::black_box;
use std::net::SocketAddr;

use inkstream::article::brief::Brief;
use inkstream::server::config::{Config, Sources};
use inkstream::server::pipeline::preprocess::{language_of, prepare};
use inkstream::server::pipeline::route::{choose, estimate};

use super::Bench;
use crate::Error;
use crate::client::Dialect;
use crate::clock::{ms, now_ns};
use crate::load::{Load, Outcome, Target, paced};
use crate::process::Server;
use crate::report::{Aim, Figure, INKSTREAM, Report, percentile};

const PREPARING: &str = "preparing and routing a brief, one core";
const FAILOVER: &str = "failover before the first token";
const SHARING: &str = "200 who ask for the same at once";
/// The pause before the quick retry here, in milliseconds.
const PAUSE_MS: f64 = 200.0;
/// Who reads one stream.
const VIEWERS: usize = 200;

pub async fn run(bench: &Bench, report: &mut Report) -> Result<(), Error> {
    preparing(report)?;
    failover(bench, report).await?;
    sharing(bench, report).await
}

fn preparing(report: &mut Report) -> Result<(), Error> {
    let directory = tempfile::tempdir()?;
    let sources = Sources::of_directory(directory.path());
    let config = Config::load(&sources).map_err(|error| error.to_string())?;
    let audience = Some("people who run their own servers".to_owned());
    let brief = Brief { audience, ..Brief::on("How a database finds a row by its index") };
    let taken: Vec<f64> = (0..2_000)
        .map(|_| {
            let begun = now_ns();
            let prepared = prepare(black_box(&brief), &language_of(&brief));
            let chosen = choose(&config, &brief, &prepared);
            black_box(estimate(&brief, &prepared, chosen.candidates.first()));
            ms(now_ns() - begun)
        })
        .collect();
    for (at, name) in [(0.5, "p50"), (0.99, "p99")] {
        let figure = Figure::new(PREPARING, name, "ms").value(INKSTREAM, percentile(&taken, at));
        report.add(figure.aim(Aim::AtMost(0.5)));
    }
    Ok(())
}

/// Models at these paths of the upstream, asked in this order; the first is the one that briefs name.
/// What is below `/broken` answers 500.
pub fn configuration(upstream: SocketAddr, paths: &[&str]) -> String {
    let names: Vec<String> =
        ["speaker", "second"].iter().map(|name| format!("bench/{name}")).collect();
    let mut configuration = format!(
        "[generation]\nretry_min_ms = {PAUSE_MS}\nretry_max_ms = {PAUSE_MS}\n\
         breaker_open_s = 0.001\n"
    );
    for (name, path) in names.iter().zip(paths) {
        let provider = name.trim_start_matches("bench/");
        configuration += &format!(
            "[[providers]]\nname = \"{provider}\"\nprotocol = \"openai\"\n\
             base_url = \"http://{upstream}{path}/v1\"\n\
             [[models]]\nname = \"{name}\"\nprovider = \"{provider}\"\nid = \"bench\"\n\
             context_window = 131072\nmax_output = 65536\n"
        );
    }
    configuration + &format!("[routes]\ndefault = {:?}\n", &names[..paths.len()])
}

/// The first model answers 500 twice, at once and after the pause; the second writes.
async fn failover(bench: &Bench, report: &mut Report) -> Result<(), Error> {
    let server =
        Server::configured(&configuration(bench.field.upstream.address, &["/broken", ""]))?;
    let target = Target {
        name: INKSTREAM,
        address: server.address,
        dialect: Dialect::Inkstream,
        server: Some(server),
    };
    // One after the other: of several at once, most would find the breaker open.
    let rounds = if bench.quick { 5 } else { 20 };
    let load = Load::at_once(1, rounds, paced(5, 10));
    let outcome = bench.field.run(&target, load).await?;
    if let Some(error) = outcome.errors.first() {
        return Err(error.clone().into());
    }
    // Where the breaker has opened there is no quick retry, and no pause before it.
    let beside = |added: f64| if added >= PAUSE_MS { added - PAUSE_MS } else { added };
    let added: Vec<f64> = outcome.first_token_ms().into_iter().map(beside).collect();
    for (at, name) in [(0.5, "p50"), (0.99, "p99")] {
        let name = format!("added beside the pause, {name} of {}", added.len());
        let figure = Figure::new(FAILOVER, name, "ms").value(INKSTREAM, percentile(&added, at));
        report.add(figure.aim(Aim::AtMost(50.0)));
    }
    Ok(())
}

async fn sharing(bench: &Bench, report: &mut Report) -> Result<(), Error> {
    let target = bench.targets.iter().find(|it| it.name == INKSTREAM).ok_or("no Inkstream")?;
    let tokens = if bench.quick { 100 } else { 300 };
    let own = Load::at_once(VIEWERS, 1, paced(20, tokens));
    let (mut whole, mut streaming, mut calls) = ((0, 0), (0, 0), 0);
    for _ in 0..if bench.quick { 1 } else { 3 } {
        let alone = bench.field.run(target, own).await?;
        let shared = bench.field.run(target, Load { same: true, ..own }).await?;
        whole = (whole.0 + alone.cpu_ns, whole.1 + shared.cpu_ns);
        let middle = |outcome: &Outcome| outcome.streaming.map_or(0, |(cpu_ns, _)| cpu_ns);
        streaming = (streaming.0 + middle(&alone), streaming.1 + middle(&shared));
        calls = calls.max(shared.records.values().map(|record| record.calls).max().unwrap_or(0));
        if shared.incomplete() > 0 {
            report.fail(format!("{} shared streams were not whole", shared.incomplete()));
        }
    }
    let calls = Figure::new(SHARING, "calls to the model", "").value(INKSTREAM, calls.into());
    report.add(calls.aim(Aim::AtMost(1.0)));
    for (name, (alone, shared)) in
        [("while streaming", streaming), ("beginning and end included", whole)]
    {
        let name = format!("CPU of a viewer in one of a stream of its own, {name}");
        let share = Figure::new(SHARING, name, "").value(INKSTREAM, shared as f64 / alone as f64);
        report.add(share.aim(Aim::AtMost(0.33)));
    }
    Ok(())
}
