//! Generations and their logs.

use sqlx::types::Json;
use uuid::Uuid;

use super::db::{read, transaction};
use super::records::{
    ArticleRef, Created, EventBatch, IdempotencyKey, NewGeneration, StoredGeneration,
};
use super::{Store, StoreError, encoding};
use crate::article::brief::{Brief, Warning};
use crate::article::event::{GenerationState, Seam, Usage};
use crate::article::generation::{Attempt, UnixMs};
use crate::article::problem::Problem;

/// How long an `Idempotency-Key` is remembered, in milliseconds.
pub(super) const KEY_LIFETIME: UnixMs = 24 * 60 * 60 * 1000;

#[derive(sqlx::FromRow)]
struct GenerationRow {
    id: Uuid,
    article_id: Uuid,
    state: String,
    owner: Uuid,
    text: String,
    last_seq: i64,
    model: Option<String>,
    brief: Json<Brief>,
    usage: Json<Usage>,
    attempts: Json<Vec<Attempt>>,
    seams: Option<Json<Vec<Seam>>>,
    warnings: Json<Vec<Warning>>,
    continues: Option<Uuid>,
    error: Option<Json<Problem>>,
    revision_id: Option<Uuid>,
    created_at: i64,
    ended_at: Option<i64>,
}

impl GenerationRow {
    fn into_record(self) -> Result<StoredGeneration, StoreError> {
        Ok(StoredGeneration {
            id: self.id,
            article_id: self.article_id,
            state: encoding::state(&self.state)?,
            owner: self.owner,
            text: self.text,
            last_seq: self.last_seq.cast_unsigned(),
            model: self.model,
            brief: self.brief.0,
            usage: self.usage.0,
            attempts: self.attempts.0,
            seams: self.seams.map(|seams| seams.0).unwrap_or_default(),
            warnings: self.warnings.0,
            continues: self.continues,
            error: self.error.map(|error| error.0),
            revision_id: self.revision_id,
            created_at: self.created_at,
            ended_at: self.ended_at,
        })
    }
}

