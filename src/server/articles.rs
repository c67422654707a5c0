//! The service behind the articles' API and pages.

use std::time::Duration;

use uuid::Uuid;

use super::clock::now_ms;
use super::generations::no_article;
use super::selection::each_once;
use super::state::AppState;
use super::store::StoreError;
use super::store::records::ArticleFilter;
use crate::article::brief::Style;
use crate::article::event::GenerationState;
use crate::article::generation::{Article, ArticlePage, Revision, RevisionSummary, UnixMs};
use crate::article::library::{SelectedOutcome, Selection, SelectionOutcome};
use crate::article::problem::{Code, Problem};
use crate::server::search::query::Query;

/// How long a deleted article can be restored.
pub const RESTORABLE_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The longest language range, in characters; RFC 5646 advises room for 35.
const LANGUAGE_MAX: usize = 35;

/// What a list is asked for with, as it stands in a query string.
#[derive(Clone, Debug, Default)]
pub struct ListRequest<'a> {
    /// What to search for.
    pub q: Option<&'a str>,
    /// States, separated by commas.
    pub state: Option<&'a str>,
    /// Styles, separated by commas.
    pub style: Option<&'a str>,
    /// Language ranges, separated by commas.
    pub language: Option<&'a str>,
}

impl ListRequest<'_> {
    /// The list as the store knows it, from its beginning. What is empty narrows nothing.
    ///
    /// # Errors
    /// A part is not understood or too long; it is named.
    pub fn filter(&self, limit: u32) -> Result<ArticleFilter, Problem> {
        let state = |name: &str| GenerationState::parse(name);
        let mut states = parts(self.state, "state", state, || {
            "Use queued, running, done, cancelled, rejected, failed or interrupted, separated by \
             commas."
                .to_owned()
        })?;
        states.sort_unstable_by_key(|state| state.as_str());
        states.dedup();
        let mut styles = parts(self.style, "style", Style::parse, || {
            "Use technical, tutorial or overview, separated by commas.".to_owned()
        })?;
        styles.sort_unstable_by_key(|style| style.as_str());
        styles.dedup();
        let mut languages = parts(self.language, "language", language_range, || {
            "Use language tags such as en or zh-CN, separated by commas.".to_owned()
        })?;
        languages.sort_unstable();
        languages.dedup();
        let query = self.q.map(Query::parse).transpose()?.flatten();
        Ok(ArticleFilter { query, states, styles, languages, limit, cursor: None })
    }
}

fn parts<T>(
    list: Option<&str>,
    param: &str,
    parse: impl Fn(&str) -> Option<T>,
    resolution: impl Fn() -> String,
) -> Result<Vec<T>, Problem> {
    let names = list.unwrap_or_default().split(',').map(str::trim);
    names
        .filter(|name| !name.is_empty())
        .map(|name| {
            parse(name).ok_or_else(|| {
                let message = format!("`{param}` is not understood.");
                Problem::new(Code::InvalidParameter, message, resolution()).with_param(param)
            })
        })
        .collect()
}

fn language_range(range: &str) -> Option<String> {
    let is_tag = range.len() <= LANGUAGE_MAX
        && range
            .split('-')
            .all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    is_tag.then(|| range.to_ascii_lowercase())
}

fn problem(error: StoreError) -> Problem {
    error.to_problem()
}

impl AppState {
    /// A page of articles.
    ///
    /// # Errors
    /// The cursor is none of ours, or the store cannot be read.
    pub async fn articles(&self, filter: &ArticleFilter) -> Result<ArticlePage, Problem> {
        self.store.articles(filter).await.map_err(problem)
    }

