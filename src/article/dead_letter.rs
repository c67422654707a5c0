//! Dead letters: generations whose attempts were all used up, kept to be looked at and tried again.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::brief::Brief;
use super::event::Usage;
use super::generation::{Attempt, UnixMs};
use super::problem::Problem;

/// A dead letter as a list shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DeadLetterSummary {
    /// UUIDv7.
    pub id: Uuid,
    /// The generation that failed.
    pub generation_id: Uuid,
    /// The article that it wrote for.
    pub article_id: Uuid,
    /// The article's title; the topic until there is one.
    pub title: String,
    /// What was asked for.
    pub topic: String,
    /// The model that was asked last; null where none was.
    pub model: Option<String>,
    /// Why the generation failed.
    pub error: Option<Problem>,
    /// How many attempts were made.
    pub attempt_count: u32,
    /// Tokens and money of all attempts.
    pub usage: Usage,
    /// Whether there is a partial text to go on from.
    pub has_text: bool,
    /// When the generation failed.
    pub created_at: UnixMs,
    /// When it was replayed or discarded; null while it is open.
    pub settled_at: Option<UnixMs>,
    /// The generation that it was replayed by; null while it is open, and where it was discarded.
    pub replayed_by: Option<Uuid>,
}

/// A page of the open dead letters, and where the next one begins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DeadLetterPage {
    /// The letters, newest first.
    pub items: Vec<DeadLetterSummary>,
    /// The `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// A dead letter with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DeadLetter {
    /// What a list shows of it.
    #[serde(flatten)]
    pub summary: DeadLetterSummary,
    /// What was asked for, as it was asked for.
    pub brief: Brief,
    /// What the models were sent.
    pub prompt: SentPrompt,
    /// The tries, in order. Their costs add up to the total.
    pub attempts: Vec<Attempt>,
    /// The text as far as it came.
    pub text: String,
}

/// What a model was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct SentPrompt {
    /// What it was told that it is.
    pub system: String,
    /// What it was asked.
    pub user: String,
    /// The template by style, language and version, for example `technical.zh@1`.
    pub template: String,
}

/// How a dead letter is tried again. What is left out stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Replay {
    /// The whole brief, edited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brief: Option<Brief>,
    /// A model to try first, in place of the brief's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Whether it goes on from the partial text instead of beginning afresh.
    pub from_text: bool,
}

/// Dead letters that are tried again together, each with its own brief.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ReplaySelection {
    /// 1 to 100 dead letters.
    pub ids: Vec<Uuid>,
    /// Whether they go on from their partial texts instead of beginning afresh.
    #[serde(default)]
    pub from_text: bool,
}
