//! Runs generations, and takes what they write to the store.
//!
//! A log is at most [`FLUSH_EVERY`] or 4 KiB behind, whichever comes first, so a killed server
//! loses at most that much. An end calls the writer at once, a beginning soon. Whatever has
//! gathered, of all generations, goes in one transaction. What cannot be written is kept and tried
//! again every [`RETRY_EVERY`]; what the store refuses for good, ever more rarely.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use uuid::Uuid;

use super::live::{Gathered, Live};
use super::{Generations, StoreError};
use crate::article::brief::Format;
use crate::article::event::{Event, GenerationState, Highlight, NOBODY_ASKED};
use crate::server::pipeline::generate::in_line;
use crate::server::pipeline::postprocess::{self, Kind};
use crate::server::pipeline::{self, Ending, problems};
use crate::server::store::records::{Flush, NewRevision};
use crate::server::telemetry::metrics;

/// How far the store may be behind.
const FLUSH_EVERY: Duration = Duration::from_millis(200);

/// The shortest time between two flushes, however much comes.
const FLUSH_REST: Duration = Duration::from_millis(40);

/// How long after a failed write it is tried again.
const RETRY_EVERY: Duration = Duration::from_secs(1);

impl Generations {
    /// Gives back what was set aside for a generation beyond its cost. A store that is stuck does
    /// not hold up the end, and is waited for all the same.
    pub(super) async fn settle(&self, live: &Arc<Live>) {
        if live.job.reservation.get().is_none() {
            return;
        }
        let live = Arc::clone(live);
        let settled = self.0.tasks.spawn(async move {
            if let Some(reservation) = live.job.reservation.get() {
                // Where one of several models has no price, the others' cost counts all the same.
                let progress = live.job.progress().clone();
                let costs = progress.attempts.iter().filter_map(|attempt| attempt.usage.cost);
                let cost = costs.sum();
                reservation.settle(cost).await;
            }
        });
        let _stuck = tokio::time::timeout(RETRY_EVERY, settled).await;
    }

    /// Runs a generation from its place in line to its last event, and stores it.
    pub(super) async fn run(&self, live: &Arc<Live>) {
        let _running = metrics::RunningGeneration::begin();
        let ending = tokio::select! {
            biased;
            () = live.job.stop.wait() => None,
            place = self.0.places.enter(|place| live.job.log.push(&in_line(place, "the server"))) => {
                Some(place)
            }
        };
        let mut ending = match ending {
            Some(_place) => {
                live.job.progress().running = true;
                // A bug in there must not leave readers and a Stop waiting for ever.
                let run = AssertUnwindSafe(pipeline::run(&live.job)).catch_unwind();
                match run.await {
                    Ok(ending) => ending,
                    Err(_) => broken(live).await,
                }
            }
            None => stopped_in_line(live).await,
        };
        ending.name_request(&live.job.request_id);
        let (tokens, model) = {
            let progress = live.job.progress();
            (progress.usage.completion, progress.model.clone())
        };
        let state = ending.last.final_state().map_or("", GenerationState::as_str);
        metrics::generation_ended(state, tokens);
        tracing::info!(
            generation.id = %live.job.id,
            state,
            model,
            language = live.job.language,
            text.bytes = live.job.log.text_len(),
            elapsed_ms = live.job.accepted.elapsed().as_millis() as u64,
            "generation ended"
        );
        if let Event::Failed { problem, .. } = &ending.last {
            tracing::error!(
                generation.id = %live.job.id,
                request.id = live.job.request_id,
                error_type = problem.code.as_str(),
                error = problem.message,
                resolution = problem.resolution,
                "generation failed"
            );
        }
        self.settle(live).await;
        live.seal(ending);
        self.0.ended.notify_one();
        live.settled.cancelled().await;
        self.lock_live().remove(&live.job.id);
    }

