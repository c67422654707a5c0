//! Articles and their list.

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::cursor::{Cursor, Part};
use super::db::{Dialect, read, transaction, write};
use super::generations::KEY_LIFETIME;
use super::records::ArticleFilter;
use super::search::{ROWS, Searchable, index};
use super::{Store, StoreError, encoding};
use crate::article::generation::{Article, ArticlePage, ArticleSummary, UnixMs};

/// What a list shows of an article `a` and its current revision `r`.
pub(super) const COLUMNS: &str = "a.id, a.title, a.state, a.newest_generation_id AS generation_id,
    a.style, a.language, COALESCE(r.words, 0) AS words,
    (SELECT count(*) FROM revisions n WHERE n.article_id = a.id) AS revisions,
    a.created_at, a.updated_at";

/// The articles that are not deleted, with what [`COLUMNS`] and the list's order need.
const ARTICLES: &str = " FROM articles a
    JOIN generations g ON g.id = a.newest_generation_id
    LEFT JOIN revisions r ON r.id = a.current_revision_id
    WHERE a.deleted_at IS NULL";

#[derive(sqlx::FromRow)]
pub(super) struct SummaryRow {
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
    pub(super) fn into_record(self) -> Result<ArticleSummary, StoreError> {
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
            hit: None,
        })
    }
}

/// Narrows a query over articles `a` to states, styles and languages. `languages` are the stored
/// tags that the filter's ranges take in.
pub(super) fn narrow(
    query: &mut QueryBuilder<Dialect>,
    filter: &ArticleFilter,
    languages: &[String],
) {
    let states = filter.states.iter().map(|state| state.as_str().to_owned()).collect();
    let styles = filter.styles.iter().map(|style| style.as_str().to_owned()).collect();
    one_of(query, "a.state", states);
    one_of(query, "a.style", styles);
    if !filter.languages.is_empty() && languages.is_empty() {
        query.push(" AND 1 = 0");
    }
    one_of(query, "a.language", languages.to_vec());
}

fn one_of(query: &mut QueryBuilder<Dialect>, column: &str, values: Vec<String>) {
    match <[String; 1]>::try_from(values) {
        // An index answers it in the list's order.
        Ok([value]) => {
            query.push(" AND ").push(column).push(" = ").push_bind(value);
        }
        Err(values) if values.is_empty() => {}
        Err(values) => {
            // Several stretches of an index would have to be sorted: the list's own order, with
            // the others left out, is quicker.
            query.push(" AND ").push(column).push(" || '' IN (");
            let mut listed = query.separated(", ");
            for value in values {
                listed.push_bind(value);
            }
            query.push(")");
        }
    }
}

impl Store {
    /// A page of the articles that are not deleted: first those that are being written, then all
    /// others, each newest first; of a search, those whose title was hit before all others.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`], [`StoreError::Unavailable`].
    pub async fn articles(&self, filter: &ArticleFilter) -> Result<ArticlePage, StoreError> {
        if let Some(query) = &filter.query {
            let whole = self.found(filter, query).await;
            let is_other = match &whole {
                Ok(page) => page.items.is_empty() && filter.cursor.is_none(),
                // It may be one of the list that was searched instead.
                Err(error) => matches!(error, StoreError::InvalidCursor),
            };
            let Some(unfinished) = query.unfinished().filter(|_| is_other) else { return whole };
            let filter = ArticleFilter { query: Some(unfinished.clone()), ..filter.clone() };
            return self.found(&filter, &unfinished).await;
        }
        let limit = filter.limit.max(1) as usize;
        let list = filter.fingerprint();
        let mut place = match &filter.cursor {
            Some(cursor) => Cursor::decode(list, cursor)?,
            None => Cursor::top(list, Part::BeingWritten, self.running_since().await?),
        };
        let languages = self.languages_within(&filter.languages).await?;
        let mut items = Vec::new();
        loop {
            // One more than asked for says whether there is another page.
            let more = self.summaries(filter, &languages, place, limit + 1 - items.len()).await?;
            for item in more {
                if items.len() == limit {
                    return Ok(ArticlePage { items, next: Some(place.encode()) });
                }
                place = place.after(item.created_at, item.id);
                items.push(item);
            }
            match place.part {
                Part::BeingWritten => place = Cursor::top(list, Part::Rest, place.running_since),
                _ => return Ok(ArticlePage { items, next: None }),
            }
        }
    }

