//! What an attempt has used, while it runs: as we estimate it, or as its provider says.

use super::tokens::{TokenEstimate, cost};
use crate::article::event::Usage;
use crate::server::config::ModelConfig;
use crate::server::providers::TokenCounts;

/// What an attempt has used so far.
pub struct Meter {
    model: ModelConfig,
    /// Tokens of the prompt, estimated.
    pub prompt: u64,
    completion: TokenEstimate,
    /// What the provider counted.
    pub reported: Option<TokenCounts>,
}

impl Meter {
    /// Of an attempt that begins, with a prompt of so many tokens.
    pub fn new(model: &ModelConfig, prompt: u64) -> Self {
        let completion = TokenEstimate::default();
        Self { model: model.clone(), prompt, completion, reported: None }
    }

    /// Counts more of the answer.
    pub fn count(&mut self, came: &str) {
        self.completion.add(came);
    }

    /// Its usage as it stands.
    pub fn usage(&self) -> Usage {
        let counts = self.reported.unwrap_or_else(|| self.estimated());
        let cost = cost(counts, &self.model);
        Usage {
            prompt: counts.prompt,
            completion: counts.completion,
            cost,
            currency: cost.and_then(|_| self.model.currency.clone()),
            estimated: self.reported.is_none(),
        }
    }

    fn estimated(&self) -> TokenCounts {
        TokenCounts::uncached(self.prompt, self.completion.tokens())
    }
}
