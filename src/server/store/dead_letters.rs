//! Generations that failed for good, until somebody replays or discards them.
//!
//! A letter of a deleted article is not there, until the article is restored.

use sqlx::types::Json;
use uuid::Uuid;

use super::db::{read, write};
use super::{Store, StoreError, encoding};
use crate::article::brief::Brief;
use crate::article::dead_letter::{DeadLetter, DeadLetterPage, DeadLetterSummary, SentPrompt};
use crate::article::event::Usage;
use crate::article::generation::{Attempt, UnixMs};
use crate::article::problem::Problem;

/// What became of a letter that was to be settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// This call settled it.
    Now,
    /// It was settled before.
    Before,
    /// There is no such letter.
    NotFound,
}

/// What a list shows of a letter `d`, its generation `g` and its article `a`.
const COLUMNS: &str = "d.id, d.generation_id, g.article_id, a.title, g.brief, g.model, g.error,
    g.attempts, g.usage, g.text <> '' AS has_text, d.created_at, d.settled_at, d.replayed_by";

/// The letters whose article is not deleted.
const LETTERS: &str = "FROM dead_letters d
    JOIN generations g ON g.id = d.generation_id
    JOIN articles a ON a.id = g.article_id AND a.deleted_at IS NULL";

#[derive(sqlx::FromRow)]
struct SummaryRow {
    id: Uuid,
    generation_id: Uuid,
    article_id: Uuid,
    title: String,
    brief: Json<Brief>,
    model: Option<String>,
    error: Option<Json<Problem>>,
    attempts: Json<Vec<Attempt>>,
    usage: Json<Usage>,
    has_text: bool,
    created_at: i64,
    settled_at: Option<i64>,
    replayed_by: Option<Uuid>,
}

#[derive(sqlx::FromRow)]
struct WholeRow {
    #[sqlx(flatten)]
    summary: SummaryRow,
    system_prompt: String,
    user_prompt: String,
    template: String,
    text: String,
}

impl SummaryRow {
    fn into_parts(self) -> (DeadLetterSummary, Brief, Vec<Attempt>) {
        let (Json(brief), Json(attempts)) = (self.brief, self.attempts);
        let last = attempts.last().map(|attempt| attempt.model.clone());
        let summary = DeadLetterSummary {
            id: self.id,
            generation_id: self.generation_id,
            article_id: self.article_id,
            title: self.title,
            topic: brief.topic.clone(),
            model: last.or(self.model),
            error: self.error.map(|error| error.0),
            attempt_count: u32::try_from(attempts.len()).unwrap_or(u32::MAX),
            usage: self.usage.0,
            has_text: self.has_text,
            created_at: self.created_at,
            settled_at: self.settled_at,
            replayed_by: self.replayed_by,
        };
        (summary, brief, attempts)
    }
}

/// A place in the list: behind the letter with this time and id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place(UnixMs, Uuid);

impl Place {
    const TOP: Self = Self(UnixMs::MAX, Uuid::max());
    /// How many digits the time takes.
    const TIME: usize = 16;

    fn encode(self) -> String {
        format!("{:016x}{}", self.0, self.1.simple())
    }

    fn decode(text: &str) -> Result<Self, StoreError> {
        let read = || {
            let (time, id) = text.split_at_checked(Self::TIME)?;
            let place = Self(UnixMs::from_str_radix(time, 16).ok()?, Uuid::try_parse(id).ok()?);
            // Whatever else can be read as a number or an id was not made here.
            (place.encode() == text).then_some(place)
        };
        read().ok_or(StoreError::InvalidCursor)
    }
}

