//! Tokens for each second of a server's own CPU.

use super::Bench;
use crate::Error;
use crate::load::{Load, Outcome, paced};
use crate::plan::{Mode, Plan};
use crate::report::{Aim, Figure, Report};

const PACED: &str = "tokens per CPU second, 200 streams, 50 tokens a second each";
const RUSH: &str = "upstream at full speed, 10 streams";

pub async fn run(bench: &Bench, report: &mut Report) -> Result<(), Error> {
    paced_streams(bench, report).await;
    full_speed(bench, report).await;
    Ok(())
}

async fn paced_streams(bench: &Bench, report: &mut Report) {
    // A short article, and an answer so short that its beginning and end cost as much as its text:
    // the gateway forgets it, Inkstream stores, renders, colours and indexes it.
    let lengths = if bench.quick { [(300, 1), (60, 1)] } else { [(1_000, 2), (200, 3)] };
    let mut middle = Figure::new(PACED, "while streaming only", "tokens/CPU s");
    for (tokens, passes) in lengths {
        let load = Load { spread_ms: 500, ..Load::at_once(200, 1, paced(20, tokens)) };
        let title = format!("whole, beginning and end included, {tokens} tokens each");
        let mut whole = Figure::new(PACED, &title, "tokens/CPU s");
        let article = tokens == lengths[0].0;
        for (target, outcomes) in
            bench.side_by_side(passes, load, |it| it.server.is_some(), report).await
        {
            whole.set(target.name, rate(&outcomes, |it| Some((it.cpu_ns, it.tokens()))));
            if article {
                middle.set(target.name, rate(&outcomes, |it| it.streaming));
            }
        }
        report.add(if article { whole.aim(Aim::TimesParsing(0.9)) } else { whole });
    }
    report.add(middle);
}

async fn full_speed(bench: &Bench, report: &mut Report) {
    let (tokens, passes) = if bench.quick { (5_000, 1) } else { (20_000, 3) };
    let plan = Plan { key: 0, ttft_ms: 0, gap_ms: 0, tokens, mode: Mode::Speak };
    let load = Load::at_once(10, 1, plan);
    let mut per_cpu = Figure::new(RUSH, "tokens per CPU second", "tokens/CPU s");
    let mut speed = Figure::new(RUSH, "tokens per second", "tokens/s");
    let mut client = Figure::new(RUSH, "load client's CPU", "% of a core");
    let mut upstream = Figure::new(RUSH, "upstream's CPU", "% of a core");
    for (target, outcomes) in bench.side_by_side(passes, load, |_| true, report).await {
        if target.server.is_some() {
            per_cpu.set(target.name, rate(&outcomes, |it| Some((it.cpu_ns, it.tokens()))));
        }
        let nanos = |it: &Outcome| it.elapsed.as_nanos() as u64;
        speed.set(target.name, rate(&outcomes, |it| Some((nanos(it), it.tokens()))));
        let share = |cpu: fn(&Outcome) -> u64| {
            // A rate of CPU nanoseconds in elapsed time, as per cent.
            rate(&outcomes, |it| Some((nanos(it), cpu(it)))) / 1e7
        };
        client.set(target.name, share(|it| it.client_cpu_ns));
        upstream.set(target.name, share(|it| it.upstream_cpu_ns));
    }
    report.add(per_cpu.aim(Aim::TimesParsing(2.0)));
    for figure in [speed, client, upstream] {
        report.add(figure);
    }
}

/// Things per second over all outcomes, from pairs of nanoseconds and things.
fn rate(outcomes: &[Outcome], of: impl Fn(&Outcome) -> Option<(u64, u64)>) -> f64 {
    let (nanos, things) = outcomes
        .iter()
        .filter_map(of)
        .fold((0, 0), |sum, (nanos, things)| (sum.0 + nanos, sum.1 + things));
    if nanos == 0 { 0.0 } else { things as f64 * 1e9 / nanos as f64 }
}
