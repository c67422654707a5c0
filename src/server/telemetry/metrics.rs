//! What is counted, under the names that dashboards rely on (`API.md`), behind named functions.
//!
//! The numbers are the process's; without [`start`] every function here does nothing.

use std::sync::OnceLock;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::article::problem::Code;
use crate::server::providers::ErrorClass;
use crate::server::resilience::BreakerState;

const REQUESTS: &str = "bloggen_requests_total";
const REQUEST_DURATION: &str = "bloggen_request_duration_seconds";
const REQUEST_ERRORS: &str = "bloggen_request_errors_total";
const GENERATIONS: &str = "bloggen_generations_total";
const GENERATION_TOKENS: &str = "bloggen_generation_tokens";
const GENERATION_ERRORS: &str = "bloggen_generation_errors_total";
const FIRST_TOKEN: &str = "bloggen_first_token_seconds";
const RUNNING: &str = "bloggen_generations_running";
const READERS: &str = "bloggen_event_stream_readers";
const FLUSH_ERRORS: &str = "bloggen_store_flush_errors_total";
const MEMORY: &str = "bloggen_memory_mb";
const BREAKER: &str = "bloggen_circuit_breaker_state";

/// Seconds from request to the head of the answer.
const REQUEST_BUCKETS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Tokens of one generation's answer.
const TOKEN_BUCKETS: &[f64] = &[50.0, 100.0, 250.0, 500.0, 1e3, 2e3, 4e3, 8e3, 16e3, 32e3, 64e3];
/// Seconds from the upstream request to its first token.
const FIRST_TOKEN_BUCKETS: &[f64] = &[0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0];

static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Begins to count. Calling it again does nothing: the numbers belong to the process.
pub fn start() {
    RECORDER.get_or_init(|| {
        let builder = [
            (REQUEST_DURATION, REQUEST_BUCKETS),
            (GENERATION_TOKENS, TOKEN_BUCKETS),
            (FIRST_TOKEN, FIRST_TOKEN_BUCKETS),
        ]
        .into_iter()
        .try_fold(PrometheusBuilder::new(), |builder, (name, buckets)| {
            builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), buckets)
        });
        match builder.and_then(PrometheusBuilder::install_recorder) {
            Ok(handle) => {
                describe();
                Some(handle)
            }
            Err(error) => {
                tracing::error!(error_type = "metrics", cause = %error, "there are no metrics");
                None
            }
        }
    });
}

fn describe() {
    describe_counter!(REQUESTS, "Requests by method, matched route and status.");
    describe_histogram!(REQUEST_DURATION, "Seconds from a request to the head of its answer.");
    describe_counter!(REQUEST_ERRORS, "Answers with a status of 500 and above, by error code.");
    describe_counter!(GENERATIONS, "Generations that ended, by final state.");
    describe_histogram!(GENERATION_TOKENS, "Tokens of the answers of one generation.");
    describe_counter!(GENERATION_ERRORS, "Failed attempts and generations, by class of error.");
    describe_histogram!(FIRST_TOKEN, "Seconds from the upstream request to the first token.");
    describe_gauge!(RUNNING, "Generations that run in this process.");
    describe_gauge!(READERS, "Open event streams.");
    describe_counter!(FLUSH_ERRORS, "Writes of event logs to the store that failed.");
    describe_gauge!(MEMORY, "Resident memory of this process in MiB.");
    describe_gauge!(BREAKER, "Circuit breaker by model: 0 closed, 1 half-open, 2 open.");
    // A rate is only right when the first error does not also create the series.
    for class in
        [ErrorClass::Retryable, ErrorClass::Candidate, ErrorClass::Business, ErrorClass::System]
    {
        counter!(GENERATION_ERRORS, "error_type" => class.as_str()).absolute(0);
    }
    counter!(FLUSH_ERRORS).absolute(0);
    let _registered = histogram!(GENERATION_TOKENS);
    gauge!(RUNNING).set(0.0);
    gauge!(READERS).set(0.0);
}

