//! The service behind a person's edits.
//!
//! A text is refused while a generation writes for its article: the generation's revision would
//! become the current one when it ends, and the person's words would be gone from the page without
//! a word. The editor keeps them as a draft meanwhile.

use uuid::Uuid;

use super::clock::now_ms;
use super::error::{self, ApiError};
use super::generations::no_article;
use super::highlight::{Coloured, highlight_edited};
use super::pipeline::postprocess::{Kind, revision_of};
use super::sanitize::clean_edited;
use super::state::AppState;
use super::store::records::{Edited, NewRevision};
use super::store::{Searchable, StoreError};
use crate::article::edit::{ArticleEdit, clean_text, clean_title};
use crate::article::event::GenerationState;
use crate::article::generation::{Article, ArticleSummary};
use crate::article::html_writer::write;
use crate::article::markdown::{parse, parse_blocks};
use crate::article::problem::{Code, Problem};

/// Which revision an edit changes: `If-Match` (RFC 9110, §13.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// This one, and no other.
    Revision(Uuid),
    /// Whichever is the current one.
    Any,
    /// One that the article never had.
    Unknown,
}

fn unstored(error: StoreError) -> ApiError {
    error.to_problem().into()
}

impl AppState {
    /// Changes an article as a person asks. A text makes a revision; `base` says which it changes.
    ///
    /// # Errors
    /// There is no such article; nothing is to be changed; title or text is none; a text came
    /// without a `base`, or the article is being written, or its current revision is another, which
    /// then stands beside the error; the store cannot be written.
    pub async fn edit_article(
        &self,
        id: Uuid,
        edit: ArticleEdit,
        base: Option<Base>,
    ) -> Result<Article, ApiError> {
        let ArticleEdit { title, text } = edit;
        let title = title.map(|title| clean_title(&title)).transpose()?;
        let Some(text) = text else {
            let Some(title) = title else {
                return Err(nothing_to_change().into());
            };
            return match self.store.rename_article(id, &title, now_ms()).await {
                Ok(true) => Ok(self.article(id).await?),
                Ok(false) => Err(no_article().into()),
                Err(error) => Err(unstored(error)),
            };
        };
        let text = clean_text(&text, self.config.generation.max_text_bytes)?;
        let Some(base) = base else {
            return Err(no_base().into());
        };
        let known = self.article(id).await?;
        let base = match base {
            Base::Any => None,
            Base::Revision(base) => Some(base),
            Base::Unknown => Some(Uuid::nil()),
        };
        if base.is_some() && base != known.revision.as_ref().map(|revision| revision.id) {
            return Err(conflict(&known));
        }
        let html_before = match &known.revision {
            Some(revision) => self.store.revision_html(revision.id).await.map_err(unstored)?,
            None => None,
        };
        let html_before = html_before.unwrap_or_default();
        let written = text.clone();
        let (made, searchable) = tokio::join!(
            tokio::task::spawn_blocking(move || by_hand(written, &known, &html_before)),
            Searchable::of(&text),
        );
        let revision = made.map_err(|failed| ApiError::from(error::internal()).because(failed))?;
        let searchable = searchable.map_err(unstored)?;
        let title = title.as_deref();
        let stored = self.store.store_edit(id, base, title, &revision, &searchable, now_ms()).await;
        match stored.map_err(unstored)? {
            Edited::Stored => Ok(self.article(id).await?),
            Edited::NoArticle => Err(no_article().into()),
            Edited::Conflict => Err(conflict(&self.article(id).await?)),
            Edited::BeingWritten => Err(being_written().into()),
        }
    }
}

/// A revision of a text that a person wrote, in the place of one with the sanitised HTML
/// `html_before`. Takes milliseconds of the thread, and more for code that the article did not have
/// before.
fn by_hand(text: String, known: &Article, html_before: &str) -> NewRevision {
    // What broke off has not all of its colours.
    let whole = known.revision.as_ref().filter(|revision| match revision.generation_id {
        None => true,
        Some(id) => {
            id == known.summary.generation_id && known.summary.state == GenerationState::Done
        }
    });
    let before = whole.map(|revision| (parse_blocks(&revision.text), revision));
    let coloured = before.as_ref().map(|(document, it)| Coloured::new(document, &it.highlights));
    let document = parse(&text);
    let highlights = highlight_edited(&document, &coloured.unwrap_or_default());
    let html = clean_edited(&write(&document, &highlights), html_before);
    let ArticleSummary { title, style, language, .. } = &known.summary;
    let kind = Kind { topic: title.clone(), style: style.clone(), language: language.clone() };
    revision_of(text, &document, html, highlights, kind)
}

fn conflict(known: &Article) -> ApiError {
    let problem = Problem::new(
        Code::RevisionConflict,
        "The article has changed since the revision that you edited.",
        "Compare your text with `current`, then send it again with the id of `current` in If-Match.",
    )
    .with_param("If-Match");
    // A revision always is JSON.
    let current = serde_json::to_value(&known.revision).unwrap_or_default();
    ApiError::from(problem).beside("current", current)
}

fn no_base() -> Problem {
    Problem::new(
        Code::PreconditionRequired,
        "The edit does not say which revision it changes.",
        "Send the header If-Match with the ETag of the article that you edited.",
    )
    .with_param("If-Match")
}

fn being_written() -> Problem {
    Problem::new(
        Code::GenerationRunning,
        "A new revision of the article is being written, and would take the place of yours.",
        "Stop it or wait for its end, then save again; keep your text meanwhile.",
    )
}

fn nothing_to_change() -> Problem {
    Problem::new(
        Code::InvalidArticle,
        "The edit changes nothing.",
        "Send a `title`, a `text`, or both.",
    )
}
