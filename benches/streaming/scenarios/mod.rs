//! What is measured, one file for each question.

mod cpu;
mod edit;
mod growth;
mod latency;
mod memory;
mod recovery;
mod stop;
mod stop_recovering;
mod thousand;

use std::time::{Duration, Instant};

use crate::Error;
use crate::client::Dialect;
use crate::load::{Field, Load, Outcome, Target};
use crate::process::Server;
use crate::report::{DIRECT, INKSTREAM, PARSING, PASSING, Report};

/// How long one scenario may take before it is given up.
const LIMIT: Duration = Duration::from_secs(240);

/// Everything that a scenario works with.
pub struct Bench {
    /// The upstream and the making of load.
    pub field: Field,
    /// The direct connection, the gateways and Inkstream, all running side by side.
    pub targets: Vec<Target>,
    /// Whether to measure less of everything.
    pub quick: bool,
}

impl Bench {
    /// Starts every process; a server that does not start is reported and left out.
    pub fn start(quick: bool, report: &mut Report) -> Result<Self, Error> {
        let field = Field::new()?;
        let mut targets = vec![Target {
            name: DIRECT,
            address: field.upstream.address,
            dialect: Dialect::OpenAi,
            server: None,
        }];
        for name in [PASSING, PARSING, INKSTREAM] {
            match server(name, &field) {
                Ok(target) => targets.push(target),
                Err(error) => report.fail(format!("{name}: {error}")),
            }
        }
        Ok(Self { field, targets, quick })
    }

    /// Puts a load on every target in turn, `passes` times, each time beginning with another, so
    /// that what else the machine does falls on all alike.
    async fn side_by_side(
        &self,
        passes: usize,
        load: Load,
        which: impl Fn(&Target) -> bool,
        report: &mut Report,
    ) -> Vec<(&Target, Vec<Outcome>)> {
        let mut outcomes: Vec<(&Target, Vec<Outcome>)> =
            self.targets.iter().filter(|it| which(it)).map(|it| (it, Vec::new())).collect();
        for pass in 0..passes {
            for turn in 0..outcomes.len() {
                let index = (pass + turn) % outcomes.len();
                let (target, done) = &mut outcomes[index];
                match self.field.run(target, load).await {
                    Ok(outcome) => {
                        if let Some(error) = outcome.errors.first() {
                            let count = outcome.errors.len();
                            report.fail(format!("{}: {count} streams: {error}", target.name));
                        }
                        done.push(outcome);
                    }
                    Err(error) => report.fail(format!("{}: {error}", target.name)),
                }
            }
        }
        outcomes
    }
}

/// Starts a server of its own kind beside the others.
fn server(name: &'static str, field: &Field) -> Result<Target, Error> {
    let upstream = field.upstream.address;
    let (server, dialect) = match name {
        PASSING => (Server::role("passing", Some(upstream))?, Dialect::OpenAi),
        PARSING => (Server::role("parsing", Some(upstream))?, Dialect::Deltas),
        _ => (Server::inkstream(upstream)?, Dialect::Inkstream),
    };
    Ok(Target { name, address: server.address, dialect, server: Some(server) })
}

/// The names of all scenarios, in the order in which they run.
pub const NAMES: [&str; 8] =
    ["latency", "cpu", "memory", "thousand", "stop", "growth", "edit", "recovery"];

/// Runs one scenario; what goes wrong is noted in the report.
pub async fn run(name: &str, bench: &Bench, report: &mut Report) {
    let begun = Instant::now();
    eprintln!("measuring {name} ...");
    let scenario = async {
        match name {
            "latency" => latency::run(bench, report).await,
            "cpu" => cpu::run(bench, report).await,
            "memory" => memory::run(bench, report).await,
            "thousand" => thousand::run(bench, report).await,
            "stop" => {
                stop::run(bench, report).await?;
                stop_recovering::run(bench, report).await
            }
            "growth" => growth::run(bench, report).await,
            "edit" => edit::run(bench, report).await,
            "recovery" => recovery::run(bench, report).await,
            other => Err(format!("there is no scenario {other}; there are {NAMES:?}").into()),
        }
    };
    match tokio::time::timeout(LIMIT, scenario).await {
        Ok(Ok(())) => eprintln!("  took {:.0} s", begun.elapsed().as_secs_f64()),
        Ok(Err(error)) => report.fail(format!("{name}: {error}")),
        Err(_) => report.fail(format!("{name} did not end within {LIMIT:?}")),
    }
}
