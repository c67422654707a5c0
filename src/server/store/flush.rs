//! What the writer brings, all in one transaction: beginnings, stretches of logs, ends.
//!
//! With many generations at once most of the cost of a commit is the commit; so what has gathered
//! goes together. Everything here can be done again when the outcome was not known.

use sqlx::QueryBuilder;
use uuid::Uuid;

use super::db::transaction;
use super::records::{ArticleRef, EndedGeneration, EventBatch, Flush, NewGeneration};
use super::{Store, StoreError, encoding};
use crate::article::event::{GenerationState, Usage};
use crate::article::generation::Attempt;

/// Rows of one insert. Only these sizes, so that the same few statements are used again.
const INSERT_SIZES: [usize; 4] = [256, 32, 4, 1];

/// Inserts `$rows` in statements of few sizes: `$sql`, then the values that `$bind` gives each row,
/// then `$end`.
macro_rules! insert_rows {
    ($connection:expr, $rows:expr, $sql:literal, |$row:ident, $value:ident| $bind:expr, $end:literal) => {{
        let mut rows = $rows;
        for size in INSERT_SIZES {
            while rows.len() >= size {
                let (chunk, rest) = rows.split_at(size);
                rows = rest;
                let mut insert = QueryBuilder::new($sql);
                insert.push_values(chunk, |mut $row, $value| {
                    $bind;
                });
                insert.push($end);
                insert.build().execute(&mut *$connection).await?;
            }
        }
    }};
}

/// Inserts generations that begin, each with a new article.
macro_rules! insert_beginnings {
    ($connection:expr, $beginnings:expr) => {{
        let beginnings: &[Beginning<'_>] = $beginnings;
        insert_rows!(
            $connection,
            beginnings,
            "INSERT INTO articles (id, title, style, language, newest_generation_id, created_at,
                 updated_at) ",
            |row, it| row
                .push_bind(it.article)
                .push_bind(encoding::text(it.title).into_owned())
                .push_bind(it.style.to_owned())
                .push_bind(it.language.to_owned())
                .push_bind(it.new.id)
                .push_bind(it.new.created_at)
                .push_bind(it.new.created_at),
            " ON CONFLICT (id) DO NOTHING"
        );
        let state = GenerationState::Running.as_str();
        let usage = encoding::json(&Usage::default())?;
        let attempts = encoding::json::<[Attempt]>(&[])?;
        insert_rows!(
            $connection,
            beginnings,
            "INSERT INTO generations (id, article_id, state, owner, text, last_seq, brief, usage,
                 attempts, warnings, continues, created_at) ",
            |row, it| row
                .push_bind(it.new.id)
                .push_bind(it.article)
                .push_bind(state)
                .push_bind(it.new.owner)
                .push_bind("")
                .push_bind(0_i64)
                .push_bind(it.brief.clone())
                .push_bind(usage.clone())
                .push_bind(attempts.clone())
                .push_bind(it.warnings.clone())
                .push_bind(it.new.continues)
                .push_bind(it.new.created_at),
            " ON CONFLICT (id) DO NOTHING"
        );
    }};
}

/// Inserts stretches of logs. One that is there already is left alone, or replaced by one that
/// reaches further.
macro_rules! insert_events {
    ($connection:expr, $batches:expr) => {{
        let batches: &[EventBatch] = $batches;
        insert_rows!(
            $connection,
            batches,
            "INSERT INTO events (generation_id, first_seq, last_seq, data) ",
            |row, batch| row
                .push_bind(batch.generation)
                .push_bind(batch.first_seq.cast_signed())
                .push_bind(batch.last_seq.cast_signed())
                .push_bind(encoding::text(&batch.json).into_owned()),
            " ON CONFLICT (generation_id, first_seq) DO UPDATE
             SET last_seq = excluded.last_seq, data = excluded.data
             WHERE events.last_seq < excluded.last_seq"
        );
    }};
}

