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

use super::config::{Config, ModelConfig};

/// Why a model is not asked although it could be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassedOver {
    /// It keeps failing.
    BreakerOpen,
    /// There is no room in the line before its provider.
    LineFull,
}

impl PassedOver {
    /// A stable name that the interface translates.
    pub fn code(self) -> &'static str {
        match self {
            Self::BreakerOpen => "breaker_open",
            Self::LineFull => "line_full",
        }
    }

    /// The same in English, of a model.
    pub fn of(self, model: &str) -> String {
        match self {
            Self::BreakerOpen => format!("{model} keeps failing"),
            Self::LineFull => format!("The line for {model} is full"),
        }
    }
}

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

    /// Why a model is passed over as long as there is another; `None` where it is not.
    pub fn passed_over(&self, model: &ModelConfig) -> Option<PassedOver> {
        if self.breaker(&model.name).is_some_and(|breaker| breaker.is_open()) {
            return Some(PassedOver::BreakerOpen);
        }
        let is_full = self.line(&model.provider).is_some_and(|line| line.is_full());
        is_full.then_some(PassedOver::LineFull)
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
