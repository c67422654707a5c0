//! The service behind the articles' API and pages.

use std::time::Duration;

use uuid::Uuid;

use super::clock::now_ms;
use super::generations::no_article;
use super::state::AppState;
use super::store::StoreError;
use super::store::records::ArticleFilter;
use crate::article::generation::{Article, ArticlePage, Revision, RevisionSummary, UnixMs};
use crate::article::problem::{Code, Problem};

/// How long a deleted article can be restored.
pub const RESTORABLE_FOR: Duration = Duration::from_secs(30 * 24 * 60 * 60);

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
