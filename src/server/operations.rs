//! What is going on, put together for those who run the installation.

use std::collections::BTreeMap;

use super::budget::today;
use super::clock::now_ms;
use super::resilience::{self, Line, Outcome};
use super::state::AppState;
use crate::article::operations::{
    Amount, Breaker, BreakerState, DayBudget, ErrorCount, LastError, Operations, ProviderHealth,
    Queue, RunningGeneration, Spending,
};
use crate::article::problem::{Code, Problem};

impl AppState {
    /// Everything that is going on in this process, and what today costs.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn operations(&self) -> Result<Operations, Problem> {
        let health = self.generations.health();
        let breaker = |model: &String| {
            let breaker = health.breaker(model)?;
            Some(Breaker {
                model: model.clone(),
                state: state(breaker.state()),
                reopens_in_ms: breaker.opens_in().map(|wait| ms(wait.as_millis())),
            })
        };
        let provider = |name: &String| {
            let outcomes = health.recent(name).map(|recent| recent.all()).unwrap_or_default();
            provider(name, health.line(name).map(|line| queue(line)), &outcomes)
        };
        let dead_letters = self.store.count_dead_letters().await;
        // Read before what runs is looked at: what ends in between is missed for two seconds rather
        // than counted twice.
        let ended = self.store.costs_since(today().began()).await;
        let ended = ended.map_err(|error| error.to_problem())?;
        let running = self.generations.at_work();
        Ok(Operations {
            now: now_ms(),
            queue: queue(self.generations.places()),
            breakers: self.config.models.keys().filter_map(breaker).collect(),
            providers: self.config.providers.keys().map(provider).collect(),
            dead_letters: dead_letters.map_err(|error| error.to_problem())?,
            spending: self.spending(ended, &running).await?,
            running,
        })
    }

    /// What today costs: what has ended as it was stored, what runs as it stands.
    async fn spending(
        &self,
        ended: Vec<(String, i64)>,
        running: &[RunningGeneration],
    ) -> Result<Spending, Problem> {
        let day = today();
        let mut costs: BTreeMap<String, i64> = ended.into_iter().collect();
        for one in running.iter().filter(|one| one.created_at >= day.began()) {
            if let (Some(currency), Some(cost)) = (&one.usage.currency, one.usage.cost) {
                *costs.entry(currency.clone()).or_default() += cost;
            }
        }
        let limits = &self.config.limits;
        let budget = match limits.daily_budget {
            None => None,
            Some(limit) => {
                let used = self.store.spent(day.number(), &limits.currency).await;
                let used = used.map_err(|error| error.to_problem())?;
                Some(DayBudget { currency: limits.currency.clone(), limit, used })
            }
        };
        let costs = costs.into_iter().map(|(currency, cost)| Amount { currency, cost }).collect();
        Ok(Spending { since: day.began(), costs, budget })
    }
}

fn state(state: resilience::BreakerState) -> BreakerState {
    match state {
        resilience::BreakerState::Closed => BreakerState::Closed,
        resilience::BreakerState::HalfOpen => BreakerState::HalfOpen,
        resilience::BreakerState::Open => BreakerState::Open,
    }
}

fn queue(line: &Line) -> Queue {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Queue {
        places: count(line.at_once()),
        taken: count(line.taken()),
        waiting: count(line.waiting()),
    }
}

fn ms(whole: u128) -> u64 {
    u64::try_from(whole).unwrap_or(u64::MAX)
}

/// What its last attempts say of a provider; the oldest comes first.
fn provider(name: &str, queue: Option<Queue>, outcomes: &[Outcome]) -> ProviderHealth {
    let mut errors: Vec<ErrorCount> = Vec::new();
    for code in outcomes.iter().filter_map(|outcome| outcome.error) {
        match errors.iter_mut().find(|known| known.code == code) {
            Some(known) => known.count += 1,
            None => errors.push(ErrorCount { code, count: 1 }),
        }
    }
    errors.sort_by_key(|error| std::cmp::Reverse(error.count));
    let failed: u32 = errors.iter().map(|error| error.count).sum();
    let mut latencies: Vec<u64> =
        outcomes.iter().filter_map(|outcome| outcome.first_token_ms).collect();
    latencies.sort_unstable();
    let last = |outcome: &Outcome| {
        let code: Code = outcome.error?;
        Some(LastError { code, model: outcome.model.clone(), at: outcome.at })
    };
    ProviderHealth {
        name: name.to_owned(),
        queue,
        succeeded: u32::try_from(outcomes.len()).unwrap_or(u32::MAX).saturating_sub(failed),
        failed,
        errors,
        first_token_p50_ms: percentile(&latencies, 50),
        first_token_p95_ms: percentile(&latencies, 95),
        last_error: outcomes.iter().rev().find_map(last),
    }
}

/// The value that so many of 100 are at most (the nearest rank); `None` where there is none.
fn percentile(sorted: &[u64], percent: usize) -> Option<u64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(at: i64, error: Option<Code>, first_token_ms: Option<u64>) -> Outcome {
        Outcome { model: format!("m{at}"), at, error, first_token_ms }
    }

    #[test]
    fn a_provider_is_summed_up_by_its_outcomes() {
        let (limited, failed) = (Code::UpstreamRateLimited, Code::UpstreamFailed);
        let health = provider(
            "p",
            None,
            &[
                outcome(1, Some(failed), None),
                outcome(2, Some(limited), None),
                outcome(3, Some(limited), Some(90)),
                outcome(4, None, Some(10)),
                outcome(5, None, Some(20)),
            ],
        );
        assert_eq!((health.succeeded, health.failed), (2, 3));
        let counted: Vec<_> = health.errors.iter().map(|error| (error.code, error.count)).collect();
        assert_eq!(counted, [(limited, 2), (failed, 1)]);
        assert_eq!(health.first_token_p50_ms, Some(20));
        assert_eq!(health.first_token_p95_ms, Some(90));
        let last = health.last_error.unwrap();
        assert_eq!((last.code, last.model.as_str(), last.at), (limited, "m3", 3));
    }

    #[test]
    fn nothing_is_known_of_a_provider_that_was_not_asked() {
        let health = provider("p", None, &[]);
        assert_eq!((health.succeeded, health.failed, health.last_error), (0, 0, None));
        assert_eq!((health.first_token_p50_ms, health.first_token_p95_ms), (None, None));
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let values: Vec<u64> = (1..=20).collect();
        assert_eq!(percentile(&values, 50), Some(10));
        assert_eq!(percentile(&values, 95), Some(19));
        assert_eq!(percentile(&[7], 95), Some(7));
    }
}
