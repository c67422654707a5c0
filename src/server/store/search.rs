//! The search table: what goes into it, and what comes out.
//!
//! It is the one table that every database needs a text of its own for; here stand SQLite's. Its
//! tokenizer takes words apart at spaces alone, because [`crate::server::search`] made the tokens:
//! `ascii` leaves everything but ASCII punctuation alone, and tokens have none.

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::articles::{COLUMNS, SummaryRow, narrow};
use super::cursor::{Cursor, Part};
use super::db::{read, transaction};
use super::records::ArticleFilter;
use super::{Store, StoreError};
use crate::article::generation::{ArticlePage, ArticleSummary, UnixMs};
use crate::server::search::query::{Query, Term};
use crate::server::search::{self, excerpt};

/// Rows of the search table that belong to one article, at most.
pub(super) const ROWS: i64 = 256;
/// Articles of one millisecond that keep their order.
pub(super) const PER_MS: i64 = 1 << 13;
/// Later times (from the year 2109 on) do not fit into a row's number.
pub(super) const LATEST: UnixMs = (1 << 42) - 1;
/// Stands in every section of an article that has several. No token of a text can be it.
const LONG: &str = "\u{E000}";
/// Begins the token of an article's style, and that of its language: the search is narrowed to them
/// without a look at every article that has a common word. They are those of its current revision.
const STYLE: &str = "\u{E001}";
const LANGUAGE: &str = "\u{E002}";
/// Stands for a hyphen in a token.
const HYPHEN: &str = "\u{E003}";
/// How long a search waits until what has ended last can be searched.
const LAG_PATIENCE: std::time::Duration = std::time::Duration::from_millis(500);
/// A text that is taken apart on a thread of its own rather than between two requests, in bytes.
const LARGE: usize = 64 << 10;

/// A text, ready to be searched.
#[derive(Debug, Default)]
pub struct Searchable {
    /// Without mark-up.
    pub(super) text: String,
    /// Its tokens; never empty.
    pub(super) sections: Vec<String>,
}

impl Searchable {
    /// Of a revision's Markdown.
    ///
    /// # Errors
    /// [`StoreError::Defect`]: the text could not be taken apart.
    pub async fn of(markdown: &str) -> Result<Self, StoreError> {
        if markdown.len() < LARGE {
            return Ok(Self::of_readable(search::readable(markdown)));
        }
        let markdown = markdown.to_owned();
        tokio::task::spawn_blocking(move || Self::of_readable(search::readable(&markdown)))
            .await
            .map_err(|error| StoreError::unreadable(format!("a text cannot be searched: {error}")))
    }

    /// Of a text without mark-up.
    pub(super) fn of_readable(text: String) -> Self {
        let mut sections = search::sections(&text);
        if sections.len() > 1 {
            sections.iter_mut().for_each(|section| section.push_str(LONG));
        }
        Self { text, sections }
    }
}

/// The tokens of a title.
pub(super) fn title_tokens(title: &str) -> String {
    search::sections(title).swap_remove(0)
}

fn style_token(style: &str) -> String {
    format!("{STYLE}{style}")
}

fn language_token(language: &str) -> String {
    format!("{LANGUAGE}{}", language.replace('-', HYPHEN))
}

/// The tokens of what a search can be narrowed to.
pub(super) fn narrowing_tokens(style: &str, language: &str) -> String {
    format!("{} {}", style_token(style), language_token(language))
}

