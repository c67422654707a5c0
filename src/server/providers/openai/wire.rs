//! What comes back: chunks of a chat completion, read without copying and without a fuss about
//! what servers get wrong.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::super::TokenCounts;
use super::super::text::Text;

/// One event's data, or the whole answer of a server that does not stream.
#[derive(Deserialize)]
pub(super) struct Chunk<'a> {
    /// The only choice there is: no more than one is asked for.
    #[serde(rename = "choices", borrow, default, deserialize_with = "first")]
    pub(super) choice: Option<Choice<'a>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    /// Where an error stands bare, without `error` around it.
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

#[derive(Deserialize)]
pub(super) struct Choice<'a> {
    /// More of the answer.
    #[serde(borrow)]
    delta: Option<Part<'a>>,
    /// The whole answer.
    #[serde(borrow)]
    message: Option<Part<'a>>,
    #[serde(borrow, default)]
    pub(super) finish_reason: Text<'a>,
    /// Where Moonshot puts it.
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

/// A part of an answer, or all of it.
#[derive(Deserialize)]
pub(super) struct Part<'a> {
    #[serde(borrow, default)]
    pub(super) content: Text<'a>,
    /// DeepSeek's name for it, and that of most.
    #[serde(borrow, default)]
    reasoning_content: Text<'a>,
    /// OpenRouter's, and vLLM's later one.
    #[serde(borrow, default)]
    reasoning: Text<'a>,
}

impl Part<'_> {
    /// What the model thinks. Servers that send it under both names send it twice.
    pub(super) fn thought(&self) -> &str {
        if self.reasoning_content.0.is_empty() {
            &self.reasoning.0
        } else {
            &self.reasoning_content.0
        }
    }
}

impl<'a> Choice<'a> {
    pub(super) fn part(&self) -> Option<&Part<'a>> {
        self.delta.as_ref().or(self.message.as_ref())
    }
}

#[derive(Deserialize)]
struct Usage<'a> {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    /// What was read from a cache, by OpenAI and most others; of any form.
    #[serde(borrow)]
    prompt_tokens_details: Option<&'a RawValue>,
    /// The same by DeepSeek.
    #[serde(borrow)]
    prompt_cache_hit_tokens: Option<&'a RawValue>,
}

impl Usage<'_> {
    fn counts(&self) -> TokenCounts {
        #[derive(Deserialize)]
        struct Details {
            cached_tokens: Option<u64>,
        }

        let details =
            self.prompt_tokens_details.map(|it| serde_json::from_str::<Details>(it.get()));
        let cached = details.and_then(Result::ok).and_then(|details| details.cached_tokens);
        let hits = || self.prompt_cache_hit_tokens?.get().parse().ok();
        let prompt = self.prompt_tokens.unwrap_or(0);
        TokenCounts {
            prompt,
            completion: self.completion_tokens.unwrap_or(0),
            cache_read: cached.or_else(hits).unwrap_or(0).min(prompt),
            cache_write: 0,
        }
    }
}

impl Chunk<'_> {
    /// The tokens of prompt and answer so far, where the server counted any.
    pub(super) fn usage(&self) -> Option<TokenCounts> {
        let counted = self.usage.or_else(|| self.choice.as_ref()?.usage)?;
        match serde_json::from_str::<Usage<'_>>(counted.get()) {
            Ok(usage) => Some(usage.counts()).filter(|counts| *counts != TokenCounts::default()),
            Err(error) => {
                tracing::debug!(%error, "usage that cannot be read");
                None
            }
        }
    }

    /// The text, where there is nothing else to be read from it.
    pub(super) fn only_text(&self) -> Option<&str> {
        let choice = self.choice.as_ref()?;
        let part = choice.part()?;
        let nothing_else = self.usage.or(choice.usage).is_none()
            && self.error.is_none()
            && part.thought().is_empty()
            && choice.finish_reason.0.trim().is_empty();
        (nothing_else && !part.content.0.is_empty()).then_some(&part.content.0)
    }

    /// Whether this is an error rather than a part of an answer.
    pub(super) fn is_error(&self) -> bool {
        match self.error {
            Some(error) => !matches!(error.get(), "{}" | "\"\"" | "false"),
            None => self.choice.is_none() && self.usage.is_none() && self.message.is_some(),
        }
    }
}

/// The first element of a list, without making the list.
fn first<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Choice<'a>>, D::Error> {
    struct First<'a>(PhantomData<&'a ()>);

    impl<'de: 'a, 'a> Visitor<'de> for First<'a> {
        type Value = Option<Choice<'a>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list of choices")
        }
        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
            let choice = seq.next_element()?;
            while seq.next_element::<IgnoredAny>()?.is_some() {}
            Ok(choice)
        }
    }

    deserializer.deserialize_any(First(PhantomData))
}
