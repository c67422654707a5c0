//! What generations cost, for the budget of a day.

use uuid::Uuid;

use super::db::{transaction, write};
use super::{Store, StoreError};

/// What a generation is to be allowed to cost.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The generation.
    pub generation: Uuid,
    /// The day (UTC), counted from 1970-01-01.
    pub day: i64,
    /// ISO 4217.
    pub currency: &'a str,
    /// The whole cost of the generation, in millionths of the currency: so much at least.
    pub cost: i64,
    /// So much at most, where the day has room for it.
    pub wanted: i64,
}

impl Store {
    /// Sets aside what a generation may cost, in place of what was set aside for it before, if the
    /// sum of its day then is at most `limit`, and gives how much that is; `None` where there is no
    /// room. Claims that come at once are looked at one by one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then nothing is set aside.
    pub async fn claim_spending(
        &self,
        claim: Claim<'_>,
        limit: i64,
    ) -> Result<Option<i64>, StoreError> {
        let claimed = transaction!(&self.db, |connection| {
            let others: i64 = sqlx::query_scalar(
                "SELECT CAST(COALESCE(sum(cost), 0) AS BIGINT) FROM spending
                 WHERE day = $1 AND currency = $2 AND generation_id <> $3",
            )
            .bind(claim.day)
            .bind(claim.currency)
            .bind(claim.generation)
            .fetch_one(&mut *connection)
            .await?;
            // What costs nothing fits into any budget.
            let room = limit.saturating_sub(others).max(0);
            let claimed = (claim.cost <= room).then(|| claim.wanted.clamp(claim.cost, room));
            if let Some(claimed) = claimed {
                sqlx::query(
                    "INSERT INTO spending (generation_id, day, currency, cost)
                     VALUES ($1, $2, $3, $4)
                     ON CONFLICT (generation_id) DO UPDATE SET cost = excluded.cost",
                )
                .bind(claim.generation)
                .bind(claim.day)
                .bind(claim.currency)
                .bind(claimed)
                .execute(&mut *connection)
                .await?;
            }
            claimed
        });
        Ok(claimed)
    }

    /// Puts the real cost of a generation, in millionths, in the place of what was set aside.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then what was set aside stays.
    pub async fn settle_spending(&self, generation: Uuid, cost: i64) -> Result<(), StoreError> {
        write!(&self.db, |pool| sqlx::query(
            "UPDATE spending SET cost = $2 WHERE generation_id = $1"
        )
        .bind(generation)
        .bind(cost)
        .execute(pool)
        .await)?;
        Ok(())
    }
}