    /// Writes until the server goes away and everything that ran is stored.
    pub(super) async fn keep_writing(&self) {
        let mut tick = interval(FLUSH_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut earliest = Instant::now();
        while !self.0.closing.is_cancelled() || self.count_live() > 0 {
            tokio::select! {
                biased;
                // Someone waits for an end.
                () = self.0.ended.notified() => sleep_until(earliest).await,
                // A beginning would compete with its own first token.
                () = self.0.flush.notified() => tokio::select! {
                    () = sleep(FLUSH_REST) => {}
                    () = self.0.ended.notified() => sleep_until(earliest).await,
                },
                _ = tick.tick() => {}
            }
            earliest = Instant::now() + FLUSH_REST;
            if self.write().await.is_err_and(|error| error.is_outage()) {
                sleep(RETRY_EVERY).await;
            }
        }
    }

    /// Takes everything unstored to the store, in one transaction.
    pub(super) async fn write(&self) -> Result<(), StoreError> {
        let _writing = self.0.writing.lock().await;
        let live = self.all_live();
        match self.write_together(&live).await {
            // What the store refuses for good must hold up nothing but its own generation.
            Err(error) if !error.is_outage() && live.len() > 1 => {
                let mut written = Ok(());
                for one in live.chunks(1) {
                    written = written.and(self.write_together(one).await);
                }
                written
            }
            written => written,
        }
    }

    /// Where it fails and nothing else is tried, readers hear how a generation ended all the same,
    /// from memory, which keeps the log until it is stored.
    async fn write_together(&self, live: &[Arc<Live>]) -> Result<(), StoreError> {
        let mut flush = Flush::default();
        let closing = self.0.closing.is_cancelled();
        let gathered: Vec<(&Live, Gathered)> = live
            .iter()
            .filter_map(|live| Some((&**live, live.gather(&mut flush, closing)?)))
            .collect();
        if gathered.is_empty() {
            return Ok(());
        }
        let written = self.0.store.flush(&flush).await;
        // Several that are refused together are tried one by one.
        let alone = live.len() == 1;
        for (live, gathered) in gathered {
            match &written {
                Ok(()) => live.stored(gathered),
                Err(error) if error.is_outage() => live.tell_unstored(gathered),
                Err(_) if alone => live.refused(gathered, closing),
                Err(_) => {}
            }
        }
        written.inspect_err(report)
    }
}

async fn broken(live: &Live) -> Ending {
    let problem = problems::broken();
    Ending {
        last: Event::Failed { problem: problem.clone(), dead_letter: None },
        error: Some(problem),
        revision: revision_of_what_is_there(live).await,
        dead_letter: None,
    }
}

/// A revision of the text so far, where the pipeline could not make it.
async fn revision_of_what_is_there(live: &Live) -> Option<NewRevision> {
    let Live { job, .. } = live;
    let revision =
        revision_of(job.id, job.log.text(), job.brief.format, Vec::new(), Kind::of(job)).await?;
    job.log.push(&Event::Meta(revision.meta.clone()));
    Some(revision)
}

/// A revision of a text, on a thread of its own: a long text takes a while, and what made the
/// pipeline fail may be this very text. `None` where it has none, or fails again.
pub(super) async fn revision_of(
    generation: Uuid,
    text: String,
    format: Format,
    highlights: Vec<Highlight>,
    kind: Kind,
) -> Option<NewRevision> {
    let made = spawn_blocking(move || postprocess::revision(text, format, highlights, kind)).await;
    made.unwrap_or_else(|error| {
        tracing::error!(error_type = "internal", generation.id = %generation, error = %error,
            "no revision could be made of a text; its generation keeps it");
        None
    })
}

async fn stopped_in_line(live: &Live) -> Ending {
    let interrupted = live
        .job
        .stop
        .stopped()
        .is_some_and(|stop| stop.reason == pipeline::StopReason::Interrupted);
    let usage = live.job.progress().usage.clone();
    let last = if interrupted {
        Event::Interrupted { killed: false }
    } else {
        Event::Cancelled { upstream_closed_ms: Some(NOBODY_ASKED), usage }
    };
    // A continuation has the earlier text already.
    let revision = revision_of_what_is_there(live).await;
    Ending { last, error: None, revision, dead_letter: None }
}

fn report(error: &StoreError) {
    metrics::flush_error();
    tracing::error!(
        error_type = "storage",
        error = %error,
        resolution = error.to_problem().resolution,
        "a log could not be written; it is kept and will be tried again"
    );
}
