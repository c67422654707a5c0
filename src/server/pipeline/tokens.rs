//! How many tokens a text is, roughly, and what tokens cost. Settled by what the provider reports.

use crate::server::config::ModelConfig;
use crate::server::providers::TokenCounts;

/// Counts tokens of a text that arrives in pieces.
///
/// Calibrated on the vocabularies of the large open models: about four bytes of Latin text or code
/// to a token, and somewhat less than one token for each CJK character.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokenEstimate {
    cjk: u64,
    other_bytes: u64,
}

impl TokenEstimate {
    /// Counts a piece.
    pub fn add(&mut self, text: &str) {
        // Three bytes in UTF-8 mean U+0800 to U+FFFF: nearly all of it CJK in practice.
        let wide = text.bytes().filter(|byte| (0xE0..0xF0).contains(byte)).count() as u64;
        self.cjk += wide;
        self.other_bytes += text.len() as u64 - 3 * wide.min(text.len() as u64 / 3);
    }

    /// The tokens so far.
    pub fn tokens(self) -> u64 {
        (self.cjk * 4).div_ceil(5) + self.other_bytes.div_ceil(4)
    }

    /// The tokens of a whole text.
    pub fn of(text: &str) -> u64 {
        let mut estimate = Self::default();
        estimate.add(text);
        estimate.tokens()
    }
}

/// What tokens cost, in millionths of the model's currency: a price per million tokens is a price
/// in millionths per token. `None` where the model has no price.
pub fn cost(counts: TokenCounts, model: &ModelConfig) -> Option<i64> {
    let (input, output) = model.price_input.zip(model.price_output)?;
    let TokenCounts { prompt, completion, cache_read, cache_write } = counts;
    let uncached = prompt.saturating_sub(cache_read).saturating_sub(cache_write);
    let read = cache_read as f64 * model.price_cache_read.unwrap_or(input);
    let write = cache_write as f64 * model.price_cache_write.unwrap_or(input);
    Some((uncached as f64 * input + read + write + completion as f64 * output).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin_text_is_about_four_bytes_a_token_and_chinese_about_one_character() {
        assert_eq!(TokenEstimate::of("a quick brown fox jumps."), 6);
        assert_eq!(TokenEstimate::of("大模型推理"), 4);
        assert_eq!(TokenEstimate::of(""), 0);
    }

    #[test]
    fn a_price_per_million_tokens_gives_whole_millionths() {
        let model = ModelConfig {
            price_input: Some(0.14),
            price_output: Some(0.28),
            price_cache_read: Some(0.014),
            ..ModelConfig::bare("p", "m")
        };
        assert_eq!(cost(TokenCounts::uncached(1000, 2000), &model), Some(700));
        let cached = TokenCounts { cache_read: 500, ..TokenCounts::uncached(1000, 2000) };
        assert_eq!(cost(cached, &model), Some(70 + 7 + 560));
        assert_eq!(cost(cached, &ModelConfig::bare("p", "m")), None);
    }
}
