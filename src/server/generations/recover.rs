//! What a process that went away left unfinished: it becomes `interrupted`, its text a revision.

use uuid::Uuid;

use super::super::clock::now_ms;
use super::super::event_log::EventLog;
use super::super::pipeline::postprocess::Kind;
use super::super::pipeline::preprocess::language_of;
use super::super::store::records::{EndedGeneration, EventBatch};
use super::super::store::{StoreError, owners};
use super::Generations;
use super::writer::revision_of;
use crate::article::event::{Event, GenerationState, Routed};
use crate::article::generation::{Attempt, AttemptOutcome};

impl Generations {
    /// Ends every stored generation that runs nowhere.
    pub(super) async fn recover_orphans(&self) -> Result<(), StoreError> {
        for (id, owner) in self.0.store.running().await? {
            if owners::is_alive(&self.0.data_dir, owner) {
                continue;
            }
            match self.recover(id).await {
                // One that cannot be read must not keep all others from being served.
                Err(error) if !error.is_outage() => {
                    tracing::error!(error_type = "storage", generation.id = %id, error = %error,
                        resolution = error.to_problem().resolution,
                        "what an earlier process left of a generation cannot be read");
                }
                recovered => recovered?,
            }
        }
        Ok(())
    }

    /// Ends one stored generation whose process is gone.
    pub(super) async fn recover(&self, id: Uuid) -> Result<(), StoreError> {
        let _writing = self.0.writing.lock().await;
        let Some(stored) = self.0.store.generation(id).await? else { return Ok(()) };
        if stored.state.is_ended() {
            return Ok(());
        }
        let batches = self.0.store.event_batches(id, 0).await?;
        // A log that cannot be read to its end is kept as far as it can.
        let log = EventLog::default();
        for batch in &batches {
            if let Err(error) = log.absorb(batch.first_seq, &batch.json) {
                tracing::error!(error_type = "storage", generation.id = %id, error = %error,
                    "part of a log cannot be read");
                break;
            }
        }
        let highlights = log.data_of("highlight");
        let highlights = highlights.iter().filter_map(|json| serde_json::from_str(json).ok());
        let kind = Kind::asked(&stored.brief, language_of(&stored.brief));
        let revision =
            revision_of(id, log.text(), stored.brief.format, highlights.collect(), kind).await;
        if let Some(revision) = &revision {
            log.push(&Event::Meta(revision.meta.clone()));
        }
        log.seal(&Event::Interrupted { killed: true });
        let usage = log
            .data_of("usage")
            .last()
            .and_then(|json| serde_json::from_str(json).ok())
            .unwrap_or(stored.usage);
        let routed: Option<Routed> =
            log.data_of("routed").first().and_then(|json| serde_json::from_str(json).ok());
        let model = routed.map(|routed| routed.model);
        // What the process knew of its attempts went with it; their sum is in the log.
        let attempt = model.as_ref().map(|model| Attempt {
            model: model.clone(),
            outcome: Some(AttemptOutcome::Interrupted),
            error: None,
            usage: usage.clone(),
            started_at: stored.created_at,
            ended_at: Some(now_ms()),
            from: 0,
            first_token_ms: None,
        });
        let unstored = log.unstored().map(|unstored| EventBatch {
            generation: id,
            first_seq: unstored.first_seq,
            last_seq: unstored.last_seq,
            json: unstored.json,
        });
        tracing::warn!(generation.id = %id, "a generation was interrupted; its text is kept");
        let ended = EndedGeneration {
            id,
            state: GenerationState::Interrupted,
            text: log.text(),
            last_seq: log.last_seq().0,
            model,
            usage,
            attempts: attempt.into_iter().collect(),
            seams: Vec::new(),
            error: None,
            ended_at: now_ms(),
            batches: unstored.into_iter().collect(),
            revision,
            dead_letter: None,
        };
        self.0.store.end_generation(&ended).await?;
        Ok(())
    }
}
