//! What is being written anywhere, and whether the server can be reached: known to every page, from
//! one small question every few seconds, and none while nobody looks.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::api::{self, Failure, RunningArticle};

/// How often it is asked while something is being written, or nobody answers.
const SOON: u32 = 5;
/// How often otherwise, in seconds.
const LATER: u32 = 30;

/// See the module. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct SiteStatus {
    /// The articles that are being written.
    pub running: RwSignal<Vec<RunningArticle>>,
    /// Whether the last question was not answered, or the browser knows that it is offline.
    pub unreachable: RwSignal<bool>,
    /// Seconds until the next question.
    due: StoredValue<u32>,
    asking: StoredValue<bool>,
    /// Whether someone has asked meanwhile.
    again: StoredValue<bool>,
}

impl SiteStatus {
    /// Begins to ask, in the browser.
    pub fn provide() -> Self {
        let status = Self {
            running: RwSignal::new(Vec::new()),
            unreachable: RwSignal::new(false),
            due: StoredValue::new(0),
            asking: StoredValue::new(false),
            again: StoredValue::new(false),
        };
        provide_context(status);
        Effect::new(move || {
            let every = Duration::from_secs(1);
            let Ok(ticking) = set_interval_with_handle(move || status.tick(), every) else {
                return;
            };
            let online = window_event_listener(leptos::ev::online, move |_| status.ask());
            // A server on this machine answers all the same.
            let offline = window_event_listener(leptos::ev::offline, move |_| status.ask());
            // Who comes back to the tab sees what is now.
            let shown = window_event_listener_untyped("visibilitychange", move |_| {
                if !document().hidden() {
                    status.ask();
                }
            });
            on_cleanup(move || {
                ticking.clear();
                shown.remove();
                online.remove();
                offline.remove();
            });
        });
        status
    }

    fn tick(self) {
        if document().hidden() {
            return;
        }
        let due = self.due.get_value();
        match due {
            0 => self.ask(),
            due => self.due.set_value(due - 1),
        }
    }

    /// Asks now.
    pub fn ask(self) {
        if self.asking.get_value() {
            // What comes may be older than what made someone ask.
            self.again.set_value(true);
            return;
        }
        self.asking.set_value(true);
        spawn_local(async move {
            let answer = api::running_articles().await;
            self.asking.set_value(false);
            let unreachable = answer == Err(Failure::Unreachable);
            if self.unreachable.get_untracked() != unreachable {
                self.unreachable.set(unreachable);
            }
            if let Ok(running) = answer
                && self.running.with_untracked(|known| *known != running)
            {
                self.running.set(running);
            }
            let soon = unreachable || self.running.with_untracked(|running| !running.is_empty());
            let again = self.again.get_value();
            self.again.set_value(false);
            self.due.set_value(if again {
                0
            } else if soon {
                SOON
            } else {
                LATER
            });
        });
    }
}

/// See [`SiteStatus`].
pub fn use_site_status() -> Option<SiteStatus> {
    use_context()
}
