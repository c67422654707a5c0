//! What comes back: the events of a message, read without a fuss about what is not known.
//!
//! An event is read in two steps, its kind first: what a kind that we do not know holds need not
//! be understood.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::TokenCounts;
use super::super::text::Text;

/// One event's data, or the whole message of a server that does not stream.
#[derive(Deserialize)]
pub(super) struct Event<'a> {
    /// `message_start`, `content_block_delta`, …
    #[serde(rename = "type", borrow, default)]
    pub(super) kind: Text<'a>,
    /// Of `message_start`.
    #[serde(borrow)]
    pub(super) message: Option<&'a RawValue>,
    /// Of `content_block_start`.
    #[serde(borrow)]
    pub(super) content_block: Option<&'a RawValue>,
    /// Of `content_block_delta` and `message_delta`.
    #[serde(borrow)]
    pub(super) delta: Option<&'a RawValue>,
    /// Of `message_delta`.
    #[serde(borrow)]
    pub(super) usage: Option<&'a RawValue>,
}

/// A message, at its start or whole.
#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, default)]
    pub(super) content: Vec<Part<'a>>,
    #[serde(borrow, default)]
    pub(super) stop_reason: Text<'a>,
    #[serde(borrow)]
    pub(super) usage: Option<&'a RawValue>,
}

/// A block, a part of one, or what is new of a message. Of a kind that is not known it holds
/// nothing.
#[derive(Deserialize)]
pub(super) struct Part<'a> {
    #[serde(borrow, default)]
    pub(super) text: Text<'a>,
    #[serde(borrow, default)]
    pub(super) thinking: Text<'a>,
    #[serde(borrow, default)]
    pub(super) stop_reason: Text<'a>,
}

/// What was counted, in tokens. Later counts are totals; what they leave out stays.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Usage {
    /// Without what was cached.
    input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    output_tokens: Option<u64>,
}

impl Usage {
    /// Takes over a later count.
    pub(super) fn update(&mut self, counted: &RawValue) {
        match serde_json::from_str::<Self>(counted.get()) {
            Ok(later) => {
                self.input_tokens = later.input_tokens.or(self.input_tokens);
                self.cache_creation_input_tokens =
                    later.cache_creation_input_tokens.or(self.cache_creation_input_tokens);
                self.cache_read_input_tokens =
                    later.cache_read_input_tokens.or(self.cache_read_input_tokens);
                self.output_tokens = later.output_tokens.or(self.output_tokens);
            }
            Err(error) => tracing::debug!(%error, "usage that cannot be read"),
        }
    }

    /// The same in our own form, where the prompt includes what was cached of it; `None` where
    /// nothing was counted.
    pub(super) fn counts(&self) -> Option<TokenCounts> {
        let cache_read = self.cache_read_input_tokens.unwrap_or(0);
        let cache_write = self.cache_creation_input_tokens.unwrap_or(0);
        let uncached = self.input_tokens.unwrap_or(0);
        let counts = TokenCounts {
            prompt: uncached.saturating_add(cache_read).saturating_add(cache_write),
            completion: self.output_tokens.unwrap_or(0),
            cache_read,
            cache_write,
        };
        (counts != TokenCounts::default()).then_some(counts)
    }
}
