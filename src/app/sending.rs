//! Sends a brief, exactly once however often it has to be tried.

use leptos::prelude::*;
use leptos::task::spawn_local;
use uuid::Uuid;

use super::api::{self, Begun, Failure};
use crate::article::brief::Brief;

/// The state of sending one brief.
#[derive(Clone, Copy, Debug)]
pub struct Sending {
    /// Whether an answer is awaited.
    pub busy: RwSignal<bool>,
    /// Why the last try did not succeed.
    pub failure: RwSignal<Option<Failure>>,
    /// The brief that may have arrived although no answer came, and its key: sent again with the
    /// same key, it is written once.
    unanswered: StoredValue<Option<(Brief, String)>>,
}

impl Default for Sending {
    fn default() -> Self {
        Self {
            busy: RwSignal::new(false),
            failure: RwSignal::new(None),
            unanswered: StoredValue::new(None),
        }
    }
}

impl Sending {
    /// Sends a brief, for a new article or a new revision of `article`. While an answer is awaited
    /// this does nothing.
    pub fn send(self, brief: Brief, article: Option<Uuid>, created: impl FnOnce(Begun) + 'static) {
        let ask = async move |brief: Brief, key: String| api::create(&brief, article, &key).await;
        self.send_by(brief, ask, created);
    }

    /// Sends a brief by another call than the usual; `ask` gets it with the key.
    pub fn send_by(
        self,
        brief: Brief,
        ask: impl AsyncFnOnce(Brief, String) -> Result<Begun, Failure> + 'static,
        created: impl FnOnce(Begun) + 'static,
    ) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.failure.set(None);
        let kept = self.unanswered.get_value().filter(|(unanswered, _)| *unanswered == brief);
        let key = kept.map_or_else(api::idempotency_key, |(_, key)| key);
        self.unanswered.set_value(Some((brief.clone(), key.clone())));
        spawn_local(async move {
            let answer = ask(brief, key).await;
            // The form may be gone by now; then nobody has to know.
            if self.busy.try_set(false).is_some() {
                return;
            }
            if answer.as_ref().err().is_none_or(Failure::is_final) {
                self.unanswered.set_value(None);
            }
            match answer {
                Ok(begun) => created(begun),
                Err(failure) => self.failure.set(Some(failure)),
            }
        });
    }

    /// What is sent next is another request, although its brief is the same.
    pub fn forget(self) {
        self.unanswered.set_value(None);
    }
}
