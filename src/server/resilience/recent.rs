//! The latest attempts at a provider, for people to look at.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::article::generation::UnixMs;
use crate::article::problem::Code;

/// How many are remembered.
const REMEMBERED: usize = 50;

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The model.
    pub model: String,
    /// When it ended.
    pub at: UnixMs,
    /// Why it failed; `None` where it did not.
    pub error: Option<Code>,
    /// Milliseconds from the request to the first token; `None` where none came.
    pub first_token_ms: Option<u64>,
}

/// The outcomes of the last `REMEMBERED` attempts.
#[derive(Debug, Default)]
pub struct Recent(Mutex<VecDeque<Outcome>>);

impl Recent {
    /// Remembers one, and forgets the oldest where there are too many.
    pub fn remember(&self, outcome: Outcome) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == REMEMBERED {
            all.pop_front();
        }
        all.push_back(outcome);
    }

    /// All that are remembered, the oldest first.
    pub fn all(&self) -> Vec<Outcome> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
