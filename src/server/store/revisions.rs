//! Revisions of articles. Those of a deleted article are hidden with it.

use sqlx::types::Json;
use uuid::Uuid;

use super::db::{read, transaction};
use super::search::{Searchable, index};
use super::{Store, StoreError, encoding};
use crate::article::brief::Brief;
use crate::article::event::{Highlight, Meta, Usage};
use crate::article::generation::{Revision, RevisionSummary, UnixMs};

#[derive(sqlx::FromRow)]
struct RevisionRow {
    id: Uuid,
    article_id: Uuid,
    number: i64,
    generation_id: Option<Uuid>,
    text: String,
    meta: Json<Meta>,
    highlights: Json<Vec<Highlight>>,
    created_at: i64,
}

impl RevisionRow {
    fn into_record(self) -> Revision {
        Revision {
            id: self.id,
            article_id: self.article_id,
            number: encoding::count(self.number),
            generation_id: self.generation_id,
            text: self.text,
            meta: self.meta.0,
            highlights: self.highlights.0,
            created_at: self.created_at,
        }
    }
}

#[derive(sqlx::FromRow)]
struct SummaryRow {
    id: Uuid,
    number: i64,
    generation_id: Option<Uuid>,
    state: Option<String>,
    model: Option<String>,
    brief: Option<Json<Brief>>,
    title: String,
    words: i64,
    usage: Option<Json<Usage>>,
    current: bool,
    created_at: i64,
}

impl SummaryRow {
    fn into_record(self) -> Result<RevisionSummary, StoreError> {
        Ok(RevisionSummary {
            id: self.id,
            number: encoding::count(self.number),
            generation_id: self.generation_id,
            state: self.state.as_deref().map(encoding::state).transpose()?,
            model: self.model,
            brief: self.brief.map(|brief| brief.0),
            title: self.title,
            words: encoding::count(self.words),
            usage: self.usage.map(|usage| usage.0).unwrap_or_default(),
            current: self.current,
            created_at: self.created_at,
        })
    }
}

impl Store {
    /// All revisions of an article, newest first. `None` when it is not there or deleted.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn revisions(
        &self,
        article: Uuid,
    ) -> Result<Option<Vec<RevisionSummary>>, StoreError> {
        let rows: Vec<SummaryRow> = read!(&self.db, |pool| {
            sqlx::query_as(
            "SELECT r.id, r.number, r.generation_id, g.state, g.model, g.brief, r.title, r.words, g.usage,
                 CASE WHEN r.id = a.current_revision_id THEN TRUE ELSE FALSE END AS current,
                 r.created_at
             FROM revisions r
             JOIN articles a ON a.id = r.article_id
             LEFT JOIN generations g ON g.id = r.generation_id
             WHERE r.article_id = $1 AND a.deleted_at IS NULL ORDER BY r.number DESC",
        )
        .bind(article)
        .fetch_all(pool)
        .await
        })?;
        if rows.is_empty() && !self.has_article(article).await? {
            return Ok(None);
        }
        rows.into_iter().map(SummaryRow::into_record).collect::<Result<_, _>>().map(Some)
    }

    async fn has_article(&self, id: Uuid) -> Result<bool, StoreError> {
        let found: Option<Uuid> = read!(&self.db, |pool| sqlx::query_scalar(
            "SELECT id FROM articles WHERE id = $1 AND deleted_at IS NULL",
        )
        .bind(id)
        .fetch_optional(pool)
        .await)?;
        Ok(found.is_some())
    }

    /// A revision.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn revision(&self, id: Uuid) -> Result<Option<Revision>, StoreError> {
        let row: Option<RevisionRow> = read!(&self.db, |pool| {
            sqlx::query_as(
            "SELECT r.id, r.article_id, r.number, r.generation_id, r.text, r.meta, r.highlights,
                 r.created_at
             FROM revisions r JOIN articles a ON a.id = r.article_id
             WHERE r.id = $1 AND a.deleted_at IS NULL",
        )
        .bind(id)
        .fetch_optional(pool)
        .await
        })?;
        Ok(row.map(RevisionRow::into_record))
    }

    /// The revision of an article that readers see.
    pub(super) async fn current_revision(
        &self,
        article: Uuid,
    ) -> Result<Option<Revision>, StoreError> {
        let row: Option<RevisionRow> = read!(&self.db, |pool| {
            sqlx::query_as(
            "SELECT r.id, r.article_id, r.number, r.generation_id, r.text, r.meta, r.highlights,
                 r.created_at
             FROM articles a JOIN revisions r ON r.id = a.current_revision_id
             WHERE a.id = $1 AND a.deleted_at IS NULL",
        )
        .bind(article)
        .fetch_optional(pool)
        .await
        })?;
        Ok(row.map(RevisionRow::into_record))
    }

    /// The sanitised HTML of a revision.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn revision_html(&self, id: Uuid) -> Result<Option<String>, StoreError> {
        Ok(read!(&self.db, |pool| sqlx::query_scalar(
            "SELECT r.html FROM revisions r JOIN articles a ON a.id = r.article_id
             WHERE r.id = $1 AND a.deleted_at IS NULL",
        )
        .bind(id)
        .fetch_optional(pool)
        .await)?)
    }

    /// Makes a revision the one that readers see; its style and language become the article's, and
    /// its title unless a person has named that. `false`: the article is not there, or the revision
    /// is not one of its.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn set_current_revision(
        &self,
        article: Uuid,
        revision: Uuid,
        now: UnixMs,
    ) -> Result<bool, StoreError> {
        // A revision never changes: what is to be searched can be prepared before the lock is taken.
        let text = self.revision(revision).await?.map(|revision| revision.text);
        let searchable = Searchable::of(text.as_deref().unwrap_or_default()).await?;
        let changed = transaction!(&self.db, |connection| {
            let changed: Option<(String, UnixMs)> = sqlx::query_as(
                "UPDATE articles SET current_revision_id = r.id, updated_at = $1,
                     style = COALESCE(r.style, articles.style),
                     language = COALESCE(r.language, articles.language),
                     title = CASE WHEN r.title = '' OR titled_by_person THEN articles.title
                         ELSE r.title END
                 FROM revisions r
                 WHERE r.id = $2 AND articles.id = r.article_id AND articles.id = $3
                     AND articles.deleted_at IS NULL
                 RETURNING articles.title, articles.created_at",
            )
            .bind(now)
            .bind(revision)
            .bind(article)
            .fetch_optional(&mut *connection)
            .await?;
            if let Some((title, created_at)) = &changed {
                index!(connection, article, *created_at, title, Some(revision), &searchable);
            }
            changed.is_some()
        });
        Ok(changed)
    }
}