    /// How many articles a list has in all; a search is not counted, only what it is narrowed to.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn count_articles(&self, filter: &ArticleFilter) -> Result<u32, StoreError> {
        let languages = self.languages_within(&filter.languages).await?;
        let count: i64 = read!(&self.db, |pool| {
            let mut query =
                QueryBuilder::new("SELECT count(*) FROM articles a WHERE a.deleted_at IS NULL");
            narrow(&mut query, filter, &languages);
            query.build_query_scalar().fetch_one(pool).await
        })?;
        Ok(encoding::count(count))
    }

    /// The languages of stored articles that some ranges take in.
    pub(super) async fn languages_within(
        &self,
        ranges: &[String],
    ) -> Result<Vec<String>, StoreError> {
        if ranges.is_empty() {
            return Ok(Vec::new());
        }
        // One step in the index for each language, however many articles there are.
        let mut known: Vec<String> = read!(&self.db, |pool| sqlx::query_scalar(
            "WITH RECURSIVE known (language) AS (
                 SELECT min(language) FROM articles WHERE deleted_at IS NULL
                 UNION ALL
                 SELECT (SELECT min(a.language) FROM articles a
                         WHERE a.language > known.language AND a.deleted_at IS NULL)
                 FROM known WHERE known.language IS NOT NULL)
             SELECT language FROM known WHERE language IS NOT NULL",
        )
        .fetch_all(pool)
        .await)?;
        known.retain(|tag| ranges.iter().any(|range| is_within(tag, range)));
        Ok(known)
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
        languages: &[String],
        place: Cursor,
        limit: usize,
    ) -> Result<Vec<ArticleSummary>, StoreError> {
        let rows: Vec<SummaryRow> = read!(&self.db, |pool| {
            let mut query = QueryBuilder::new("SELECT ");
            query.push(COLUMNS).push(ARTICLES);
            match place.part {
                Part::BeingWritten => {
                    // Without the list SQLite would go through all articles to find the few.
                    query.push(
                        " AND a.id IN (SELECT article_id FROM generations WHERE ended_at IS NULL)
                          AND g.ended_at IS NULL AND g.created_at <= ",
                    );
                    query.push_bind(place.running_since);
                }
                _ => {
                    query.push(" AND (g.ended_at IS NOT NULL OR g.created_at > ");
                    query.push_bind(place.running_since).push(")");
                }
            }
            narrow(&mut query, filter, languages);
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
            let mut query = QueryBuilder::new("SELECT ");
            query.push(COLUMNS).push(ARTICLES);
            query.push(" AND a.id = ").push_bind(id);
            query.build_query_as().fetch_optional(pool).await
        })?;
        let Some(row) = row else {
            return Ok(None);
        };
        let revision = self.current_revision(id).await?;
        Ok(Some(Article { summary: row.into_record()?, revision }))
    }

    /// Gives an article the title that a person chose; it stays when later revisions have another.
    /// `false`: the article is not there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn rename_article(
        &self,
        id: Uuid,
        title: &str,
        now: UnixMs,
    ) -> Result<bool, StoreError> {
        let renamed = transaction!(&self.db, |connection| {
            let created_at: Option<UnixMs> = sqlx::query_scalar(
                "UPDATE articles SET title = $1, titled_by_person = TRUE, updated_at = $2
                 WHERE id = $3 AND deleted_at IS NULL RETURNING created_at",
            )
            .bind(encoding::text(title))
            .bind(now)
            .bind(id)
            .fetch_optional(&mut *connection)
            .await?;
            if let Some(created_at) = created_at {
                // Where it is not searchable yet it will become so under the new title.
                let searched: Option<(String, Option<Uuid>)> = sqlx::query_as(
                    "SELECT text, revision_id FROM searched_articles WHERE article_id = $1",
                )
                .bind(id)
                .fetch_optional(&mut *connection)
                .await?;
                if let Some((text, revision)) = searched {
                    let searchable = Searchable::of_readable(text);
                    index!(connection, id, created_at, title, revision, &searchable);
                }
            }
            created_at.is_some()
        });
        Ok(renamed)
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
            let searched: Vec<(i64, i64)> = sqlx::query_as(
                "SELECT s.place, s.sections FROM searched_articles s
                 JOIN articles a ON a.id = s.article_id
                 WHERE a.deleted_at < $1 AND NOT EXISTS (
                     SELECT 1 FROM generations g
                     WHERE g.article_id = a.id AND g.ended_at IS NULL)",
            )
            .bind(before)
            .fetch_all(&mut *connection)
            .await?;
            for (place, sections) in searched {
                for section in 0..sections {
                    sqlx::query("DELETE FROM search WHERE rowid = $1")
                        .bind(place * ROWS + section)
                        .execute(&mut *connection)
                        .await?;
                }
            }
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

/// Whether a language range takes a tag in: basic filtering of RFC 4647, §3.3.1.
fn is_within(tag: &str, range: &str) -> bool {
    match tag.split_at_checked(range.len()) {
        Some((head, rest)) => {
            head.eq_ignore_ascii_case(range) && (rest.is_empty() || rest.starts_with('-'))
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_within;

    #[test]
    fn a_language_range_takes_in_what_is_more_precise() {
        assert!(is_within("zh-CN", "zh") && is_within("zh-CN", "ZH-cn") && is_within("en", "en"));
        assert!(!is_within("zhx", "zh") && !is_within("zh", "zh-CN") && !is_within("日", "ja"));
    }
}