impl Store {
    /// A page of the open letters, newest first; `cursor` is `next` of the page before.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`], [`StoreError::Unavailable`].
    pub async fn dead_letters(
        &self,
        cursor: Option<&str>,
        limit: u32,
    ) -> Result<DeadLetterPage, StoreError> {
        let Place(created_at, id) = cursor.map_or(Ok(Place::TOP), Place::decode)?;
        let limit = limit.max(1) as usize;
        let query = format!(
            "SELECT {COLUMNS} {LETTERS}
             WHERE d.settled_at IS NULL AND (d.created_at, d.id) < ($1, $2)
             ORDER BY d.created_at DESC, d.id DESC LIMIT $3"
        );
        // One more than asked for says whether there is another page.
        let more = i64::try_from(limit + 1).unwrap_or(i64::MAX);
        let rows: Vec<SummaryRow> =
            read!(&self.db, |pool| sqlx::query_as(sqlx::AssertSqlSafe(query))
                .bind(created_at)
                .bind(id)
                .bind(more)
                .fetch_all(pool)
                .await)?;
        let mut items: Vec<DeadLetterSummary> =
            rows.into_iter().map(|row| row.into_parts().0).collect();
        let has_more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| has_more);
        let next = next.map(|last| Place(last.created_at, last.id).encode());
        Ok(DeadLetterPage { items, next })
    }

    /// How many letters are open.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn count_dead_letters(&self) -> Result<u32, StoreError> {
        let query = format!("SELECT count(*) {LETTERS} WHERE d.settled_at IS NULL");
        let count: i64 = read!(&self.db, |pool| sqlx::query_scalar(sqlx::AssertSqlSafe(query))
            .fetch_one(pool)
            .await)?;
        Ok(encoding::count(count))
    }

    /// A letter with everything that is known of it, also a settled one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn dead_letter(&self, id: Uuid) -> Result<Option<DeadLetter>, StoreError> {
        let query = format!(
            "SELECT {COLUMNS}, d.system_prompt, d.user_prompt, d.template, g.text {LETTERS}
             WHERE d.id = $1"
        );
        let row: Option<WholeRow> =
            read!(&self.db, |pool| sqlx::query_as(sqlx::AssertSqlSafe(query))
                .bind(id)
                .fetch_optional(pool)
                .await)?;
        Ok(row.map(|row| {
            let (summary, brief, attempts) = row.summary.into_parts();
            let prompt = SentPrompt {
                system: row.system_prompt,
                user: row.user_prompt,
                template: row.template,
            };
            DeadLetter { summary, brief, prompt, attempts, text: row.text }
        }))
    }

    /// Settles an open letter. Of any number of calls at once one settles it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then it stays open.
    pub async fn settle_dead_letter(&self, id: Uuid, now: UnixMs) -> Result<Settled, StoreError> {
        let settled = write!(&self.db, |pool| sqlx::query(
            "UPDATE dead_letters SET settled_at = $2 WHERE id = $1 AND settled_at IS NULL
             AND EXISTS (SELECT 1 FROM generations g
                 JOIN articles a ON a.id = g.article_id AND a.deleted_at IS NULL
                 WHERE g.id = dead_letters.generation_id)"
        )
        .bind(id)
        .bind(now)
        .execute(pool)
        .await)?;
        if settled.rows_affected() > 0 {
            return Ok(Settled::Now);
        }
        let query = format!("SELECT d.id {LETTERS} WHERE d.id = $1");
        let known: Option<Uuid> =
            read!(&self.db, |pool| sqlx::query_scalar(sqlx::AssertSqlSafe(query))
                .bind(id)
                .fetch_optional(pool)
                .await)?;
        Ok(if known.is_some() { Settled::Before } else { Settled::NotFound })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_the_way_there_and_back_and_what_is_made_up_is_refused() {
        let place = Place(1_700_000_000_000, Uuid::from_u128(9));
        let text = place.encode();
        assert_eq!(Place::decode(&text).unwrap(), place);
        assert_eq!(Place::decode(&Place::TOP.encode()).unwrap(), Place::TOP);
        for made_up in ["", "7", "é", &text[1..], &text.to_uppercase(), &format!("{text}0")] {
            let refused = Place::decode(made_up).is_err();
            assert!(refused || *made_up == text, "{made_up}");
        }
    }
}
