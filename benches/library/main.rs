//! The benchmark of the library: opening and searching a store of 100,000 articles, over HTTP.
//!
//! `cargo bench --features ssr --bench library`. It fills a store in a temporary directory (some
//! minutes), serves it from this process, and asks for lists and searches one after another. The
//! table goes to the terminal, the figures to `benches/results/library.json`. `BENCH_QUICK=1`
//! takes 5,000 articles. It judges nothing: a figure that misses its aim is no error.

// A benchmark talks to whoever runs it.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the report goes to the terminal")]

mod fill;
mod questions;
mod words;

use std::path::Path;
use std::time::{Duration, Instant};

use inkstream::server::config::{Config, Sources};
use inkstream::server::router::router;
use inkstream::server::serve;
use inkstream::server::state::AppState;
use inkstream::server::store::Store;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Whatever went wrong, as text for the terminal.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

const RESULTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/results/library.json");
/// What 95 of 100 answers should stay under, in milliseconds.
const AIM_P95_MS: f64 = 50.0;
/// How often each question is asked.
const TIMES: usize = 60;

/// How long one kind of question takes.
#[derive(Serialize)]
struct Figure {
    name: &'static str,
    p50_ms: f64,
    p95_ms: f64,
    /// Items in an answer, on average.
    items: f64,
}

#[derive(Serialize)]
struct Report {
    articles: u64,
    fill_seconds: f64,
    database_bytes: u64,
    aim_p95_ms: f64,
    figures: Vec<Figure>,
}

fn main() -> Result<(), Error> {
    tokio::runtime::Runtime::new()?.block_on(run())
}

async fn run() -> Result<(), Error> {
    let quick = std::env::var_os("BENCH_QUICK").is_some_and(|value| value != "0");
    let articles = if quick { 5_000 } else { 100_000 };
    let dir = tempfile::tempdir()?;
    let directory = dir.path().to_str().ok_or("a directory whose name is no text")?;
    let begun = Instant::now();
    let store = Store::open(dir.path()).await?;
    fill::fill(&store, articles).await?;
    store.close().await;
    let fill_seconds = begun.elapsed().as_secs_f64();
    let database_bytes = std::fs::metadata(dir.path().join("inkstream.db"))?.len();
    eprintln!("{articles} articles, {} MB, {fill_seconds:.0} s", database_bytes >> 20);

    let sources = Sources::of_directory(directory)
        .with("INKSTREAM_DATA_DIR", directory)
        .with("INKSTREAM_DISCOVER", "0");
    let state = AppState::start(Config::load(&sources)?).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    let shutdown = CancellationToken::new();
    let served = tokio::spawn(serve::serve(listener, router(&state), shutdown.clone()));
    rustls::crypto::ring::default_provider().install_default().map_err(|_| "TLS is set up")?;
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build()?;

    let mut figures = Vec::new();
    for question in questions::all(&client, &base).await? {
        figures.push(measure(&client, &base, question).await?);
    }
    shutdown.cancel();
    served.await??;
    state.shutdown().await;

    println!("{:34} {:>9} {:>9} {:>7}", "", "p50 ms", "p95 ms", "items");
    for Figure { name, p50_ms, p95_ms, items } in &figures {
        let verdict = if *p95_ms <= AIM_P95_MS { "" } else { "  over the aim" };
        println!("{name:34} {p50_ms:9.2} {p95_ms:9.2} {items:7.1}{verdict}");
    }
    let report = Report { articles, fill_seconds, database_bytes, aim_p95_ms: AIM_P95_MS, figures };
    if let Some(directory) = Path::new(RESULTS).parent() {
        std::fs::create_dir_all(directory)?;
    }
    Ok(std::fs::write(RESULTS, serde_json::to_string_pretty(&report)?)?)
}

async fn measure(
    client: &reqwest::Client,
    base: &str,
    question: questions::Question,
) -> Result<Figure, Error> {
    let mut times = Vec::with_capacity(TIMES);
    let mut items = 0;
    for path in question.paths.iter().cycle().take(TIMES) {
        let begun = Instant::now();
        let response = client.get(format!("{base}{path}")).send().await?.error_for_status()?;
        let body = response.bytes().await?;
        times.push(begun.elapsed().as_secs_f64() * 1_000.0);
        items += questions::items(&body)?;
    }
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    let items = items as f64 / TIMES as f64;
    Ok(Figure { name: question.name, p50_ms: at(50), p95_ms: at(95), items })
}
