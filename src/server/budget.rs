//! What all articles of a day may cost together.
//!
//! Before a generation begins, its estimate is set aside; while it is written, more is set aside
//! before it is needed; at its end its real cost takes that place. The sum is kept by the store,
//! where claims are looked at one after the other: many at once cannot overspend, nor can several
//! processes, and a restart changes nothing. What a killed process had set aside stays set aside.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use tokio::sync::Mutex;
use uuid::Uuid;

use super::clock::now_ms;
use super::config::LimitsConfig;
use super::store::Store;
use super::store::spending::Claim;
use crate::article::generation::UnixMs;
use crate::article::problem::{Code, Problem};

/// A day in milliseconds.
const DAY_MS: i64 = 86_400_000;

/// What is kept aside beyond the tokens that were counted, as a part of their cost: providers count
/// them otherwise than we do, and say so only at the end.
const MARGIN_PART: i64 = 4;

/// What is set aside for one generation.
#[derive(Debug)]
pub struct Reservation {
    store: Store,
    generation: Uuid,
    day: i64,
    currency: String,
    limit: i64,
    /// In millionths of the currency.
    claimed: AtomicI64,
    /// Whether the real cost has taken its place. Held while the store is asked: what is claimed too
    /// late must not take the place of that.
    settled: Mutex<bool>,
}

impl Reservation {
    /// Sets an estimate aside, in millionths of the currency; `None` where there is no budget.
    ///
    /// # Errors
    /// `budget_exhausted`, or the store cannot be written.
    pub async fn claim(
        limits: &LimitsConfig,
        store: &Store,
        generation: Uuid,
        estimate: i64,
    ) -> Result<Option<Self>, Problem> {
        let Some(limit) = limits.daily_budget else { return Ok(None) };
        let reservation = Self {
            store: store.clone(),
            generation,
            day: today().number(),
            currency: limits.currency.clone(),
            limit,
            claimed: AtomicI64::new(0),
            settled: Mutex::new(false),
        };
        if reservation.try_claim(estimate, estimate).await? {
            Ok(Some(reservation))
        } else {
            Err(exhausted(limits, reservation.day))
        }
    }

    /// Makes sure that a cost, in millionths, and a margin for counting it wrong are set aside. Quick
    /// as long as they are already.
    ///
    /// # Errors
    /// `budget_exhausted`, or the store cannot be written.
    pub async fn cover(&self, cost: i64) -> Result<(), Problem> {
        let margin = cost / MARGIN_PART;
        let needed = cost.saturating_add(margin);
        if needed <= self.claimed.load(Ordering::Relaxed) {
            return Ok(());
        }
        // Some more where there is room, so that not every word asks the store.
        if self.try_claim(needed, needed.saturating_add(margin)).await? {
            return Ok(());
        }
        let limits =
            LimitsConfig { daily_budget: Some(self.limit), currency: self.currency.clone() };
        Err(exhausted(&limits, self.day))
    }

    /// Puts the real cost in the place of what was set aside.
    pub async fn settle(&self, cost: i64) {
        let mut settled = self.settled.lock().await;
        *settled = true;
        if let Err(error) = self.store.settle_spending(self.generation, cost).await {
            tracing::error!(
                error_type = "storage",
                generation.id = %self.generation,
                error = %error,
                resolution = "what was set aside for it counts against the day's budget",
                "what a generation cost could not be written"
            );
        }
    }

    async fn try_claim(&self, cost: i64, wanted: i64) -> Result<bool, Problem> {
        let settled = self.settled.lock().await;
        if *settled {
            return Ok(true);
        }
        let claim = Claim {
            generation: self.generation,
            day: self.day,
            currency: &self.currency,
            cost,
            wanted,
        };
        let claimed = self.store.claim_spending(claim, self.limit).await;
        let claimed = claimed.map_err(|error| error.to_problem())?;
        if let Some(claimed) = claimed {
            self.claimed.store(claimed, Ordering::Relaxed);
        }
        Ok(claimed.is_some())
    }
}

/// A day (UTC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day(i64);

impl Day {
    /// Counted from 1970-01-01.
    pub fn number(self) -> i64 {
        self.0
    }

    /// When it began.
    pub fn began(self) -> UnixMs {
        self.0 * DAY_MS
    }
}

/// The day that it is.
pub fn today() -> Day {
    Day(now_ms().div_euclid(DAY_MS))
}

/// How long it is until the day (UTC) turns over.
pub fn until_turnover() -> Duration {
    Duration::from_millis((DAY_MS - now_ms().rem_euclid(DAY_MS)).unsigned_abs())
}

fn exhausted(limits: &LimitsConfig, day: i64) -> Problem {
    let tomorrow = UNIX_EPOCH + Duration::from_millis(((day + 1) * DAY_MS).unsigned_abs());
    let amount = limits.daily_budget.unwrap_or_default() as f64 / 1e6;
    Problem::new(
        Code::BudgetExhausted,
        format!(
            "Today's budget of this installation, {amount} {}, is not enough for this.",
            limits.currency
        ),
        format!(
            "It begins anew at {}; whoever runs the server can raise `daily_budget` in [limits] of \
             inkstream.toml.",
            httpdate::fmt_http_date(tomorrow)
        ),
    )
}
