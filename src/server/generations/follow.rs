//! Reading the log of a generation, whoever writes it: this process, another one, or nobody any
//! more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use uuid::Uuid;

use super::Generations;
use crate::article::event::{Event, GenerationState, Seq};
use crate::article::problem::{Code, Problem};
use crate::server::event_log::{EventLog, Follower};
use crate::server::store::records::{EventBatch, StoredGeneration};

/// How often the log of a generation that another process writes is looked up in the store.
const MIRROR_EVERY: Duration = Duration::from_millis(250);

/// A generation's log, to be read from a cursor on.
pub enum Followed {
    /// There is or will be more.
    Reader(Follower),
    /// The log has ended, and the cursor is at its end.
    AtEnd,
}

/// Copies of stored logs that are being read, for whoever else reads the same.
#[derive(Default)]
pub(super) struct Copies(Mutex<HashMap<Uuid, Weak<EventLog>>>);

impl Copies {
    fn get(&self, id: Uuid) -> Option<Arc<EventLog>> {
        let copy = self.lock().get(&id)?.upgrade()?;
        (!copy.is_abandoned()).then_some(copy)
    }

    /// Gives the copy that somebody else made meanwhile, or else keeps this one: then `true`.
    fn keep(&self, id: Uuid, copy: Arc<EventLog>) -> (Arc<EventLog>, bool) {
        let mut all = self.lock();
        all.retain(|_, copy| copy.strong_count() > 0);
        match all.get(&id).and_then(Weak::upgrade).filter(|copy| !copy.is_abandoned()) {
            Some(other) => (other, false),
            None => {
                all.insert(id, Arc::downgrade(&copy));
                (copy, true)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Weak<EventLog>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Generations {
    /// The generation's log from behind a cursor.
    ///
    /// # Errors
    /// There is no such generation; the cursor lies beyond the end of its log.
    pub async fn follow(&self, id: Uuid, after: Seq) -> Result<Followed, Problem> {
        if let Some(live) = self.live(id) {
            let (log, last) = (&live.job.log, live.job.log.last_seq());
            check_cursor(after, last)?;
            return Ok(match live.ended.is_cancelled() && after == last {
                true => Followed::AtEnd,
                false => Followed::Reader(log.follow(after)),
            });
        }
        let stored = self.stored(id).await?;
        // Settled before the log is read, which may be long.
        let last = Seq(stored.last_seq);
        check_cursor(after, last)?;
        if stored.state == GenerationState::Interrupted {
            let end = self.stored_batches(id, last.0.saturating_sub(1)).await?;
            if end.last().is_some_and(|end| is_ambiguous(after, end)) {
                return Err(lost_cursor(after));
            }
        }
        if stored.state.is_ended() && after == last {
            return Ok(Followed::AtEnd);
        }
        Ok(Followed::Reader(self.copy(&stored).await?.follow(after)))
    }

    pub(super) async fn stored_log(&self, id: Uuid) -> Result<EventLog, Problem> {
        restored(&self.stored_batches(id, 0).await?)
    }

    async fn stored_batches(&self, id: Uuid, after_seq: u64) -> Result<Vec<EventBatch>, Problem> {
        let batches = self.0.store.event_batches(id, after_seq).await;
        batches.map_err(|error| error.to_problem())
    }

    /// A copy of a stored log, which all who read it share.
    async fn copy(&self, stored: &StoredGeneration) -> Result<Arc<EventLog>, Problem> {
        let id = stored.id;
        // One that is kept up may be behind what is stored for a moment; its readers wait for it.
        if let Some(copy) = self.0.copies.get(id) {
            return Ok(copy);
        }
        let copy = Arc::new(self.stored_log(id).await?);
        let (copy, is_new) = self.0.copies.keep(id, copy);
        if is_new && !stored.state.is_ended() {
            self.mirror(id, &copy);
        }
        Ok(copy)
    }

    /// Keeps up a copy of the log of a generation that another process writes, until that ends or
    /// nobody reads the copy any more.
    fn mirror(&self, id: Uuid, copy: &Arc<EventLog>) {
        let (service, kept_up) = (self.clone(), KeptUp(Arc::downgrade(copy)));
        self.0.tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = service.0.closing.cancelled() => return,
                    () = tokio::time::sleep(MIRROR_EVERY) => {}
                }
                let Some(log) = kept_up.0.upgrade() else { return };
                // Looked up first: it settles what a dead process left.
                let ended = match service.stored(id).await {
                    Ok(stored) => stored.state.is_ended(),
                    Err(problem) if problem.code == Code::GenerationNotFound => return,
                    Err(_) => continue,
                };
                let Ok(batches) = service.stored_batches(id, log.last_seq().0).await else {
                    continue;
                };
                for batch in batches {
                    if let Err(error) = log.absorb(batch.first_seq, &batch.json) {
                        broken_log(error);
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

/// A copy that is kept up: whatever ends that, its readers are not left waiting.
struct KeptUp(Weak<EventLog>);

impl Drop for KeptUp {
    fn drop(&mut self) {
        if let Some(copy) = self.0.upgrade() {
            copy.abandon();
        }
    }
}

fn check_cursor(after: Seq, last: Seq) -> Result<(), Problem> {
    if after <= last {
        return Ok(());
    }
    Err(Problem::new(
        Code::InvalidLastEventId,
        format!("Last-Event-ID is {}, but the log ends at {}.", after.0, last.0),
        "Send the id of an event that you received, or leave the header out.",
    )
    .with_param("Last-Event-ID"))
}

fn restored(batches: &[EventBatch]) -> Result<EventLog, Problem> {
    EventLog::restore(batches.iter().map(|batch| batch.json.as_str())).map_err(broken_log)
}

/// Whether a cursor into an interrupted log, which ends with this stretch, can be that of a lost
/// event.
///
/// What a killed process had not stored, its readers may have heard. The end that was made for it
/// afterwards, a stretch of its own that says so, has the numbers of those events again. Such a
/// cursor is no cursor: whoever reads from the beginning has the text that is kept.
fn is_ambiguous(after: Seq, end: &EventBatch) -> bool {
    let log = EventLog::default();
    let read = log.absorb(1, &end.json).is_ok();
    let killed = log.data_of("interrupted").pop();
    let killed = killed.and_then(|data| Event::parse("interrupted", &data).ok().flatten());
    read && killed == Some(Event::Interrupted { killed: true }) && after.0 >= end.first_seq
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