/// The numbers in Prometheus's text format; `None` where nothing is counted.
pub fn render() -> Option<String> {
    let handle = RECORDER.get()?.as_ref()?;
    if let Some(mebibytes) = resident_memory() {
        gauge!(MEMORY).set(mebibytes);
    }
    Some(handle.render())
}

/// Folds what was observed since the last call, which otherwise grows until somebody looks.
/// To be called every few seconds.
pub fn upkeep() {
    if let Some(handle) = RECORDER.get().and_then(Option::as_ref) {
        handle.run_upkeep();
    }
}

/// Resident memory in MiB (`/proc/self/statm`, second field, in pages of 4 KiB).
fn resident_memory() -> Option<f64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: f64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * 4096.0 / f64::from(1 << 20))
}

/// A request that is being answered. It is counted by the route that matched, never by its path: paths
/// hold ids.
pub struct Answering {
    begun: Instant,
    method: &'static str,
    endpoint: String,
}

impl Answering {
    /// Begins with a request that was routed.
    pub fn begin(request: &Request) -> Self {
        let matched = request.extensions().get::<MatchedPath>();
        Self {
            begun: Instant::now(),
            method: method_name(request.method()),
            endpoint: matched.map_or("unmatched", MatchedPath::as_str).to_owned(),
        }
    }

    /// Counts it with the head of its answer.
    pub fn end(self, status: StatusCode) {
        let Self { begun, method, endpoint } = self;
        let status = status.as_str().to_owned();
        histogram!(REQUEST_DURATION, "method" => method, "endpoint" => endpoint.clone())
            .record(begun.elapsed());
        counter!(REQUESTS, "method" => method, "endpoint" => endpoint, "status" => status)
            .increment(1);
    }
}

/// A closed set: clients may send any word as a method.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// An answer with a status of 500 and above.
pub fn request_failed(code: Code) {
    counter!(REQUEST_ERRORS, "error_type" => code.as_str()).increment(1);
}

/// An attempt or a generation failed.
pub fn generation_error(class: ErrorClass) {
    counter!(GENERATION_ERRORS, "error_type" => class.as_str()).increment(1);
}

/// The circuit breaker of a model is in this state now.
pub fn breaker(model: &str, state: BreakerState) {
    let value = match state {
        BreakerState::Closed => 0.0,
        BreakerState::HalfOpen => 1.0,
        BreakerState::Open => 2.0,
    };
    gauge!(BREAKER, "model" => model.to_owned()).set(value);
}

/// A generation ended, in the state of this name, with that many tokens of answer.
pub fn generation_ended(state: &'static str, tokens: u64) {
    counter!(GENERATIONS, "state" => state).increment(1);
    histogram!(GENERATION_TOKENS).record(tokens as f64);
}

/// The first token came, that many seconds after the upstream request.
pub fn first_token(seconds: f64) {
    histogram!(FIRST_TOKEN).record(seconds);
}

/// A write of an event log to the store failed; it will be tried again.
pub fn flush_error() {
    counter!(FLUSH_ERRORS).increment(1);
}

/// Counts as one running generation while it lives.
#[derive(Debug)]
pub struct RunningGeneration(());

impl RunningGeneration {
    /// One more.
    pub fn begin() -> Self {
        gauge!(RUNNING).increment(1.0);
        Self(())
    }
}

impl Drop for RunningGeneration {
    fn drop(&mut self) {
        gauge!(RUNNING).decrement(1.0);
    }
}

/// Counts as one reader of an event stream while it lives.
#[derive(Debug)]
pub struct EventStreamReader(());

impl EventStreamReader {
    /// One more.
    pub fn begin() -> Self {
        gauge!(READERS).increment(1.0);
        Self(())
    }
}

impl Drop for EventStreamReader {
    fn drop(&mut self) {
        gauge!(READERS).decrement(1.0);
    }
}
