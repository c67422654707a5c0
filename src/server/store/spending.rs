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
    /// The whole cost of the generation, in millionths of the currency.
    pub cost: i64,
}

impl Store {
    /// Sets aside what a generation may cost, in place of what was set aside for it before, if the
    /// sum of its day then is at most `limit`. Claims that come at once are looked at one by one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; then nothing is set aside.
    pub async fn claim_spending(&self, claim: Claim<'_>, limit: i64) -> Result<bool, StoreError> {
        let fits = transaction!(&self.db, |connection| {
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
            let fits = claim.cost == 0 || others.saturating_add(claim.cost) <= limit;
            if fits {
                sqlx::query(
                    "INSERT INTO spending (generation_id, day, currency, cost)
                     VALUES ($1, $2, $3, $4)
                     ON CONFLICT (generation_id) DO UPDATE SET cost = excluded.cost",
                )
                .bind(claim.generation)
                .bind(claim.day)
                .bind(claim.currency)
                .bind(claim.cost)
                .execute(&mut *connection)
                .await?;
            }
            fits
        });
        Ok(fits)
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
