//! Texts that a person changed, as revisions that no generation made.

use uuid::Uuid;

use super::db::transaction;
use super::records::{Edited, NewRevision};
use super::search::{Searchable, index};
use super::{Store, StoreError, encoding};
use crate::article::generation::UnixMs;

impl Store {
    /// Makes a person's revision the current one, if the current one is still the one that the
    /// person changed (`base`; `None`: whichever it is) and nothing is being written. The article
    /// gets `title`, which then stays, or else that of the revision unless a person has named it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then nothing is stored.
    pub async fn store_edit(
        &self,
        article: Uuid,
        base: Option<Uuid>,
        title: Option<&str>,
        revision: &NewRevision,
        searchable: &Searchable,
        now: UnixMs,
    ) -> Result<Edited, StoreError> {
        let meta = encoding::json(&revision.meta)?;
        let highlights = encoding::json(&revision.highlights)?;
        Ok(transaction!(&self.db, |connection| {
            // Written before it is read: that keeps others out until the end, on every database.
            let current: Option<Option<Uuid>> = sqlx::query_scalar(
                "UPDATE articles SET updated_at = updated_at
                 WHERE id = $1 AND deleted_at IS NULL RETURNING current_revision_id",
            )
            .bind(article)
            .fetch_optional(&mut *connection)
            .await?;
            let Some(current) = current else {
                return Ok(Edited::NoArticle);
            };
            if base.is_some() && base != current {
                return Ok(Edited::Conflict);
            }
            let running: Option<Uuid> = sqlx::query_scalar(
                "SELECT id FROM generations WHERE article_id = $1 AND ended_at IS NULL LIMIT 1",
            )
            .bind(article)
            .fetch_optional(&mut *connection)
            .await?;
            if running.is_some() {
                return Ok(Edited::BeingWritten);
            }
            let (title, created_at): (String, UnixMs) = sqlx::query_as(
                "UPDATE articles SET current_revision_id = $1, updated_at = $2,
                     style = $6, language = $7, titled_by_person = titled_by_person OR $4,
                     title = CASE WHEN $3 = '' OR (titled_by_person AND NOT $4) THEN title
                         ELSE $3 END
                 WHERE id = $5 RETURNING title, created_at",
            )
            .bind(revision.id)
            .bind(now)
            .bind(encoding::text(title.unwrap_or(&revision.meta.title)))
            .bind(title.is_some())
            .bind(article)
            .bind(&revision.style)
            .bind(&revision.language)
            .fetch_one(&mut *connection)
            .await?;
            index!(connection, article, created_at, &title, Some(revision.id), searchable);
            sqlx::query(
                "INSERT INTO revisions (id, article_id, number, generation_id, title, words,
                     text, html, meta, highlights, created_at, style, language)
                 VALUES ($1, $2,
                     (SELECT COALESCE(max(number), 0) + 1 FROM revisions WHERE article_id = $2),
                     NULL, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            )
            .bind(revision.id)
            .bind(article)
            .bind(encoding::text(&revision.meta.title))
            .bind(i64::from(revision.meta.words))
            .bind(encoding::text(&revision.text))
            .bind(encoding::text(&revision.html))
            .bind(&meta)
            .bind(&highlights)
            .bind(now)
            .bind(&revision.style)
            .bind(&revision.language)
            .execute(&mut *connection)
            .await?;
            Edited::Stored
        }))
    }
}
