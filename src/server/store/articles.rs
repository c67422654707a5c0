//! Articles and their list.

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::cursor::{Cursor, Part};
use super::db::{read, transaction, write};
use super::generations::KEY_LIFETIME;
use super::records::ArticleFilter;
use super::{Store, StoreError, encoding};
use crate::article::generation::{Article, ArticlePage, ArticleSummary, UnixMs};

/// What a list shows of an article: `a`, with its newest generation `g` and its current revision
/// `r`.
const SUMMARIES: &str = "SELECT a.id, a.title, g.state, g.id AS generation_id, a.style, a.language,
        COALESCE(r.words, 0) AS words,
        (SELECT count(*) FROM revisions n WHERE n.article_id = a.id) AS revisions,
        a.created_at, a.updated_at
    FROM articles a
    JOIN generations g ON g.id = a.newest_generation_id
    LEFT JOIN revisions r ON r.id = a.current_revision_id
    WHERE a.deleted_at IS NULL";

#[derive(sqlx::FromRow)]
struct SummaryRow {
    id: Uuid,
    title: String,
    state: String,
    generation_id: Uuid,
    style: String,
    language: String,
    words: i64,
    revisions: i64,
    created_at: i64,
    updated_at: i64,
}

impl SummaryRow {
    fn into_record(self) -> Result<ArticleSummary, StoreError> {
        Ok(ArticleSummary {
            id: self.id,
            title: self.title,
            state: encoding::state(&self.state)?,
            generation_id: self.generation_id,
            style: self.style,
            language: self.language,
            words: encoding::count(self.words),
            revisions: encoding::count(self.revisions),
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

impl Store {
    /// A page of the articles that are not deleted: first those that are being written, then all
    /// others, each newest first.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`], [`StoreError::Unavailable`].
    pub async fn articles(&self, filter: &ArticleFilter) -> Result<ArticlePage, StoreError> {
        let limit = filter.limit.max(1) as usize;
        let mut place = match &filter.cursor {
            Some(cursor) => Cursor::decode(cursor)?,
            None => Cursor::top(Part::BeingWritten, self.running_since().await?),
        };
        let mut items = Vec::new();
        loop {
            // One more than asked for says whether there is another page.
            let more = self.summaries(filter, place, limit + 1 - items.len()).await?;
            for item in more {
                if items.len() == limit {
                    return Ok(ArticlePage { items, next: Some(place.encode()) });
                }
                place = place.after(item.created_at, item.id);
                items.push(item);
            }
            match place.part {
                Part::BeingWritten => place = Cursor::top(Part::Rest, place.running_since),
                Part::Rest => return Ok(ArticlePage { items, next: None }),
            }
        }
    }

    async fn running_since(&self) -> Result<UnixMs, StoreError> {
        Ok(read!(&self.db, |pool| sqlx::query_scalar(
            "SELECT COALESCE(max(created_at), 0) FROM generations WHERE ended_at IS NULL",
        )
        .fetch_one(pool)
        .await)?)
    }

    async fn summaries(
        &self,
        filter: &ArticleFilter,
        place: Cursor,
        limit: usize,
    ) -> Result<Vec<ArticleSummary>, StoreError> {
        let rows: Vec<SummaryRow> = read!(&self.db, |pool| {
            let mut query = QueryBuilder::new(SUMMARIES);
            match place.part {
                Part::BeingWritten => {
                    // Without the list SQLite would go through all articles to find the few.
                    query.push(
                        " AND a.id IN (SELECT article_id FROM generations WHERE ended_at IS NULL)
                          AND g.ended_at IS NULL AND g.created_at <= ",
                    );
                    query.push_bind(place.running_since);
                }
                Part::Rest => {
                    query.push(" AND (g.ended_at IS NOT NULL OR g.created_at > ");
                    query.push_bind(place.running_since).push(")");
                }
            }
            if !filter.states.is_empty() {
                query.push(" AND g.state IN (");
                let mut states = query.separated(", ");
                for state in &filter.states {
                    states.push_bind(state.as_str());
                }
                query.push(")");
            }
            query.push(" AND (a.created_at, a.id) < (");
            query.push_bind(place.created_at).push(", ").push_bind(place.id);
            query.push(") ORDER BY a.created_at DESC, a.id DESC LIMIT ");
            query.push_bind(i64::try_from(limit).unwrap_or(i64::MAX));
            query.build_query_as().fetch_all(pool).await
        })?;
        rows.into_iter().map(SummaryRow::into_record).collect()
    }

    /// An article with its current revision. `None` when it is not there or deleted.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn article(&self, id: Uuid) -> Result<Option<Article>, StoreError> {
        let row: Option<SummaryRow> = read!(&self.db, |pool| {
            let mut query = QueryBuilder::new(SUMMARIES);
            query.push(" AND a.id = ").push_bind(id);
            query.build_query_as().fetch_optional(pool).await
        })?;
        let Some(row) = row else {
            return Ok(None);
        };
        let revision = self.current_revision(id).await?;
        Ok(Some(Article { summary: row.into_record()?, revision }))
    }

    /// Hides an article until it is restored or purged. `false`: it is not there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn delete_article(&self, id: Uuid, now: UnixMs) -> Result<bool, StoreError> {
        let deleted = write!(&self.db, |pool| sqlx::query(
            "UPDATE articles SET deleted_at = $1 WHERE id = $2 AND deleted_at IS NULL",
        )
        .bind(now)
        .bind(id)
        .execute(pool)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(deleted > 0)
    }

    /// Undoes [`Self::delete_article`]. `false`: the article is not there, or purged. Restoring
    /// one that is not deleted changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn restore_article(&self, id: Uuid) -> Result<bool, StoreError> {
        let restored = write!(&self.db, |pool| sqlx::query(
            "UPDATE articles SET deleted_at = NULL WHERE id = $1",
        )
        .bind(id)
        .execute(pool)
        .await
        .map(|done| done.rows_affected()))?;
        Ok(restored > 0)
    }

    /// Removes for good, with everything that belongs to them, the articles that were deleted
    /// before a moment, and the idempotency keys that had expired by then. Articles with a
    /// generation that still runs stay. Says how many went.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn purge_deleted(&self, before: UnixMs) -> Result<u64, StoreError> {
        let purged = transaction!(&self.db, |connection| {
            sqlx::query("DELETE FROM idempotency_keys WHERE created_at <= $1")
                .bind(before - KEY_LIFETIME)
                .execute(&mut *connection)
                .await?;
            sqlx::query(
                "DELETE FROM articles WHERE deleted_at < $1 AND NOT EXISTS (
                     SELECT 1 FROM generations g
                     WHERE g.article_id = articles.id AND g.ended_at IS NULL)",
            )
            .bind(before)
            .execute(&mut *connection)
            .await?
            .rows_affected()
        });
        Ok(purged)
    }
}
