//! Reading the log of a generation, whoever writes it: this process, another one, or nobody any
//! more.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::Generations;
use crate::article::event::{GenerationState, Seq};
use crate::article::problem::{Code, Problem};
use crate::server::event_log::{EventLog, Follower};
use crate::server::store::records::EventBatch;

/// How often the log of a generation that another process writes is looked up in the store.
const MIRROR_EVERY: Duration = Duration::from_millis(250);

/// A generation's log, to be read from a cursor on.
pub enum Followed {
    /// There is or will be more.
    Reader(Follower),
    /// The log has ended, and the cursor is at its end.
    AtEnd,
}

impl Generations {
    /// The generation's log from behind a cursor.
    ///
    /// # Errors
    /// There is no such generation; the cursor lies beyond the end of its log.
    pub async fn follow(&self, id: Uuid, after: Seq) -> Result<Followed, Problem> {
        let (log, ended) = match self.live(id) {
            Some(live) => (Arc::clone(&live.job.log), live.ended.is_cancelled()),
            None => {
                let stored = self.stored(id).await?;
                let batches = self.stored_batches(id).await?;
                if stored.state == GenerationState::Interrupted && is_ambiguous(after, &batches) {
                    return Err(lost_cursor(after));
                }
                let log = Arc::new(restored(&batches)?);
                if !stored.state.is_ended() {
                    self.mirror(id, Arc::clone(&log));
                }
                (log, stored.state.is_ended())
            }
        };
        let last = log.last_seq();
        if after > last {
            return Err(Problem::new(
                Code::InvalidLastEventId,
                format!("Last-Event-ID is {}, but the log ends at {}.", after.0, last.0),
                "Send the id of an event that you received, or leave the header out.",
            )
            .with_param("Last-Event-ID"));
        }
        if ended && after == last {
            return Ok(Followed::AtEnd);
        }
        Ok(Followed::Reader(log.follow(after)))
    }

    pub(super) async fn stored_log(&self, id: Uuid) -> Result<EventLog, Problem> {
        restored(&self.stored_batches(id).await?)
    }

    async fn stored_batches(&self, id: Uuid) -> Result<Vec<EventBatch>, Problem> {
        self.0.store.event_batches(id, 0).await.map_err(|error| error.to_problem())
    }

    /// Keeps a copy of the log of a generation that another process writes, until that ends or
    /// nobody reads the copy any more.
    fn mirror(&self, id: Uuid, log: Arc<EventLog>) {
        let service = self.clone();
        let log = Arc::downgrade(&log);
        self.0.tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = service.0.closing.cancelled() => return,
                    () = tokio::time::sleep(MIRROR_EVERY) => {}
                }
                let Some(log) = log.upgrade() else { return };
                // Looked up first: it settles what a dead process left.
                let ended = match service.stored(id).await {
                    Ok(stored) => stored.state.is_ended(),
                    Err(_) => continue,
                };
                let Ok(batches) = service.0.store.event_batches(id, log.last_seq().0).await else {
                    continue;
                };
                for batch in batches {
                    if log.absorb(batch.first_seq, &batch.json).is_err() {
                        return;
                    }
                }
                if ended {
                    return;
                }
            }
        });
    }
}

fn restored(batches: &[EventBatch]) -> Result<EventLog, Problem> {
    EventLog::restore(batches.iter().map(|batch| batch.json.as_str())).map_err(broken_log)
}

/// Whether a cursor into an interrupted log can be that of a lost event.
///
/// What a killed process had not stored, its readers may have heard. The end that was made for it
/// afterwards, a stretch of its own with `meta` and `interrupted`, has the numbers of those events
/// again. Such a cursor is no cursor: whoever reads from the beginning has the text that is kept.
fn is_ambiguous(after: Seq, batches: &[EventBatch]) -> bool {
    batches.last().is_some_and(|end| end.last_seq - end.first_seq <= 1 && after.0 >= end.first_seq)
}

fn lost_cursor(after: Seq) -> Problem {
    Problem::new(
        Code::InvalidLastEventId,
        format!("Last-Event-ID is {}, which was lost when the server was killed.", after.0),
        "Leave the header out: the log from its beginning has all of the text that was kept.",
    )
    .with_param("Last-Event-ID")
}

fn broken_log(error: serde_json::Error) -> Problem {
    tracing::error!(error_type = "storage", error = %error, "a stored log cannot be read");
    Problem::new(
        Code::Internal,
        "The stored log cannot be read.",
        "Restore the database from a backup, or report this with the request id.",
    )
}