    /// How many articles a list has in all, whatever it is searched for.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn count_articles(&self, filter: &ArticleFilter) -> Result<u32, Problem> {
        self.store.count_articles(filter).await.map_err(problem)
    }

    /// An article with its current revision.
    ///
    /// # Errors
    /// There is none, or the store cannot be read.
    pub async fn article(&self, id: Uuid) -> Result<Article, Problem> {
        self.store.article(id).await.map_err(problem)?.ok_or_else(no_article)
    }

    /// An article's revisions, newest first.
    ///
    /// # Errors
    /// There is no such article, or the store cannot be read.
    pub async fn revisions(&self, article: Uuid) -> Result<Vec<RevisionSummary>, Problem> {
        self.store.revisions(article).await.map_err(problem)?.ok_or_else(no_article)
    }

    /// One revision of an article.
    ///
    /// # Errors
    /// The article has none with this id, or the store cannot be read.
    pub async fn revision(&self, article: Uuid, revision: Uuid) -> Result<Revision, Problem> {
        let found = self.store.revision(revision).await.map_err(problem)?;
        found.filter(|found| found.article_id == article).ok_or_else(no_revision)
    }

    /// Makes a revision the one that readers see.
    ///
    /// # Errors
    /// The article has none with this id, or the store cannot be written.
    pub async fn make_current(&self, article: Uuid, revision: Uuid) -> Result<Article, Problem> {
        if !self.store.set_current_revision(article, revision, now_ms()).await.map_err(problem)? {
            self.article(article).await?;
            return Err(no_revision());
        }
        self.article(article).await
    }

    /// Deletes an article, stopping what is being written for it. It can be restored for a while.
    ///
    /// # Errors
    /// There is none, or the store cannot be written.
    pub async fn delete_article(&self, id: Uuid) -> Result<(), Problem> {
        let mut stopped = None;
        while let Some(running) = self.store.running_of(id).await.map_err(problem)? {
            if stopped == Some(running) {
                return Err(end_not_stored());
            }
            match self.generations.cancel(running).await {
                Ok(_) => {}
                // It ended by itself in between.
                Err(error) if error.code == Code::GenerationEnded => {}
                Err(error) => return Err(error),
            }
            stopped = Some(running);
        }
        match self.store.delete_article(id, now_ms()).await.map_err(problem)? {
            true => Ok(()),
            false => Err(no_article()),
        }
    }

    /// Takes the deletion of an article back.
    ///
    /// # Errors
    /// There is none, not even a deleted one, or the store cannot be written.
    pub async fn restore_article(&self, id: Uuid) -> Result<Article, Problem> {
        self.store.restore_article(id).await.map_err(problem)?;
        self.article(id).await
    }

    /// Deletes several articles; see [`Self::delete_article`]. One that cannot be deleted keeps
    /// nothing else from being so.
    ///
    /// # Errors
    /// There are none or too many.
    pub async fn delete_articles(&self, selection: Selection) -> Result<SelectionOutcome, Problem> {
        let mut results = Vec::new();
        for id in selected(selection)? {
            let error = self.delete_article(id).await.err();
            results.push(SelectedOutcome { id, error });
        }
        Ok(SelectionOutcome { results })
    }

    /// Restores several articles; see [`Self::restore_article`].
    ///
    /// # Errors
    /// There are none or too many.
    pub async fn restore_articles(
        &self,
        selection: Selection,
    ) -> Result<SelectionOutcome, Problem> {
        let mut results = Vec::new();
        for id in selected(selection)? {
            let error = match self.store.restore_article(id).await {
                Ok(true) => None,
                Ok(false) => Some(no_article()),
                Err(error) => Some(problem(error)),
            };
            results.push(SelectedOutcome { id, error });
        }
        Ok(SelectionOutcome { results })
    }

    /// Forgets articles that were deleted longer ago than [`RESTORABLE_FOR`]; done at every start.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn purge_deleted(&self) -> Result<(), StoreError> {
        let age = UnixMs::try_from(RESTORABLE_FOR.as_millis()).unwrap_or(UnixMs::MAX);
        self.store.purge_deleted(now_ms() - age).await?;
        Ok(())
    }
}

/// The articles of a selection, each once.
fn selected(selection: Selection) -> Result<Vec<Uuid>, Problem> {
    each_once(selection.ids, "articles", Code::InvalidArticle)
}

/// What was stopped has ended, but the store could not take that yet.
fn end_not_stored() -> Problem {
    Problem::new(
        Code::StorageUnavailable,
        "The article was stopped, but the database cannot be written, so it is not deleted.",
        "Make room on the disk, and delete it again; its text is kept meanwhile.",
    )
}

fn no_revision() -> Problem {
    Problem::new(
        Code::RevisionNotFound,
        "The article has no such revision.",
        "GET the article's revisions for those that it has.",
    )
    .with_param("revision_id")
}
