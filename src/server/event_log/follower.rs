//! The readers of a log.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::{EventLog, EventView, push_json_string};
use crate::article::event::Seq;

/// A reader that took text less than this ago gathers what comes until then; any other wakes at
/// once, so that the first token never waits for what came before it.
/// At 5 ms a reader of 20 tokens a second is never delayed, and one of thousands a second costs a
/// third (design §3).
pub const GATHER: Duration = Duration::from_millis(5);

/// The same where so many read the same that their wake-ups are most of the work: sixteen times a
/// second is as smooth to the eye.
const CROWD_GATHER: Duration = Duration::from_millis(60);

/// More readers than this are a crowd.
pub const CROWD: usize = 8;

/// How much a reader takes at once, in bytes.
const READ_BUDGET: usize = 64 * 1024;

/// A reader of a log.
#[derive(Debug)]
pub struct Follower {
    log: Arc<EventLog>,
    /// Its place among the log's readers.
    place: usize,
    cursor: Seq,
    /// When it last took text.
    took: Option<Instant>,
    /// Made when it first gathers.
    gathering: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

/// An event as a reader takes it away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// Its place; of a joined delta, that of its last part.
    pub seq: Seq,
    /// Its name.
    pub name: String,
    /// Its JSON.
    pub data: String,
}

impl Follower {
    pub(super) fn new(log: Arc<EventLog>, after: Seq) -> Self {
        let place = log.lock().readers.insert(None);
        Self { log, place, cursor: after, took: None, gathering: None, ended: false }
    }

    /// Shows what has come; ready with `false` once the last event has been shown.
    pub fn poll_read(
        &mut self,
        context: &mut Context<'_>,
        mut visit: impl FnMut(Seq, EventView<'_>),
    ) -> Poll<bool> {
        if self.ended {
            return Poll::Ready(false);
        }
        let Some(gather) = self.has_more(context) else { return Poll::Pending };
        let now = Instant::now();
        if let Some(next) = self.took.map(|took| took + gather).filter(|next| *next > now) {
            let gathering = self.gathering.get_or_insert_with(|| Box::pin(sleep_until(next)));
            if gathering.deadline() != next {
                gathering.as_mut().reset(next);
            }
            ready!(gathering.as_mut().poll(context));
        }
        let mut has_text = false;
        let visit = |seq, view: EventView<'_>| {
            has_text |= matches!(view, EventView::Delta(_));
            visit(seq, view);
        };
        (self.cursor, self.ended) = self.log.lock().read(self.cursor, READ_BUDGET, visit);
        if has_text {
            self.took = Some(Instant::now());
        }
        Poll::Ready(true)
    }

    /// Waits for events and shows them; `false` once the last event has been shown.
    ///
    /// Dropping the future loses nothing.
    pub async fn read(&mut self, mut visit: impl FnMut(Seq, EventView<'_>)) -> bool {
        poll_fn(|context| self.poll_read(context, &mut visit)).await
    }

    /// Waits for events and takes them away; `None` once the last event has been taken.
    pub async fn next(&mut self) -> Option<Vec<LogEvent>> {
        let mut events = Vec::new();
        let more = self
            .read(|seq, view| {
                events.push(match view {
                    EventView::Delta(text) => {
                        let mut data = String::from("{\"text\":");
                        push_json_string(&mut data, text);
                        data.push('}');
                        LogEvent { seq, name: "delta".to_owned(), data }
                    }
                    EventView::Other(name, data) => {
                        LogEvent { seq, name: name.to_owned(), data: data.to_owned() }
                    }
                });
            })
            .await;
        more.then_some(events)
    }

    /// For how long to gather, where there is something to be shown; if not, the log will wake the
    /// task.
    fn has_more(&self, context: &Context<'_>) -> Option<Duration> {
        let mut inner = self.log.lock();
        if inner.has_more(self.cursor) {
            let is_crowd = inner.in_crowd || inner.readers.len() > CROWD;
            return Some(if is_crowd { CROWD_GATHER } else { GATHER });
        }
        if let Some(place) = inner.readers.get_mut(self.place) {
            match place {
                Some(waker) => waker.clone_from(context.waker()),
                None => *place = Some(context.waker().clone()),
            }
        }
        None
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // Every follower has its place until here.
        let _waker = self.log.lock().readers.try_remove(self.place);
    }
}
