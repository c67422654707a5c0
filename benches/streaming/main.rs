//! The benchmark of the streaming path: `make bench`.
//!
//! It starts a scripted model server, two reference gateways and Inkstream, each in a process of
//! its own on loopback, puts the same loads on all of them in turn, and reports speed, CPU and
//! memory as a table and in `benches/results/latest.json`. It judges nothing but its own ability
//! to measure: the aims stand beside the figures, and a figure that misses one is no error.
//!
//! `BENCH_QUICK=1` measures a little of everything in about a minute. Arguments name the scenarios
//! to run: `cargo bench --features ssr --bench streaming -- cpu stop`. A thousand streams need
//! some 5,000 open files; the limit is raised as far as the system allows.

// A benchmark talks to whoever runs it.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the report goes to the terminal")]

mod client;
mod clock;
mod gateways;
mod load;
mod plan;
mod process;
mod report;
mod scenarios;
mod upstream;
mod wire;

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use report::Report;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use scenarios::Bench;

/// Whatever went wrong, as text for the report.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

const RESULTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/results/latest.json");

/// Tells the process that started this one where it listens.
pub fn announce(address: SocketAddr) {
    eprintln!("listening on http://{address}");
}

fn main() -> ExitCode {
    match begin() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the role or the scenarios that the arguments name; true if all could be measured.
fn begin() -> Result<bool, Error> {
    raise_open_files()?;
    // Cargo adds `--bench`.
    let arguments: Vec<_> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--role", "upstream"] => upstream::run().map(|()| true),
        ["--role", "passing", upstream] => gateways::run_passing(upstream).map(|()| true),
        ["--role", "parsing", upstream] => gateways::run_parsing(upstream).map(|()| true),
        _ => measure(&arguments),
    }
}

fn measure(names: &[&str]) -> Result<bool, Error> {
    let quick = std::env::var_os("BENCH_QUICK").is_some_and(|value| value != "0");
    let names = if names.is_empty() { &scenarios::NAMES[..] } else { names };
    let load_before = std::fs::read_to_string("/proc/loadavg")?;
    let load_before = load_before.split(' ').next().unwrap_or_default().to_owned();
    let mut report = Report::new(quick, load_before);
    let bench = Bench::start(quick, &mut report)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        for name in names {
            scenarios::run(name, &bench, &mut report).await;
        }
    });
    println!("{}", report.table());
    report.save(Path::new(RESULTS))?;
    println!("load average before: {}; written to {RESULTS}", report.load_before());
    Ok(report.whole())
}

/// Raises the limit of open files, for this process and those that it starts.
fn raise_open_files() -> Result<(), Error> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}