/// Ends a generation and makes its revision; `false`: it had ended, or is not there.
macro_rules! end {
    ($connection:expr, $ended:expr) => {{
        let ended: &EndedGeneration = $ended;
        let article: Option<Uuid> = sqlx::query_scalar(
            "UPDATE generations SET state = $1, text = $2, last_seq = $3, model = $4,
                 usage = $5, attempts = $6, error = $7, revision_id = $8, ended_at = $9
             WHERE id = $10 AND ended_at IS NULL RETURNING article_id",
        )
        .bind(ended.state.as_str())
        .bind(encoding::text(&ended.text))
        .bind(ended.last_seq.cast_signed())
        .bind(&ended.model)
        .bind(encoding::json(&ended.usage)?)
        .bind(encoding::json(&ended.attempts)?)
        .bind(ended.error.as_ref().map(encoding::json).transpose()?)
        .bind(ended.revision.as_ref().map(|revision| revision.id))
        .bind(ended.ended_at)
        .bind(ended.id)
        .fetch_optional(&mut *$connection)
        .await?;
        if let Some(article) = article {
            insert_events!($connection, &ended.batches);
            if let Some(revision) = &ended.revision {
                // The article's row is written first: it keeps others from taking the same number.
                sqlx::query(
                    "UPDATE articles SET current_revision_id = $1, updated_at = $2,
                         title = CASE WHEN $3 = '' THEN title ELSE $3 END
                     WHERE id = $4",
                )
                .bind(revision.id)
                .bind(ended.ended_at)
                .bind(encoding::text(&revision.meta.title))
                .bind(article)
                .execute(&mut *$connection)
                .await?;
                sqlx::query(
                    "INSERT INTO revisions (id, article_id, number, generation_id, title, words,
                         text, html, meta, highlights, created_at)
                     VALUES ($1, $2,
                         (SELECT COALESCE(max(number), 0) + 1 FROM revisions WHERE article_id = $2),
                         $3, $4, $5, $6, $7, $8, $9, $10)",
                )
                .bind(revision.id)
                .bind(article)
                .bind(ended.id)
                .bind(encoding::text(&revision.meta.title))
                .bind(i64::from(revision.meta.words))
                .bind(encoding::text(&revision.text))
                .bind(encoding::text(&revision.html))
                .bind(encoding::json(&revision.meta)?)
                .bind(encoding::json(&revision.highlights)?)
                .bind(ended.ended_at)
                .execute(&mut *$connection)
                .await?;
            }
        }
        article.is_some()
    }};
}

/// A generation that begins, with what of it is written into columns.
struct Beginning<'a> {
    new: &'a NewGeneration,
    article: Uuid,
    title: &'a str,
    style: &'a str,
    language: &'a str,
    brief: encoding::JsonText,
    warnings: encoding::JsonText,
}

impl<'a> Beginning<'a> {
    fn of(new: &'a NewGeneration) -> Result<Option<Self>, StoreError> {
        let ArticleRef::New { id, title, style, language } = &new.article else {
            return Ok(None);
        };
        let (brief, warnings) = (encoding::json(&new.brief)?, encoding::json(&new.warnings)?);
        Ok(Some(Self { new, article: *id, title, style, language, brief, warnings }))
    }
}

impl Store {
    /// Stores all of it or nothing. Doing it again is harmless. Beginnings are of new articles and
    /// without a key; what an end's generation has unstored of its log comes in the end itself.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Defect`] when a generation of a stretch is not
    /// there.
    pub async fn flush(&self, flush: &Flush) -> Result<(), StoreError> {
        let beginnings: Vec<Option<Beginning<'_>>> =
            flush.beginnings.iter().map(|new| Beginning::of(new)).collect::<Result<_, _>>()?;
        let beginnings: Vec<Beginning<'_>> = beginnings.into_iter().flatten().collect();
        transaction!(&self.db, |connection| {
            insert_beginnings!(connection, &beginnings);
            insert_events!(connection, &flush.batches);
            for ended in &flush.ends {
                // One that had ended was stored by a flush whose outcome was not known.
                let _ended_here: bool = end!(connection, ended);
            }
        });
        Ok(())
    }

    /// Stores how a generation ended, what is missing of its log, and the revision it made, all or
    /// none. Says whether this call ended it: `false`, and nothing is changed, when it had ended
    /// or is not there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then nothing is stored, and the call can be made again.
    pub async fn end_generation(&self, ended: &EndedGeneration) -> Result<bool, StoreError> {
        Ok(transaction!(&self.db, |connection| end!(connection, ended)))
    }

    /// Appends stretches of logs, all or none. Doing it again is harmless.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Defect`] when a generation is not there.
    pub async fn append_events(&self, batches: &[EventBatch]) -> Result<(), StoreError> {
        if batches.is_empty() {
            return Ok(());
        }
        transaction!(&self.db, |connection| insert_events!(connection, batches));
        Ok(())
    }
}
