//! A generation that runs in this process, until it is stored whole.

use std::sync::{Mutex, PoisonError};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::super::clock::now_ms;
use super::super::pipeline::{Ending, Job, Progress};
use super::super::store::records::{EndedGeneration, EventBatch};
use crate::article::brief::Warning;
use crate::article::event::GenerationState;
use crate::article::generation::{Generation, UnixMs};

/// A running generation and what became of it.
pub struct Live {
    pub job: Job,
    pub article_id: Uuid,
    pub continues: Option<Uuid>,
    pub warnings: Vec<Warning>,
    pub created_at: UnixMs,
    /// Whether the store knows of it.
    pub created: Creation,
    /// Set when the last event can be read.
    pub ended: CancellationToken,
    ending: Mutex<Option<(Ending, UnixMs)>>,
}

/// Whether a generation's record is in the store yet; its log is stored only behind it.
#[derive(Debug, Default)]
pub struct Creation {
    stored: CancellationToken,
    refused: CancellationToken,
}

impl Creation {
    /// It is.
    pub fn set(&self) {
        self.stored.cancel();
    }

    /// It will never be: whoever asked was told so.
    pub fn refuse(&self) {
        self.refused.cancel();
    }

    /// Whether it is, now.
    pub fn is_set(&self) -> bool {
        self.stored.is_cancelled()
    }

    /// Waits until it is known; `false` where it will never be stored.
    pub async fn settled(&self) -> bool {
        tokio::select! {
            () = self.stored.cancelled() => true,
            () = self.refused.cancelled() => false,
        }
    }
}

impl Live {
    pub fn new(job: Job, article_id: Uuid, continues: Option<Uuid>, created_at: UnixMs) -> Self {
        Self {
            warnings: job.brief.warnings(),
            article_id,
            continues,
            created_at,
            created: Creation::default(),
            ended: CancellationToken::new(),
            ending: Mutex::default(),
            job,
        }
    }

    /// Writes the last event where nobody reads it yet.
    pub fn seal(&self, ending: Ending) {
        let mut slot = self.ending.lock().unwrap_or_else(PoisonError::into_inner);
        self.job.log.seal(&ending.last);
        *slot = Some((ending, now_ms()));
    }

    /// What is to be stored of its end, once it is sealed.
    pub fn to_store(&self) -> Option<EndedGeneration> {
        let ending = self.ending.lock().unwrap_or_else(PoisonError::into_inner);
        let (ending, ended_at) = ending.as_ref()?;
        let Progress { model, usage, attempts, .. } = self.job.progress().clone();
        Some(EndedGeneration {
            id: self.job.id,
            state: ending.last.final_state()?,
            text: self.job.log.text(),
            last_seq: self.job.log.last_seq().0,
            model,
            usage,
            attempts,
            error: ending.error.clone(),
            ended_at: *ended_at,
            batches: self.unstored().into_iter().collect(),
            revision: ending.revision.clone(),
        })
    }

    /// What of its log is not stored yet.
    pub fn unstored(&self) -> Option<EventBatch> {
        self.job.log.unstored().map(|unstored| EventBatch {
            generation: self.job.id,
            first_seq: unstored.first_seq,
            last_seq: unstored.last_seq,
            json: unstored.json,
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