impl Store {
    /// What an idempotency key made within the last 24 hours before `now`; [`Created::New`] where
    /// it made nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn made_by_key(
        &self,
        idempotency: &IdempotencyKey,
        now: UnixMs,
    ) -> Result<Created, StoreError> {
        let made: Option<(String, Uuid)> = read!(&self.db, |pool| sqlx::query_as(
            "SELECT fingerprint, generation_id FROM idempotency_keys
             WHERE key = $1 AND created_at > $2"
        )
        .bind(encoding::text(&idempotency.key))
        .bind(now - KEY_LIFETIME)
        .fetch_optional(pool)
        .await)?;
        Ok(match made {
            None => Created::New,
            Some((fingerprint, made)) if fingerprint == idempotency.fingerprint => {
                Created::Repeated(made)
            }
            Some(_) => Created::KeyReused,
        })
    }

    /// Stores a generation that begins, as running, and with it its article if that is new; or
    /// finds the one that the same idempotency key made within the last 24 hours.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then nothing is stored.
    pub async fn create_generation(&self, new: &NewGeneration) -> Result<Created, StoreError> {
        let brief = encoding::json(&new.brief)?;
        let warnings = encoding::json(&new.warnings)?;
        let usage = encoding::json(&Usage::default())?;
        let attempts = encoding::json(&[(); 0])?;
        let created = transaction!(&self.db, |connection| {
            if let Some(idempotency) = &new.idempotency {
                // The key is written first: of two that come at once, the second waits here.
                let taken = sqlx::query(
                    "INSERT INTO idempotency_keys (key, fingerprint, generation_id, created_at)
                     VALUES ($1, $2, $3, $4)
                     ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint,
                         generation_id = excluded.generation_id, created_at = excluded.created_at
                     WHERE idempotency_keys.created_at <= $5",
                )
                .bind(encoding::text(&idempotency.key))
                .bind(&idempotency.fingerprint)
                .bind(new.id)
                .bind(new.created_at)
                .bind(new.created_at - KEY_LIFETIME)
                .execute(&mut *connection)
                .await?;
                if taken.rows_affected() == 0 {
                    let (fingerprint, generation): (String, Uuid) = sqlx::query_as(
                        "SELECT fingerprint, generation_id FROM idempotency_keys WHERE key = $1",
                    )
                    .bind(encoding::text(&idempotency.key))
                    .fetch_one(&mut *connection)
                    .await?;
                    return Ok(if fingerprint == idempotency.fingerprint {
                        Created::Repeated(generation)
                    } else {
                        Created::KeyReused
                    });
                }
            }
            let article_id = match &new.article {
                ArticleRef::New { id, title, style, language } => {
                    sqlx::query(
                        "INSERT INTO articles (id, title, style, language, newest_generation_id,
                             created_at, updated_at)
                         VALUES ($1, $2, $3, $4, $5, $6, $6)",
                    )
                    .bind(id)
                    .bind(encoding::text(title))
                    .bind(style)
                    .bind(language)
                    .bind(new.id)
                    .bind(new.created_at)
                    .execute(&mut *connection)
                    .await?;
                    *id
                }
                ArticleRef::Existing(id) => {
                    let found = sqlx::query(
                        "UPDATE articles SET newest_generation_id = $1, state = $2
                         WHERE id = $3 AND deleted_at IS NULL",
                    )
                    .bind(new.id)
                    .bind(GenerationState::Running.as_str())
                    .bind(id)
                    .execute(&mut *connection)
                    .await?;
                    if found.rows_affected() == 0 {
                        // Leaving without a commit takes the key back, too.
                        return Ok(Created::NoArticle);
                    }
                    *id
                }
            };
            sqlx::query(
                "INSERT INTO generations (id, article_id, state, owner, text, last_seq, brief,
                     usage, attempts, warnings, continues, created_at)
                 VALUES ($1, $2, $3, $4, '', 0, $5, $6, $7, $8, $9, $10)",
            )
            .bind(new.id)
            .bind(article_id)
            .bind(GenerationState::Running.as_str())
            .bind(new.owner)
            .bind(&brief)
            .bind(&usage)
            .bind(&attempts)
            .bind(&warnings)
            .bind(new.continues)
            .bind(new.created_at)
            .execute(&mut *connection)
            .await?;
            if let Some(letter) = new.settles {
                let settled = sqlx::query(
                    "UPDATE dead_letters SET settled_at = $1, replayed_by = $2
                     WHERE id = $3 AND settled_at IS NULL",
                )
                .bind(new.created_at)
                .bind(new.id)
                .bind(letter)
                .execute(&mut *connection)
                .await?;
                if settled.rows_affected() == 0 {
                    // Of two who try again at once, one does; nothing of the other is stored.
                    return Ok(Created::LetterSettled);
                }
            }
            if let Some(continues) = new.continues {
                // Who goes on from a text that failed has tried its dead letter again.
                sqlx::query(
                    "UPDATE dead_letters SET settled_at = $1, replayed_by = $2
                     WHERE generation_id = $3 AND settled_at IS NULL",
                )
                .bind(new.created_at)
                .bind(new.id)
                .bind(continues)
                .execute(&mut *connection)
                .await?;
            }
            Created::New
        });
        if let (Created::New, ArticleRef::New { id, .. }) = (&created, &new.article) {
            self.lagging.add([*id]);
        }
        Ok(created)
    }

    /// A generation, also of a deleted article.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn generation(&self, id: Uuid) -> Result<Option<StoredGeneration>, StoreError> {
        let row: Option<GenerationRow> = read!(&self.db, |pool| sqlx::query_as(
            "SELECT id, article_id, state, owner, text,
                 CASE WHEN ended_at IS NOT NULL THEN last_seq ELSE COALESCE(
                     (SELECT max(e.last_seq) FROM events e WHERE e.generation_id = generations.id),
                     0) END AS last_seq,
                 model, brief, usage, attempts, seams, warnings, continues, error, revision_id,
                 created_at, ended_at
             FROM generations WHERE id = $1",
        )
        .bind(id)
        .fetch_optional(pool)
        .await)?;
        row.map(GenerationRow::into_record).transpose()
    }

    /// The stored stretches of a log that reach beyond `after_seq`, in order. The first may begin
    /// before it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn event_batches(
        &self,
        generation: Uuid,
        after_seq: u64,
    ) -> Result<Vec<EventBatch>, StoreError> {
        let rows: Vec<(i64, i64, String)> = read!(&self.db, |pool| sqlx::query_as(
            "SELECT first_seq, last_seq, data FROM events
             WHERE generation_id = $1 AND last_seq > $2 ORDER BY first_seq",
        )
        .bind(generation)
        .bind(after_seq.cast_signed())
        .fetch_all(pool)
        .await)?;
        let batch = |(first_seq, last_seq, json): (i64, i64, String)| EventBatch {
            generation,
            first_seq: first_seq.cast_unsigned(),
            last_seq: last_seq.cast_unsigned(),
            json,
        };
        Ok(rows.into_iter().map(batch).collect())
    }

    /// All generations that have not ended, oldest first, each with the process that runs it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn running(&self) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
        Ok(read!(&self.db, |pool| sqlx::query_as(
            "SELECT id, owner FROM generations WHERE ended_at IS NULL ORDER BY created_at, id",
        )
        .fetch_all(pool)
        .await)?)
    }

    /// The newest generation of an article that has not ended.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn running_of(&self, article: Uuid) -> Result<Option<Uuid>, StoreError> {
        Ok(read!(&self.db, |pool| sqlx::query_scalar(
            "SELECT id FROM generations WHERE article_id = $1 AND ended_at IS NULL
             ORDER BY created_at DESC, id DESC LIMIT 1",
        )
        .bind(article)
        .fetch_optional(pool)
        .await)?)
    }
}
