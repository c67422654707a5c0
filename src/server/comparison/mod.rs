//! The service behind the comparison of two revisions.

mod texts;

use tokio::sync::Semaphore;
use uuid::Uuid;

use self::texts::{Compared, compare};
use super::error::internal;
use super::generations::no_article;
use super::state::AppState;
use crate::article::comparison::Comparison;
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
        let place = PLACES.acquire().await;
        let old = self.text_of(&from).await?;
        let new = self.text_of(&to).await?;
        let compared = tokio::task::spawn_blocking(move || {
            // Whoever asked may be gone: the place is free when the work is done.
            let _place = place;
            compare(&old, &new)
        });
        let compared = compared.await;
        let Compared { rows, added, removed } = compared.map_err(|error| {
            tracing::error!(error_type = "internal", %error, "texts could not be compared");
            internal()
        })?;
        Ok(Comparison { from, to, added, removed, rows })
    }
}

impl AppState {
    async fn text_of(&self, revision: &RevisionSummary) -> Result<String, Problem> {
        let found = self.store.revision(revision.id).await.map_err(|error| error.to_problem())?;
        // Deleted with its article since it was listed.
        found.map(|found| found.text).ok_or_else(no_article)
    }
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
