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
    /// Of `error`; from some go-betweens without a kind.
    #[serde(borrow)]
    pub(super) error: Option<&'a RawValue>,
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

impl Event<'_> {
    /// Whether this is an error rather than a part of an answer.
    pub(super) fn is_error(&self) -> bool {
        self.kind.0 == "error" || (self.kind.0.is_empty() && self.error.is_some())
    }
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

/// A block, a part of one, or what is new of a message.
#[derive(Deserialize)]
pub(super) struct Part<'a> {
    #[serde(rename = "type", borrow, default)]
    kind: Text<'a>,
    #[serde(borrow, default)]
    text: Text<'a>,
    #[serde(borrow, default)]
    thinking: Text<'a>,
    #[serde(borrow, default)]
    pub(super) stop_reason: Text<'a>,
}

impl Part<'_> {
    /// Text of the answer; none in kinds that are not known, whatever they hold.
    pub(super) fn text(&self) -> &str {
        if matches!(&*self.kind.0, "text" | "text_delta") { &self.text.0 } else { "" }
    }

    /// What the model thinks.
    pub(super) fn thinking(&self) -> &str {
        if matches!(&*self.kind.0, "thinking" | "thinking_delta") { &self.thinking.0 } else { "" }
    }
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
