//! What keeps a failing model API from failing an article.
//!
//! [`CircuitBreaker`] remembers how a model did, [`Line`] lets only so many in at once, [`Schedule`]
//! says who is tried next and when, and [`Recent`] keeps the latest outcomes for people to look at.
//! Nothing here knows what an article is, and nothing here does I/O.

mod circuit_breaker;
mod line;
mod recent;
mod schedule;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use circuit_breaker::{BreakerState, CircuitBreaker, Permit};
pub use line::{Line, Place};
pub use recent::{Outcome, Recent};
pub use schedule::{Failure, Limits, Next, Schedule};

use super::config::Config;

/// The health of all models and providers, as this process has seen it.
#[derive(Debug)]
pub struct Health {
    breakers: BTreeMap<String, Arc<CircuitBreaker>>,
    lines: BTreeMap<String, Arc<Line>>,
    recent: BTreeMap<String, Recent>,
}

impl Health {
    /// Of what is configured; everything is healthy at first.
    pub fn new(config: &Config) -> Self {
        let open_for = config.generation.breaker_open;
        let breaker =
            |name: &String| (name.clone(), Arc::new(CircuitBreaker::new(name.clone(), open_for)));
        let line = |(name, provider): (&String, &super::config::ProviderConfig)| {
            Some((
                name.clone(),
                Arc::new(Line::new(provider.max_concurrent?, provider.max_waiting)),
            ))
        };
        Self {
            breakers: config.models.keys().map(breaker).collect(),
            lines: config.providers.iter().filter_map(line).collect(),
            recent: config.providers.keys().map(|name| (name.clone(), Recent::default())).collect(),
        }
    }

    /// The breaker of a model.
    pub fn breaker(&self, model: &str) -> Option<&Arc<CircuitBreaker>> {
        self.breakers.get(model)
    }

    /// The line before a provider; `None` where any number may ask it at once.
    pub fn line(&self, provider: &str) -> Option<&Arc<Line>> {
        self.lines.get(provider)
    }

    /// Whether any provider has a line.
    pub fn has_lines(&self) -> bool {
        !self.lines.is_empty()
    }

    /// What became of the latest attempts at a provider.
    pub fn recent(&self, provider: &str) -> Option<&Recent> {
        self.recent.get(provider)
    }
}