/// Makes an article be found by this title and this text alone, the one of the revision, within a
/// transaction.
macro_rules! index {
    ($connection:expr, $article:expr, $created_at:expr, $title:expr, $revision:expr, $searchable:expr) => {{
        use $crate::server::store::search::{
            LATEST, PER_MS, ROWS, Searchable, narrowing_tokens, title_tokens,
        };
        let searchable: &Searchable = $searchable;
        let revision: Option<uuid::Uuid> = $revision;
        let text = $crate::server::store::encoding::text(&searchable.text);
        let sections = searchable.sections.len() as i64;
        let known: Option<(i64, i64)> =
            sqlx::query_as("SELECT place, sections FROM searched_articles WHERE article_id = $1")
                .bind($article)
                .fetch_optional(&mut *$connection)
                .await?;
        let place = match known {
            Some((place, sections_before)) => {
                for section in 0..sections_before {
                    sqlx::query("DELETE FROM search WHERE rowid = $1")
                        .bind(place * ROWS + section)
                        .execute(&mut *$connection)
                        .await?;
                }
                sqlx::query(
                    "UPDATE searched_articles SET sections = $1, text = $2, revision_id = $3
                     WHERE place = $4",
                )
                .bind(sections)
                .bind(text)
                .bind(revision)
                .bind(place)
                .execute(&mut *$connection)
                .await?;
                place
            }
            None => {
                let created_at: i64 = $created_at;
                let first = created_at.clamp(0, LATEST) * PER_MS;
                let place: i64 = sqlx::query_scalar(
                    "INSERT INTO searched_articles (place, article_id, sections, text, revision_id)
                     VALUES ((SELECT COALESCE(max(place) + 1, $1) FROM searched_articles
                              WHERE place >= $1 AND place < $2), $3, $4, $5, $6)
                     RETURNING place",
                )
                .bind(first)
                .bind(first + PER_MS - 1)
                .bind($article)
                .bind(sections)
                .bind(text)
                .bind(revision)
                .fetch_one(&mut *$connection)
                .await?;
                place
            }
        };
        let title = title_tokens($title);
        let (style, language): (String, String) =
            sqlx::query_as("SELECT style, language FROM articles WHERE id = $1")
                .bind($article)
                .fetch_one(&mut *$connection)
                .await?;
        let narrowing = narrowing_tokens(&style, &language);
        for (section, body) in searchable.sections.iter().enumerate() {
            sqlx::query("INSERT INTO search (rowid, title, body) VALUES ($1, $2, $3)")
                .bind(place * ROWS + section as i64)
                .bind(&title)
                .bind(format!("{body} {narrowing}"))
                .execute(&mut *$connection)
                .await?;
        }
    }};
}

pub(super) use index;

/// The expression that FTS5 is asked for all of some terms.
fn expression(terms: &[Term]) -> String {
    let mut text = String::new();
    for term in terms {
        if !text.is_empty() {
            text.push_str(" AND ");
        }
        text.push('"');
        text.push_str(&term.tokens.join(" "));
        text.push('"');
        if term.prefix {
            text.push('*');
        }
    }
    text
}

/// What one part of the hits is asked for with.
fn expression_of(part: Part, query: &Query) -> String {
    let all = expression(&query.terms);
    match part {
        Part::TextHit => format!("({all}) NOT title : ({all})"),
        _ => format!("title : ({all})"),
    }
}

/// The same among what has one of these styles and one of these languages; none of them: any.
fn narrowed(expression: &str, filter: &ArticleFilter, languages: &[String]) -> String {
    let styles = filter.styles.iter().map(|style| style_token(style.as_str()));
    let languages = languages.iter().map(|language| language_token(language));
    let mut narrowed = format!("({expression})");
    for tokens in [styles.collect::<Vec<_>>(), languages.collect()] {
        if !tokens.is_empty() {
            narrowed.push_str(&format!(" AND body : (\"{}\")", tokens.join("\" OR \"")));
        }
    }
    narrowed
}

#[derive(sqlx::FromRow)]
struct HitRow {
    #[sqlx(flatten)]
    summary: SummaryRow,
    place: i64,
    text: String,
}

/// An article that was hit, and its place.
struct Found {
    place: i64,
    article: ArticleSummary,
}

/// How many pages of hits are cut into excerpts at once; others wait their turn.
static PLACES: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(2);

/// Makes what is shown of hits, on a thread that nobody waits for.
async fn excerpts(rows: Vec<HitRow>, query: &Query) -> Result<Vec<Found>, StoreError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let place = PLACES.acquire().await;
    let query = query.clone();
    let made = tokio::task::spawn_blocking(move || {
        // Whoever asked may be gone: the place is free when the work is done.
        let _place = place;
        rows.into_iter().map(|row| row.into_found(&query)).collect()
    });
    made.await
        .map_err(|error| StoreError::unreadable(format!("no excerpt can be made: {error}")))?
}

impl HitRow {
    fn into_found(self, query: &Query) -> Result<Found, StoreError> {
        let mut article = self.summary.into_record()?;
        article.hit = Some(excerpt::hit(query, &article.title, &self.text));
        Ok(Found { place: self.place, article })
    }
}

