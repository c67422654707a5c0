//! The words of the operations page.

mod en;
mod zh;

pub(super) use en::TEXTS as EN;
pub(super) use zh::TEXTS as ZH;

use crate::article::generation::AttemptOutcome;
use crate::article::operations::BreakerState;

/// All words of the operations page in one language.
#[derive(Debug)]
#[expect(missing_docs, reason = "a field is named after the place or the thing that it words")]
pub struct OperationsTexts {
    /// In the bar on top.
    pub nav: &'static str,
    /// The same where there is little room.
    pub nav_short: &'static str,
    pub title: &'static str,
    /// The figures are old; with why.
    pub stale: fn(&str) -> String,
    pub at_a_glance: &'static str,

    // What runs.
    pub running: &'static str,
    pub nothing_runs: &'static str,
    pub begin: &'static str,
    pub elapsed: &'static str,
    pub place: fn(u64) -> String,
    pub server: &'static str,
    /// In use, places, waiting.
    pub queue: fn(u32, u32, u32) -> String,
    pub no_queue: &'static str,
    pub in_use: &'static str,
    pub spent: &'static str,
    pub spent_nothing: &'static str,
    pub budget: fn(&str, &str) -> String,

    // Models and providers.
    pub providers: &'static str,
    pub provider: &'static str,
    pub outcomes: &'static str,
    pub outcome_counts: fn(u32, u32) -> String,
    pub never_asked: &'static str,
    pub first_token: &'static str,
    pub percentiles: fn(&str, &str) -> String,
    pub last_error: &'static str,
    pub no_error: &'static str,
    pub breakers: &'static str,
    pub breakers_closed: fn(usize) -> String,
    pub breaker: fn(BreakerState) -> &'static str,
    pub breaker_until: fn(&str) -> String,

    // Dead letters.
    pub letters: &'static str,
    pub letters_lead: &'static str,
    pub no_letters: &'static str,
    pub no_letters_hint: &'static str,
    pub attempt_count: fn(u32) -> String,
    pub without_text: &'static str,
    pub replay: &'static str,
    pub from_text: &'static str,
    pub from_text_choice: &'static str,
    pub edit: &'static str,
    pub edit_title: &'static str,
    pub discard: &'static str,
    pub discard_ask: &'static str,
    pub selection: &'static str,
    pub replay_selected: &'static str,
    pub discard_selected: &'static str,
    pub discard_selected_ask: &'static str,
    pub replayed: fn(&str) -> String,
    pub replayed_several: fn(usize) -> String,
    pub discarded: fn(usize) -> String,
    pub was_replayed: &'static str,
    pub was_discarded: &'static str,
    pub to_article: &'static str,
    pub brief: &'static str,
    pub prompt: fn(&str) -> String,
    pub system_message: &'static str,
    pub user_message: &'static str,
    pub attempts: &'static str,
    pub no_attempts: &'static str,
    pub started: &'static str,
    pub outcome: &'static str,
    pub ended: fn(Option<AttemptOutcome>) -> &'static str,
    pub text: &'static str,
}
