//! Runs generations, and takes what they write to the store.
//!
//! A log is at most [`FLUSH_EVERY`] or 4 KiB behind, whichever comes first, so a killed server
//! loses at most that much. All logs go in one transaction. What cannot be written is kept and
//! tried again every [`RETRY_EVERY`].

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::live::Live;
use super::{Generations, StoreError};
use crate::article::event::{Event, GenerationState};
use crate::article::problem::{Code, Problem};
use crate::server::pipeline::{self, Ending, postprocess};
use crate::server::store::records::{EventBatch, NewGeneration, NewRevision};
use crate::server::telemetry::metrics;

/// How far the store may be behind.
const FLUSH_EVERY: Duration = Duration::from_millis(200);

/// The shortest time between two flushes, however much comes.
const FLUSH_REST: Duration = Duration::from_millis(20);

/// How long after a failed write it is tried again.
const RETRY_EVERY: Duration = Duration::from_secs(1);

impl Generations {
    /// Runs a generation from its place in line to its last event, and stores it.
    pub(super) async fn run(&self, live: &Live) {
        let _running = metrics::RunningGeneration::begin();
        let ending = tokio::select! {
            biased;
            () = live.job.stop.wait() => None,
            place = self.0.places.acquire() => Some(place),
        };
        let ending = match ending {
            Some(_place) => {
                live.job.progress().running = true;
                // A bug in there must not leave readers and a Stop waiting for ever.
                let run = AssertUnwindSafe(pipeline::run(&live.job)).catch_unwind();
                run.await.unwrap_or_else(|_| broken(live))
            }
            None => stopped_in_line(live),
        };
        let tokens = live.job.progress().usage.completion;
        let state = ending.last.final_state().map_or("", GenerationState::as_str);
        metrics::generation_ended(state, tokens);
        tracing::info!(
            generation.id = %live.job.id,
            state,
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
        live.seal(ending);
        self.store_end(live).await;
        self.lock_live().remove(&live.job.id);
    }

    /// Stores the record of a generation whose reader did not wait for that, however long it takes.
    pub(super) async fn store_beginning(&self, live: &Live, new: &NewGeneration) {
        loop {
            match self.0.store.create_generation(new).await {
                Ok(_) => return live.created.set(),
                Err(error) => report(&error),
            }
            // A failure may have been reported of what was written all the same.
            if let Ok(Some(_)) = self.0.store.generation(new.id).await {
                return live.created.set();
            }
            tokio::select! {
                () = sleep(RETRY_EVERY) => {}
                () = self.0.closing.cancelled() => return live.created.refuse(),
            }
        }
    }

    /// Stores the end, then lets readers hear it. Where the store fails, readers hear it all the
    /// same, from memory, which keeps the log until it is stored.
    async fn store_end(&self, live: &Live) {
        if !live.created.is_set() {
            // The store is slow or full: whoever reads along does not wait for it.
            let stored = tokio::time::timeout(RETRY_EVERY, live.created.settled()).await;
            if stored != Ok(true) {
                live.job.log.publish();
                live.ended.cancel();
            }
            if !live.created.settled().await {
                return;
            }
        }
        loop {
            let written = self.write_end(live).await;
            live.job.log.publish();
            live.ended.cancel();
            match written {
                Ok(()) => return,
                Err(error) => report(&error),
            }
            sleep(RETRY_EVERY).await;
        }
    }

    async fn write_end(&self, live: &Live) -> Result<(), StoreError> {
        let _writing = self.0.writing.lock().await;
        let Some(ended) = live.to_store() else { return Ok(()) };
        self.0.store.end_generation(&ended).await?;
        live.job.log.mark_stored(ended.last_seq);
        Ok(())
    }

    /// Writes logs until the server goes away.
    pub(super) async fn keep_writing(&self) {
        let mut tick = interval(FLUSH_EVERY);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.0.closing.cancelled() => return,
                () = self.0.flush.notified() => sleep(FLUSH_REST).await,
                _ = tick.tick() => {}
            }
            if let Err(error) = self.write_events().await {
                report(&error);
                sleep(RETRY_EVERY).await;
            }
        }
    }

    /// Takes everything unstored to the store, in one transaction.
    pub(super) async fn write_events(&self) -> Result<(), StoreError> {
        let _writing = self.0.writing.lock().await;
        let live = self.all_live();
        let unstored: Vec<(&Live, EventBatch)> = live
            .iter()
            .filter(|live| live.created.is_set())
            .filter_map(|live| Some((&**live, live.unstored()?)))
            .collect();
        if unstored.is_empty() {
            return Ok(());
        }
        let (live, batches): (Vec<&Live>, Vec<EventBatch>) = unstored.into_iter().unzip();
        self.0.store.append_events(&batches).await?;
        for (live, batch) in live.iter().zip(&batches) {
            live.job.log.mark_stored(batch.last_seq);
        }
        Ok(())
    }
}

fn broken(live: &Live) -> Ending {
    let problem = Problem::new(
        Code::Internal,
        "Inkstream failed while writing.",
        "The text so far is kept; Continue goes on from it.",
    );
    Ending {
        last: Event::Failed { problem: problem.clone(), dead_letter: None },
        error: Some(problem),
        revision: revision_of_what_is_there(live),
    }
}

/// A revision of the text so far, where the pipeline could not make it.
fn revision_of_what_is_there(live: &Live) -> Option<NewRevision> {
    let text = live.job.log.text();
    let revision = postprocess::revision(text, Vec::new(), &live.job.brief.topic)?;
    live.job.log.push(&Event::Meta(revision.meta.clone()));
    Some(revision)
}

fn stopped_in_line(live: &Live) -> Ending {
    let interrupted = live
        .job
        .stop
        .stopped()
        .is_some_and(|stop| stop.reason == pipeline::StopReason::Interrupted);
    let usage = live.job.progress().usage.clone();
    let last = if interrupted {
        Event::Interrupted
    } else {
        Event::Cancelled { upstream_closed_ms: 0.0, usage }
    };
    // A continuation has the earlier text already.
    Ending { last, error: None, revision: revision_of_what_is_there(live) }
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
