//! What a target adds to the time to first token and to each token, over a direct connection.

use super::Bench;
use crate::Error;
use crate::load::{Load, Outcome, paced};
use crate::report::{Aim, DIRECT, Figure, Report, percentile};

const SCENARIO: &str = "added over direct, 50 ms to the first token, then one every 20 ms";

pub async fn run(bench: &Bench, report: &mut Report) -> Result<(), Error> {
    // Streams at once, tokens, streams in a row, passes over the targets.
    let plan: &[(usize, u64, usize, usize)] = if bench.quick {
        &[(1, 5, 8, 1), (10, 10, 4, 1), (100, 30, 2, 1)]
    } else {
        &[(1, 10, 14, 2), (10, 25, 5, 2), (100, 100, 2, 2), (1_000, 200, 2, 1)]
    };
    for (streams, tokens, rounds, passes) in plan.iter().copied() {
        let load = Load::steady(streams, rounds, paced(20, tokens));
        let outcomes = bench.side_by_side(passes, load, |_| true, report).await;
        let mut lines = Lines::new(streams);
        // The direct connection is the first target.
        let mut direct = Delays::default();
        for (target, outcomes) in &outcomes {
            let seen = Delays::of(outcomes);
            lines.add(target.name, &seen, &direct);
            lines.client.set(target.name, percent(outcomes, |it| it.client_cpu_ns));
            lines.upstream.set(target.name, percent(outcomes, |it| it.upstream_cpu_ns));
            if target.name == DIRECT {
                direct = seen;
            }
        }
        lines.report(report);
    }
    Ok(())
}

/// The delays of all passes, in milliseconds.
#[derive(Default)]
struct Delays {
    first: Vec<f64>,
    request: Vec<f64>,
    token: Vec<f64>,
}

impl Delays {
    fn of(outcomes: &[Outcome]) -> Self {
        Self {
            first: outcomes.iter().flat_map(Outcome::first_token_ms).collect(),
            request: outcomes.iter().flat_map(Outcome::request_ms).collect(),
            token: outcomes.iter().flat_map(Outcome::token_delays_ms).collect(),
        }
    }
}

/// The lines for one number of streams.
struct Lines {
    streams: usize,
    delays: [Figure; 5],
    client: Figure,
    upstream: Figure,
}

impl Lines {
    fn new(streams: usize) -> Self {
        let line =
            |name: &str, unit| Figure::new(SCENARIO, format!("{streams} streams: {name}"), unit);
        Self {
            streams,
            delays: [
                line("first token, p50", "ms"),
                line("first token, p99", "ms"),
                line("of it before upstream is asked, p50", "ms"),
                line("each token, p50", "ms"),
                line("each token, p99", "ms"),
            ],
            client: line("load client's CPU", "% of a core"),
            upstream: line("upstream's CPU", "% of a core"),
        }
    }

    /// What `seen` adds to `direct`, which is empty for the direct connection itself: its column
    /// holds its own delay.
    fn add(&mut self, target: &'static str, seen: &Delays, direct: &Delays) {
        let added = |of: fn(&Delays) -> &[f64], share| {
            percentile(of(seen), share) - percentile(of(direct), share)
        };
        let added = [
            added(|it| &it.first, 0.5),
            added(|it| &it.first, 0.99),
            added(|it| &it.request, 0.5),
            added(|it| &it.token, 0.5),
            added(|it| &it.token, 0.99),
        ];
        for (figure, added) in self.delays.iter_mut().zip(added) {
            figure.set(target, added);
        }
    }

    fn report(self, report: &mut Report) {
        let aims = match self.streams {
            100 => {
                [Some(Aim::AtMost(0.6)), Some(Aim::AtMost(2.0)), None, Some(Aim::AtMost(0.2)), None]
            }
            _ => [None; 5],
        };
        for (figure, aim) in self.delays.into_iter().zip(aims) {
            report.add(match aim {
                Some(aim) => figure.aim(aim),
                None => figure,
            });
        }
        report.add(self.client);
        report.add(self.upstream);
    }
}

fn percent(outcomes: &[Outcome], cpu: impl Fn(&Outcome) -> u64) -> f64 {
    let spent: u64 = outcomes.iter().map(cpu).sum();
    let elapsed: f64 = outcomes.iter().map(|it| it.elapsed.as_secs_f64()).sum();
    if elapsed > 0.0 { spent as f64 / 1e7 / elapsed } else { 0.0 }
}
