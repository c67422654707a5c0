//! The service behind the comparison of two revisions, and of one with a text that is not saved.

mod texts;

use tokio::sync::{Semaphore, SemaphorePermit};
use uuid::Uuid;

use self::texts::{Compared, compare};
use super::error::internal;
use super::generations::no_article;
use super::state::AppState;
use crate::article::comparison::{Comparison, TextComparison};
use crate::article::edit::clean_text;
use crate::article::generation::RevisionSummary;
use crate::article::problem::{Code, Problem};

/// How many comparisons are made at once; others wait their turn.
static PLACES: Semaphore = Semaphore::const_new(2);

impl AppState {
    /// Compares two revisions of an article: `to`, or else the current one, with `from`, or else
    /// the one before it (after it, where it is the first).
    ///
    /// # Errors
    /// There is no such article or revision, or nothing to compare with; the store cannot be read.
    pub async fn compare(
        &self,
        article: Uuid,
        from: Option<Uuid>,
        to: Option<Uuid>,
    ) -> Result<Comparison, Problem> {
        self.compare_among(&self.revisions(article).await?, from, to).await
    }

    /// The same, of revisions that were read before: all of an article, newest first.
    ///
    /// # Errors
    /// A revision is not among them, or nothing to compare with; the store cannot be read.
    pub async fn compare_among(
        &self,
        revisions: &[RevisionSummary],
        from: Option<Uuid>,
        to: Option<Uuid>,
    ) -> Result<Comparison, Problem> {
        let named = |id: Uuid, param: &str| {
            let known = revisions.iter().find(|revision| revision.id == id);
            known.ok_or_else(|| no_revision(param))
        };
        let to = match to {
            Some(to) => named(to, "to")?,
            None => revisions.iter().find(|it| it.current).ok_or_else(|| no_revision("to"))?,
        };
        let from = match from {
            Some(from) => named(from, "from")?,
            None => neighbour(revisions, to).ok_or_else(only_one)?,
        };
        let (from, to) = (from.clone(), to.clone());
        let place = place().await;
        let old = self.text_of(&from).await?;
        let new = self.text_of(&to).await?;
        let Compared { rows, added, removed } = compared(place, old, new).await?;
        Ok(Comparison { from, to, added, removed, rows })
    }

    /// Compares the current revision of an article with a text that is not saved.
    ///
    /// # Errors
    /// There is no such article, it has no revision, or the text could not be saved; the store
    /// cannot be read.
    pub async fn compare_text(&self, article: Uuid, text: &str) -> Result<TextComparison, Problem> {
        let new = clean_text(text, self.config.generation.max_text_bytes)?;
        let revisions = self.revisions(article).await?;
        let from = revisions.into_iter().find(|it| it.current);
        let from = from.ok_or_else(|| no_revision("id"))?;
        let place = place().await;
        let old = self.text_of(&from).await?;
        let Compared { rows, added, removed } = compared(place, old, new).await?;
        Ok(TextComparison { from, added, removed, rows })
    }

    async fn text_of(&self, revision: &RevisionSummary) -> Result<String, Problem> {
        let found = self.store.revision(revision.id).await.map_err(|error| error.to_problem())?;
        // Deleted with its article since it was listed.
        found.map(|found| found.text).ok_or_else(no_article)
    }
}

async fn place() -> Option<SemaphorePermit<'static>> {
    // It is never closed.
    PLACES.acquire().await.ok()
}

/// Whoever asked may be gone: the place is free when the work is done.
async fn compared(
    place: Option<SemaphorePermit<'static>>,
    old: String,
    new: String,
) -> Result<Compared, Problem> {
    let compared = tokio::task::spawn_blocking(move || {
        let _place = place;
        compare(&old, &new)
    });
    compared.await.map_err(|error| {
        tracing::error!(error_type = "internal", %error, "texts could not be compared");
        internal()
    })
}

/// The revision that one is best compared with.
fn neighbour<'a>(
    revisions: &'a [RevisionSummary],
    of: &RevisionSummary,
) -> Option<&'a RevisionSummary> {
    let older = revisions.iter().find(|revision| revision.number < of.number);
    older.or_else(|| revisions.iter().rfind(|revision| revision.number > of.number))
}

fn no_revision(param: &str) -> Problem {
    Problem::new(
        Code::RevisionNotFound,
        format!("`{param}` names no revision of this article."),
        "GET the article's revisions for those that it has.",
    )
    .with_param(param)
}

fn only_one() -> Problem {
    Problem::new(
        Code::RevisionNotFound,
        "The article has only one revision.",
        "Regenerate or edit it; then there are two to compare.",
    )
    .with_param("from")
}
