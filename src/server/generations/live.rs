//! A generation that runs in this process, until it is stored whole.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::super::clock::now_ms;
use super::super::pipeline::generate::seams_of;
use super::super::pipeline::{Ending, Job, Progress};
use super::super::store::records::{EndedGeneration, EventBatch, Flush, NewGeneration};
use crate::article::brief::Warning;
use crate::article::event::{GenerationState, Notice, NoticeKind};
use crate::article::generation::{Generation, UnixMs};
use crate::article::operations::RunningGeneration;

/// How often the store may refuse an end before it is given up.
const REFUSALS_MAX: u32 = 6;

/// How long the first refusal is heeded, doubled: with each further one twice as long.
const REFUSED_REST: Duration = Duration::from_millis(500);

/// A running generation and what became of it.
pub struct Live {
    pub job: Arc<Job>,
    pub article_id: Uuid,
    pub continues: Option<Uuid>,
    pub warnings: Vec<Warning>,
    pub created_at: UnixMs,
    /// Whether the store knows of it; its log is stored only behind that.
    record: Mutex<Record>,
    /// Set when the last event can be read.
    pub ended: CancellationToken,
    /// Set when nothing of it is left to be stored.
    pub settled: CancellationToken,
    ending: Mutex<Option<(Ending, UnixMs)>>,
    /// How often the store refused it for good, and until when it is left alone.
    refusals: Mutex<(u32, Option<Instant>)>,
}

/// How a generation's record gets into the store.
#[derive(Debug)]
pub enum Record {
    /// Whoever began it is storing it.
    Coming,
    /// The writer is to store it.
    Waiting(Arc<NewGeneration>),
    /// It is there.
    Stored,
    /// It never will be: whoever asked was told so.
    Refused,
}

/// What of a generation was gathered to be stored.
#[derive(Clone, Copy, Debug)]
pub struct Gathered {
    /// The seq that the store will have.
    last_seq: u64,
    /// Whether its end is among it.
    pub is_end: bool,
}

impl Live {
    pub fn new(job: Job, article_id: Uuid, continues: Option<Uuid>, created_at: UnixMs) -> Self {
        Self {
            warnings: job.brief.warnings(),
            article_id,
            continues,
            created_at,
            record: Mutex::new(Record::Coming),
            ended: CancellationToken::new(),
            settled: CancellationToken::new(),
            ending: Mutex::default(),
            refusals: Mutex::default(),
            job: Arc::new(job),
        }
    }

    /// How its record stands, to read or to change.
    pub fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets readers see the last event.
    pub fn publish(&self) {
        self.job.log.publish();
        self.ended.cancel();
    }

    /// Writes the last event where nobody reads it yet.
    pub fn seal(&self, ending: Ending) {
        let mut slot = self.ending.lock().unwrap_or_else(PoisonError::into_inner);
        self.job.log.seal(&ending.last);
        *slot = Some((ending, now_ms()));
    }

    /// Adds what of it is to be stored now; `None` where there is nothing, or not yet.
    pub fn gather(&self, flush: &mut Flush, closing: bool) -> Option<Gathered> {
        if self.settled.is_cancelled() || self.is_left_alone() && !closing {
            return None;
        }
        let begins = match &*self.record() {
            Record::Stored => None,
            Record::Waiting(new) => Some(Arc::clone(new)),
            Record::Coming => return None,
            Record::Refused => {
                if self.is_sealed() {
                    self.publish();
                    self.settled.cancel();
                }
                return None;
            }
        };
        let (end, batch) = {
            // Held until the log is read: what is sealed meanwhile is stored with its end.
            let ending = self.ending.lock().unwrap_or_else(PoisonError::into_inner);
            match ending.as_ref().and_then(|ending| self.end(ending)) {
                Some(end) => (Some(end), None),
                None => (None, self.unstored()),
            }
        };
        let last_seq = match (&end, &batch) {
            (Some(end), _) => end.last_seq,
            (None, Some(batch)) => batch.last_seq,
            (None, None) => return None,
        };
        let gathered = Gathered { last_seq, is_end: end.is_some() };
        flush.beginnings.extend(begins);
        flush.batches.extend(batch);
        flush.ends.extend(end);
        Some(gathered)
    }

