//! A thousand streams at once, and whether every one of them came whole.

use super::Bench;
use crate::Error;
use crate::load::{Load, Outcome, paced};
use crate::report::{Aim, Figure, Report, percentile};

const SCENARIO: &str = "1,000 streams at 20 tokens a second";

pub async fn run(bench: &Bench, report: &mut Report) -> Result<(), Error> {
    let (streams, tokens) = if bench.quick { (300, 60) } else { (1_000, 200) };
    let load = Load { spread_ms: 2_000, ..Load::at_once(streams, 1, paced(50, tokens)) };
    let mut incomplete = Figure::new(SCENARIO, "streams that did not come whole", "streams");
    let mut received = Figure::new(SCENARIO, "tokens received", "tokens");
    let mut delay = Figure::new(SCENARIO, "delay of a token on its way, p99", "ms");
    let mut cpu = Figure::new(SCENARIO, "tokens per CPU second", "tokens/CPU s");
    for (target, outcomes) in bench.side_by_side(1, load, |_| true, report).await {
        let lost = outcomes.iter().map(Outcome::incomplete).sum::<usize>();
        incomplete.set(target.name, if outcomes.is_empty() { streams as f64 } else { lost as f64 });
        for outcome in &outcomes {
            received.set(target.name, outcome.tokens() as f64);
            delay.set(target.name, percentile(&outcome.token_delays_ms(), 0.99));
            if target.server.is_some() && outcome.cpu_ns > 0 {
                cpu.set(target.name, outcome.tokens() as f64 * 1e9 / outcome.cpu_ns as f64);
            }
        }
    }
    report.add(incomplete.aim(Aim::AtMost(0.0)));
    report.add(received.aim(Aim::AtLeast((streams as u64 * tokens) as f64)));
    report.add(delay);
    report.add(cpu);
    Ok(())
}
