//! What the store takes and gives.

use std::sync::Arc;

use uuid::Uuid;

use crate::article::brief::{Brief, Style, Warning};
use crate::article::event::{GenerationState, Highlight, Meta, Seam, Usage};
use crate::article::generation::{Attempt, UnixMs};
use crate::article::problem::Problem;
use crate::server::search::query::Query;

/// A generation that begins.
#[derive(Clone, Debug)]
pub struct NewGeneration {
    /// UUIDv7.
    pub id: Uuid,
    /// For which article.
    pub article: ArticleRef,
    /// What was asked for.
    pub brief: Brief,
    /// What in it is unusual.
    pub warnings: Vec<Warning>,
    /// The generation that it goes on from.
    pub continues: Option<Uuid>,
    /// The process that runs it, see [`super::owners`].
    pub owner: Uuid,
    /// When it was accepted.
    pub created_at: UnixMs,
    /// What makes creating it twice harmless.
    pub idempotency: Option<IdempotencyKey>,
    /// The dead letter that it tries again, and settles.
    pub settles: Option<Uuid>,
}

/// The article a generation writes for.
#[derive(Clone, Debug)]
pub enum ArticleRef {
    /// One that is made with it.
    New {
        /// UUIDv7.
        id: Uuid,
        /// The topic, until there is a title.
        title: String,
        /// The style's name.
        style: String,
        /// BCP 47.
        language: String,
    },
    /// One that is there.
    Existing(Uuid),
}

/// An `Idempotency-Key` and what it was sent with.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    /// As the client sent it.
    pub key: String,
    /// blake3 of path and body, in hexadecimal.
    pub fingerprint: String,
}

/// What became of a [`NewGeneration`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is stored.
    New,
    /// The key came with the same body before (within 24 h): this is what it made.
    Repeated(Uuid),
    /// The key came with another body before.
    KeyReused,
    /// The existing article is not there (any more).
    NoArticle,
    /// The dead letter that it was to settle was settled before.
    LetterSettled,
}

/// A stretch of a log, as it was flushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventBatch {
    /// The generation.
    pub generation: Uuid,
    /// The seq of its first event.
    pub first_seq: u64,
    /// The seq of its last event.
    pub last_seq: u64,
    /// The events; opaque to the store.
    pub json: String,
}

/// What has gathered to be stored together.
#[derive(Debug, Default)]
pub struct Flush {
    /// Generations that begin, with new articles and without a key.
    pub beginnings: Vec<Arc<NewGeneration>>,
    /// Stretches of logs.
    pub batches: Vec<EventBatch>,
    /// Generations that end, with what is missing of their logs.
    pub ends: Vec<EndedGeneration>,
}

/// How a generation ended; everything is written in one transaction.
#[derive(Clone, Debug)]
pub struct EndedGeneration {
    /// Which.
    pub id: Uuid,
    /// An ended state.
    pub state: GenerationState,
    /// The whole text.
    pub text: String,
    /// The seq of the last event.
    pub last_seq: u64,
    /// The model that wrote.
    pub model: Option<String>,
    /// Tokens and money.
    pub usage: Usage,
    /// The tries.
    pub attempts: Vec<Attempt>,
    /// Where one answer ends in the text and the next begins.
    pub seams: Vec<Seam>,
    /// Why it failed.
    pub error: Option<Problem>,
    /// When it ended.
    pub ended_at: UnixMs,
    /// What of the log is not stored yet.
    pub batches: Vec<EventBatch>,
    /// The revision that it makes; it becomes the article's current one.
    pub revision: Option<NewRevision>,
    /// What is kept to try it again, where it failed.
    pub dead_letter: Option<NewDeadLetter>,
}

/// What is kept of a generation that failed, besides what is kept of every one.
#[derive(Clone, Debug)]
pub struct NewDeadLetter {
    /// UUIDv7.
    pub id: Uuid,
    /// What a model was told that it is.
    pub system: String,
    /// What it was asked.
    pub user: String,
    /// By which template.
    pub template: String,
}

/// A revision that is made. Its number is the article's next.
#[derive(Clone, Debug)]
pub struct NewRevision {
    /// UUIDv7.
    pub id: Uuid,
    /// The Markdown source.
    pub text: String,
    /// The sanitised HTML.
    pub html: String,
    /// The style's name; the article is listed under that of its current revision, and so with the
    /// language.
    pub style: String,
    /// BCP 47.
    pub language: String,
    /// Title, summary, outline, counts.
    pub meta: Meta,
    /// The colours of its code.
    pub highlights: Vec<Highlight>,
}

/// What became of a text that a person changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edited {
    /// It is a revision now, and the current one.
    Stored,
    /// The article is not there.
    NoArticle,
    /// Its current revision is another than the one that was changed.
    Conflict,
    /// A generation is writing the next revision.
    BeingWritten,
}

/// A generation as it is stored. While it runs, text and last seq are those of its batches.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredGeneration {
    /// UUIDv7.
    pub id: Uuid,
    /// The article.
    pub article_id: Uuid,
    /// Where it stands.
    pub state: GenerationState,
    /// The process that runs it.
    pub owner: Uuid,
    /// The whole text; empty while it runs.
    pub text: String,
    /// The seq of the last event; of the last stored one while it runs.
    pub last_seq: u64,
    /// The model that wrote.
    pub model: Option<String>,
    /// What was asked for.
    pub brief: Brief,
    /// Tokens and money.
    pub usage: Usage,
    /// The tries.
    pub attempts: Vec<Attempt>,
    /// Where one answer ends in the text and the next begins.
    pub seams: Vec<Seam>,
    /// What in the brief is unusual.
    pub warnings: Vec<Warning>,
    /// The generation that it goes on from.
    pub continues: Option<Uuid>,
    /// Why it failed.
    pub error: Option<Problem>,
    /// The revision that it made.
    pub revision_id: Option<Uuid>,
    /// When it was accepted.
    pub created_at: UnixMs,
    /// When it ended.
    pub ended_at: Option<UnixMs>,
}

/// Which articles a list shows, and which part of the list.
#[derive(Clone, Debug, Default)]
pub struct ArticleFilter {
    /// What title or text has to contain; `None`: anything.
    pub query: Option<Query>,
    /// The states of the newest generation; empty: all.
    pub states: Vec<GenerationState>,
    /// The styles that were asked for; empty: all.
    pub styles: Vec<Style>,
    /// Language ranges (RFC 4647, basic filtering: `zh` takes `zh-CN` in); empty: all.
    pub languages: Vec<String>,
    /// How many at most. At least one is given.
    pub limit: u32,
    /// `next` of the page before; `None` for the first page.
    pub cursor: Option<String>,
}

impl ArticleFilter {
    /// What a cursor remembers of the list that it belongs to: everything but the part.
    pub(super) fn fingerprint(&self) -> u64 {
        let Self { query, states, styles, languages, limit: _, cursor: _ } = self;
        let hash = blake3::hash(format!("{query:?}{states:?}{styles:?}{languages:?}").as_bytes());
        let (first, _) = hash.as_bytes().split_at(size_of::<u64>());
        first.try_into().map_or(0, u64::from_be_bytes)
    }
}
