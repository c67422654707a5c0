//! The resources of the HTTP API: generations, articles, revisions.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::brief::{Brief, Warning};
use super::event::{GenerationState, Highlight, Meta, Seam, Seq, Usage};
use super::library::Hit;
use super::problem::Problem;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type UnixMs = i64;

/// One run of the pipeline for a brief.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Generation {
    /// UUIDv7.
    pub id: Uuid,
    /// The article that it writes for.
    pub article_id: Uuid,
    /// Where it stands.
    pub state: GenerationState,
    /// The text so far: at every `seq` the concatenation of all `delta` texts.
    pub text: String,
    /// The seq of the last event.
    pub last_seq: Seq,
    /// The model that writes or wrote; null before one was chosen.
    pub model: Option<String>,
    /// What was asked for, as it was asked for.
    pub brief: Brief,
    /// Tokens and money so far.
    pub usage: Usage,
    /// The tries, in order. Their costs add up to the total.
    pub attempts: Vec<Attempt>,
    /// Where one answer ends in the text and the next begins.
    #[serde(default)]
    pub seams: Vec<Seam>,
    /// What in the brief is allowed but unusual.
    pub warnings: Vec<Warning>,
    /// The generation that this one goes on from.
    pub continues: Option<Uuid>,
    /// Why it failed; null unless it did.
    pub error: Option<Problem>,
    /// The revision that it made; null while it runs and where it ended without text.
    pub revision_id: Option<Uuid>,
    /// When it was accepted.
    pub created_at: UnixMs,
    /// When it ended; null while it runs.
    pub ended_at: Option<UnixMs>,
}

/// One try at one model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Attempt {
    /// The model, by its name in the configuration.
    pub model: String,
    /// How it ended; null while it runs.
    pub outcome: Option<AttemptOutcome>,
    /// Why it failed; null unless it did.
    pub error: Option<Problem>,
    /// What it used.
    pub usage: Usage,
    /// Where it went on from, in bytes (UTF-8) of the text; 0 where it began.
    #[serde(default)]
    pub from: u64,
    /// When the request was sent.
    pub started_at: UnixMs,
    /// When it ended; null while it runs.
    pub ended_at: Option<UnixMs>,
    /// Milliseconds from the request to the first token; null before it.
    pub first_token_ms: Option<u64>,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub enum AttemptOutcome {
    /// The model finished its answer.
    Complete,
    /// The model stopped because the answer reached `max_tokens`.
    Length,
    /// A person stopped it.
    Cancelled,
    /// The model, or a filter of its provider, would not write it, or not to its end.
    Refused,
    /// It failed.
    Failed,
    /// Its server went away.
    Interrupted,
}

/// An article as a list shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ArticleSummary {
    /// UUIDv7.
    pub id: Uuid,
    /// The title; the topic until there is one.
    pub title: String,
    /// The state of its newest generation.
    pub state: GenerationState,
    /// Its newest generation.
    pub generation_id: Uuid,
    /// The style that was asked for: `technical`, `tutorial`, `overview`.
    pub style: String,
    /// BCP 47.
    pub language: String,
    /// Words (in Chinese, characters) of the current revision.
    pub words: u32,
    /// How many revisions it has.
    pub revisions: u32,
    /// When it was created.
    pub created_at: UnixMs,
    /// When its text or its title last changed.
    pub updated_at: UnixMs,
    /// Where the search hit it; only in a list that was searched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hit: Option<Hit>,
}

/// A page of a list, and where the next one begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ArticlePage {
    /// The articles, newest first, those being written before all others; where a search was
    /// asked for, those with a hit in the title first.
    pub items: Vec<ArticleSummary>,
    /// The `cursor` of the next page; null on the last.
    pub next: Option<String>,
}

/// An article with its current revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Article {
    /// What a list shows of it.
    #[serde(flatten)]
    pub summary: ArticleSummary,
    /// The revision that readers see; null until the first generation has ended.
    pub revision: Option<Revision>,
}

/// An immutable state of an article.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Revision {
    /// UUIDv7.
    pub id: Uuid,
    /// The article.
    pub article_id: Uuid,
    /// 1 for the article's first.
    pub number: u32,
    /// The generation that made it.
    pub generation_id: Option<Uuid>,
    /// The Markdown source.
    pub text: String,
    /// Title, summary, outline, counts.
    pub meta: Meta,
    /// The colours of its code.
    pub highlights: Vec<Highlight>,
    /// When it was made.
    pub created_at: UnixMs,
}

/// A revision as a list shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct RevisionSummary {
    /// UUIDv7.
    pub id: Uuid,
    /// 1 for the article's first.
    pub number: u32,
    /// The generation that made it.
    pub generation_id: Option<Uuid>,
    /// How that generation ended.
    pub state: Option<GenerationState>,
    /// The model that wrote it.
    pub model: Option<String>,
    /// What was asked for; null where a person wrote it.
    pub brief: Option<Brief>,
    /// Its title.
    pub title: String,
    /// Words (in Chinese, characters).
    pub words: u32,
    /// Tokens and money of the generation.
    pub usage: Usage,
    /// Whether it is the one that readers see.
    pub current: bool,
    /// When it was made.
    pub created_at: UnixMs,
}