    /// What was gathered is stored.
    pub fn stored(&self, gathered: Gathered) {
        *self.record() = Record::Stored;
        self.job.log.mark_stored(gathered.last_seq);
        if gathered.is_end {
            self.publish();
            self.settled.cancel();
        }
    }

    /// What was gathered cannot be stored now: its end is told all the same, from memory.
    pub fn tell_unstored(&self, gathered: Gathered) {
        if gathered.is_end {
            self.publish();
        }
    }

    /// The store refused what was gathered, and will again. It is tried ever more rarely; at last,
    /// or when the server goes away, an end is given up.
    pub fn refused(&self, gathered: Gathered, closing: bool) {
        self.tell_unstored(gathered);
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        let (times, until) = &mut *refusals;
        *times += 1;
        if gathered.is_end && (closing || *times > REFUSALS_MAX) {
            tracing::error!(error_type = "storage", generation.id = %self.job.id,
                resolution = "see the log for why the database refused it",
                "a generation that the database refuses is given up");
            self.settled.cancel();
        }
        *until = Some(Instant::now() + REFUSED_REST * (1 << (*times).min(REFUSALS_MAX)));
    }

    fn is_left_alone(&self) -> bool {
        let (_, until) = *self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }

    fn is_sealed(&self) -> bool {
        self.ending.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// What is to be stored of its end.
    fn end(&self, (ending, ended_at): &(Ending, UnixMs)) -> Option<EndedGeneration> {
        let Progress { model, usage, attempts, .. } = self.job.progress().clone();
        Some(EndedGeneration {
            id: self.job.id,
            state: ending.last.final_state()?,
            text: self.job.log.text(),
            last_seq: self.job.log.last_seq().0,
            model,
            usage,
            attempts,
            seams: seams_of(&self.job),
            error: ending.error.clone(),
            ended_at: *ended_at,
            batches: self.unstored().into_iter().collect(),
            revision: ending.revision.clone(),
            dead_letter: ending.dead_letter.clone(),
        })
    }

    /// What of its log is not stored yet.
    fn unstored(&self) -> Option<EventBatch> {
        self.job.log.unstored().map(|unstored| EventBatch {
            generation: self.job.id,
            first_seq: unstored.first_seq,
            last_seq: unstored.last_seq,
            json: unstored.json,
        })
    }

    /// What it is doing, without its text; `None` once its end can be read.
    pub fn glance(&self) -> Option<RunningGeneration> {
        if self.ended.is_cancelled() {
            return None;
        }
        let Progress { running, model, usage, attempts } = self.job.progress().clone();
        let is_asked = attempts.iter().any(|attempt| attempt.outcome.is_none());
        let told = self.job.log.data_of("notice").pop();
        let told = told.and_then(|json| serde_json::from_str::<Notice>(&json).ok());
        let place = told.filter(|told| told.kind == NoticeKind::Queued && !is_asked);
        Some(RunningGeneration {
            id: self.job.id,
            article_id: self.article_id,
            topic: self.job.brief.topic.clone(),
            state: if running { GenerationState::Running } else { GenerationState::Queued },
            model,
            created_at: self.created_at,
            elapsed_ms: now_ms().saturating_sub(self.created_at).unsigned_abs(),
            usage,
            place: place.and_then(|told| told.position),
        })
    }

    /// The resource as it stands.
    pub fn resource(&self) -> Generation {
        let ending = self.ending.lock().unwrap_or_else(PoisonError::into_inner);
        let Progress { running, model, usage, attempts } = self.job.progress().clone();
        let (text, last_seq, end) = self.job.log.snapshot();
        // Until the last event can be read, nobody knows how it ends.
        let ending = ending.as_ref().filter(|_| end.is_some());
        let active = if running { GenerationState::Running } else { GenerationState::Queued };
        Generation {
            id: self.job.id,
            article_id: self.article_id,
            state: end.unwrap_or(active),
            text,
            last_seq,
            model,
            brief: self.job.brief.clone(),
            usage,
            attempts,
            seams: seams_of(&self.job),
            warnings: self.warnings.clone(),
            continues: self.continues,
            error: ending.and_then(|(ending, _)| ending.error.clone()),
            revision_id: ending
                .and_then(|(ending, _)| ending.revision.as_ref())
                .map(|revision| revision.id),
            created_at: self.created_at,
            ended_at: ending.map(|(_, ended_at)| *ended_at),
        }
    }
}
