//! What generations cost, for the budget of a day.

use uuid::Uuid;

use super::db::{read, transaction, write};
use super::{Store, StoreError};
use crate::article::generation::UnixMs;

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

    /// What is spent of a day's budget, or set aside for what runs, in millionths.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn spent(&self, day: i64, currency: &str) -> Result<i64, StoreError> {
        Ok(read!(&self.db, |pool| sqlx::query_scalar(
            "SELECT CAST(COALESCE(sum(cost), 0) AS BIGINT) FROM spending
             WHERE day = $1 AND currency = $2",
        )
        .bind(day)
        .bind(currency)
        .fetch_one(pool)
        .await)?)
    }

    /// What the generations that began at or after a moment and have ended cost, in millionths, by
    /// currency. What has no price is left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn costs_since(&self, since: UnixMs) -> Result<Vec<(String, i64)>, StoreError> {
        Ok(read!(&self.db, |pool| sqlx::query_as(COSTS_SINCE).bind(since).fetch_all(pool).await)?)
    }
}

/// In the words of the index that answers it. Grouped at once, SQLite would read the rows as well.
const COSTS_SINCE: &str = "WITH costs (currency, cost) AS MATERIALIZED (
        SELECT usage ->> 'currency', usage ->> 'cost' FROM generations WHERE created_at >= $1)
    SELECT currency, CAST(sum(CAST(cost AS BIGINT)) AS BIGINT) FROM costs
    WHERE currency IS NOT NULL AND cost IS NOT NULL GROUP BY currency ORDER BY currency";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::store::db::Db;

    #[tokio::test]
    async fn the_costs_of_a_day_are_read_without_the_texts_of_the_day() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).await.unwrap();
        let Db::Sqlite { read, .. } = &store.db;
        let plan = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {COSTS_SINCE}"));
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(plan).bind(0_i64).fetch_all(read).await.unwrap();
        let steps: Vec<&str> = plan.iter().map(|(_, _, _, step)| step.as_str()).collect();
        let by_index = |step: &&str| step.contains("COVERING INDEX generations_by_cost");
        assert!(steps.iter().any(by_index), "{steps:?}");
    }
}
