//! The four stages that make an article out of a brief.
//!
//! Each stage takes what the stage before it made, so a wrong order does not compile. The pipeline
//! writes to the log of its generation and reads nothing but its [`Job`]: it knows neither the
//! store nor the request that asked for it.

mod attempt;
pub mod coalescing;
mod colouring;
mod flight;
pub mod generate;
mod meter;
pub mod postprocess;
pub mod preprocess;
pub mod problems;
pub mod route;
mod seam;
mod template;
pub mod tokens;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};
use uuid::Uuid;

use self::coalescing::Coalescing;
use super::budget::Reservation;
use super::config::Config;
use super::event_log::EventLog;
use super::providers::Provider;
use super::resilience::Health;
use super::store::records::{NewDeadLetter, NewRevision};
use crate::article::brief::Brief;
use crate::article::event::{Event, GenerationState, Seam, Stage, Usage};
use crate::article::generation::Attempt;
use crate::article::problem::Problem;

/// All model APIs, by the provider's name.
pub type Providers = BTreeMap<String, Arc<dyn Provider>>;

/// A generation at work.
pub struct Job {
    /// The generation.
    pub id: Uuid,
    /// What is asked for.
    pub brief: Brief,
    /// The language to write in (BCP 47).
    pub language: String,
    /// Whether it goes on from the text that its log begins with.
    pub continues: bool,
    /// The seams of that text.
    pub earlier_seams: Vec<Seam>,
    /// The model that wrote its end.
    pub earlier_model: Option<String>,
    /// Of what others asked for, only what was begun after this will do (Unix ms); `None`: anything.
    pub newer_than: Option<i64>,
    /// The id of the request that asked.
    pub request_id: String,
    /// Where everything is written.
    pub log: Arc<EventLog>,
    /// What the resource shows of it besides the log.
    pub progress: Mutex<Progress>,
    /// How it is stopped.
    pub stop: StopSignal,
    /// What is set aside for it, where there is a budget; set before it begins.
    pub reservation: OnceLock<Reservation>,
    /// When it was accepted.
    pub accepted: Instant,
    /// Limits, models, routes.
    pub config: Arc<Config>,
    /// The model APIs.
    pub providers: Arc<Providers>,
    /// How they have been doing.
    pub health: Arc<Health>,
    /// What others asked for.
    pub coalescing: Arc<Coalescing>,
}

/// What the resource shows of a running generation besides its log.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Whether it has a place and is being written.
    pub running: bool,
    /// The model that writes.
    pub model: Option<String>,
    /// Tokens and money so far.
    pub usage: Usage,
    /// The tries so far.
    pub attempts: Vec<Attempt>,
}

/// How a generation ended: everything that is stored of it.
#[derive(Debug)]
pub struct Ending {
    /// The event to end the log with.
    pub last: Event,
    /// Why it failed.
    pub error: Option<Problem>,
    /// The revision that it makes; `None` where there is no text.
    pub revision: Option<NewRevision>,
    /// What is kept to try it again, where it failed.
    pub dead_letter: Option<NewDeadLetter>,
}

impl Ending {
    /// Lets readers of a failure find it in the server's log.
    pub fn name_request(&mut self, id: &str) {
        let Event::Failed { problem, .. } = &mut self.last else { return };
        for problem in [Some(problem), self.error.as_mut()].into_iter().flatten() {
            id.clone_into(&mut problem.request_id);
        }
    }
}

/// Takes a brief through the four stages.
pub async fn run(job: &Arc<Job>) -> Ending {
    let prepared = preprocess::run(job);
    let route = route::run(job, prepared);
    let transcript = generate::run(job, route).await;
    postprocess::run(job, transcript).await
}

impl Job {
    /// What the resource shows of it, to read or to change.
    pub fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, stage: Stage) {
        let elapsed_ms = millis(self.accepted.elapsed());
        self.log.push(&Event::Stage { stage, elapsed_ms });
    }
}

/// Whole milliseconds.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// How a generation is stopped, at most once, from any task.
#[derive(Debug, Default)]
pub struct StopSignal {
    token: CancellationToken,
    stop: OnceLock<Stop>,
}

/// Why and when a generation was stopped.
#[derive(Clone, Copy, Debug)]
pub struct Stop {
    /// Why.
    pub reason: StopReason,
    /// When.
    pub at: Instant,
}

/// Why a generation was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// A person wished it.
    Cancelled,
    /// The server goes away.
    Interrupted,
}

impl StopReason {
    /// The state that it leads to.
    pub fn state(self) -> GenerationState {
        match self {
            Self::Cancelled => GenerationState::Cancelled,
            Self::Interrupted => GenerationState::Interrupted,
        }
    }
}

impl StopSignal {
    /// Stops. Only the first call counts.
    pub fn stop(&self, reason: StopReason) {
        if self.stop.set(Stop { reason, at: Instant::now() }).is_ok() {
            self.token.cancel();
        }
    }

    /// Whether, why and when it was stopped.
    pub fn stopped(&self) -> Option<Stop> {
        self.stop.get().copied()
    }

    /// Waits until it is stopped.
    pub fn wait(&self) -> WaitForCancellationFuture<'_> {
        self.token.cancelled()
    }
}