impl Store {
    /// A page of what was found: first the articles whose title has it all, then the others, each
    /// newest first.
    pub(super) async fn found(
        &self,
        filter: &ArticleFilter,
        query: &Query,
    ) -> Result<ArticlePage, StoreError> {
        let limit = filter.limit.max(1) as usize;
        let list = filter.fingerprint();
        let mut place = match &filter.cursor {
            Some(cursor) => Cursor::decode(list, cursor)?,
            None => Cursor::top(list, Part::TitleHit, 0),
        };
        let mut items = Vec::new();
        if query.terms.is_empty() {
            return Ok(ArticlePage { items, next: None });
        }
        // Whoever has seen an article end finds it; where the database cannot be written for a
        // while, the search goes on without.
        match tokio::time::timeout(LAG_PATIENCE, self.index_lagging()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(error_type = "storage", %error, "the search lags behind");
            }
            Err(_) => tracing::warn!(error_type = "storage", "the search lags behind: no time"),
        }
        let languages = self.languages_within(&filter.languages).await?;
        loop {
            let wanted = limit + 1 - items.len();
            let more = self.hits(filter, &languages, query, place, wanted).await?;
            for found in more {
                if items.len() == limit {
                    return Ok(ArticlePage { items, next: Some(place.encode()) });
                }
                place = place.after(found.place, Uuid::max());
                items.push(found.article);
            }
            match place.part {
                Part::TitleHit => place = Cursor::top(list, Part::TextHit, 0),
                _ => return Ok(ArticlePage { items, next: None }),
            }
        }
    }

    /// The newest hits of a part before a place, at most `limit`, each article once.
    async fn hits(
        &self,
        filter: &ArticleFilter,
        languages: &[String],
        query: &Query,
        from: Cursor,
        limit: usize,
    ) -> Result<Vec<Found>, StoreError> {
        let expression = narrowed(&expression_of(from.part, query), filter, languages);
        let mut before = from.created_at;
        let mut found: Vec<Found> = Vec::new();
        loop {
            let wanted = limit - found.len();
            let rows: Vec<HitRow> = read!(&self.db, |pool| {
                let mut sql = QueryBuilder::new("SELECT ");
                sql.push(COLUMNS);
                // The order of the joins is the order of the loops: the newest rows come first by
                // themselves, and nothing is sorted.
                sql.push(
                    ", s.place, s.text FROM search
                     CROSS JOIN searched_articles s
                     CROSS JOIN articles a
                     LEFT JOIN revisions r ON r.id = a.current_revision_id
                     WHERE search MATCH ",
                );
                sql.push_bind(&expression).push(" AND search.rowid < ");
                sql.push_bind(before.saturating_mul(ROWS));
                sql.push(" AND s.place = search.rowid / ").push(ROWS.to_string());
                sql.push(" AND a.id = s.article_id AND a.deleted_at IS NULL");
                narrow(&mut sql, filter, languages);
                sql.push(" ORDER BY search.rowid DESC LIMIT ");
                sql.push_bind(i64::try_from(wanted).unwrap_or(i64::MAX));
                sql.build_query_as().fetch_all(pool).await
            })?;
            let whole = rows.len() < wanted;
            before = rows.last().map_or(before, |row| row.place);
            let mut last = found.last().map(|found| found.place);
            // Several sections of one article can be hit.
            let articles =
                rows.into_iter().filter(|row| last.replace(row.place) != Some(row.place));
            found.extend(excerpts(articles.collect(), query).await?);
            if whole || found.len() == limit {
                break;
            }
        }
        if from.part == Part::TextHit && query.terms.len() > 1 {
            let scattered = self.scattered(filter, languages, query, from, limit).await?;
            found.extend(scattered);
            found.sort_by_key(|hit| std::cmp::Reverse(hit.place));
            found.dedup_by_key(|hit| hit.place);
            found.truncate(limit);
        }
        Ok(found)
    }

    /// Long articles that have all terms, but perhaps in no single section all of them.
    async fn scattered(
        &self,
        filter: &ArticleFilter,
        languages: &[String],
        query: &Query,
        from: Cursor,
        limit: usize,
    ) -> Result<Vec<Found>, StoreError> {
        let long =
            |term: &Term| format!("\"{LONG}\" AND {}", expression(std::slice::from_ref(term)));
        let rows: Vec<HitRow> = read!(&self.db, |pool| {
            let mut sql = QueryBuilder::new("SELECT ");
            sql.push(COLUMNS);
            sql.push(", s.place, s.text FROM (");
            for (index, term) in query.terms.iter().enumerate() {
                if index > 0 {
                    sql.push(" INTERSECT ");
                }
                sql.push("SELECT rowid / ").push(ROWS.to_string());
                sql.push(" AS place FROM search WHERE search MATCH ").push_bind(long(term));
            }
            sql.push(" EXCEPT SELECT rowid / ").push(ROWS.to_string());
            sql.push(" FROM search WHERE search MATCH ");
            sql.push_bind(format!("\"{LONG}\" AND ({})", expression_of(Part::TitleHit, query)));
            sql.push(
                ") hit JOIN searched_articles s ON s.place = hit.place
                 JOIN articles a ON a.id = s.article_id
                 LEFT JOIN revisions r ON r.id = a.current_revision_id
                 WHERE a.deleted_at IS NULL AND s.place < ",
            );
            sql.push_bind(from.created_at);
            narrow(&mut sql, filter, languages);
            sql.push(" ORDER BY s.place DESC LIMIT ");
            sql.push_bind(i64::try_from(limit).unwrap_or(i64::MAX));
            sql.build_query_as().fetch_all(pool).await
        })?;
        excerpts(rows, query).await
    }

    /// The articles whose current text is not in the search table, newest first, at most `limit`
    /// of those behind `after`; those that are deleted or those that are not.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn unsearchable(
        &self,
        deleted: bool,
        after: Option<(UnixMs, Uuid)>,
        limit: u32,
    ) -> Result<Vec<(UnixMs, Uuid)>, StoreError> {
        let (created_at, id) = after.unwrap_or((UnixMs::MAX, Uuid::max()));
        Ok(read!(&self.db, |pool| {
            let mut sql = QueryBuilder::new(
                "SELECT a.created_at, a.id FROM articles a
                     WHERE NOT EXISTS (
                         SELECT 1 FROM searched_articles s WHERE s.article_id = a.id
                         AND s.revision_id IS NOT DISTINCT FROM a.current_revision_id)
                     AND a.deleted_at IS ",
            );
            // Each of the two has its index.
            sql.push(if deleted { "NOT NULL" } else { "NULL" });
            sql.push(" AND (a.created_at, a.id) < (").push_bind(created_at);
            sql.push(", ").push_bind(id);
            sql.push(") ORDER BY a.created_at DESC, a.id DESC LIMIT ");
            sql.push_bind(i64::from(limit));
            sql.build_query_as().fetch_all(pool).await
        })?)
    }

    /// Makes articles be found by their titles and current texts.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then none of them is.
    pub async fn index_articles(&self, articles: &[Uuid]) -> Result<(), StoreError> {
        let current: Vec<(Uuid, Option<Uuid>, Option<String>)> = read!(&self.db, |pool| {
            let mut sql = QueryBuilder::new(
                "SELECT a.id, a.current_revision_id, r.text FROM articles a
                     LEFT JOIN revisions r ON r.id = a.current_revision_id WHERE a.id IN (",
            );
            let mut ids = sql.separated(", ");
            articles.iter().for_each(|id| _ = ids.push_bind(*id));
            sql.push(") ORDER BY a.created_at, a.id");
            sql.build_query_as().fetch_all(pool).await
        })?;
        // Many texts at once take a while, and would keep the streams of others waiting.
        let searchable = tokio::task::spawn_blocking(move || {
            let prepare = |(id, revision, text): (_, _, Option<String>)| {
                let text = search::readable(text.as_deref().unwrap_or_default());
                (id, revision, Searchable::of_readable(text))
            };
            current.into_iter().map(prepare).collect::<Vec<(Uuid, Option<Uuid>, Searchable)>>()
        });
        let searchable = searchable.await.map_err(|error| {
            StoreError::unreadable(format!("a text cannot be searched: {error}"))
        })?;
        transaction!(&self.db, |connection| {
            for (id, revision, text) in &searchable {
                // What has changed the text meanwhile sees to it itself.
                let unchanged: Option<(String, UnixMs)> = sqlx::query_as(
                    "SELECT title, created_at FROM articles
                     WHERE id = $1 AND current_revision_id IS NOT DISTINCT FROM $2",
                )
                .bind(id)
                .bind(revision)
                .fetch_optional(&mut *connection)
                .await?;
                if let Some((title, created_at)) = unchanged {
                    index!(connection, *id, created_at, &title, *revision, text);
                }
            }
        });
        Ok(())
    }
}
