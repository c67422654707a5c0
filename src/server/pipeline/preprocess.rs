//! Stage 1: settles what the brief leaves open, and composes the prompt.

use super::Job;
use super::template::{self, Prompt};
use super::tokens::TokenEstimate;
use crate::article::brief::{
    Brief, DEFAULT_MAX_TOKENS, DEFAULT_PENALTY, DEFAULT_TEMPERATURE, DEFAULT_TOP_P,
};
use crate::article::event::Stage;
use crate::article::measure::is_cjk;
use crate::server::providers::Sampling;

/// What the first stage makes: a brief of which nothing is open any more.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The language to write in (BCP 47).
    pub language: String,
    /// What the model is told.
    pub prompt: Prompt,
    /// How it samples.
    pub sampling: Sampling,
    /// The prompt's tokens, estimated.
    pub prompt_tokens: u64,
}

/// Runs the stage.
pub fn run(job: &Job) -> Prepared {
    job.begin(Stage::Preprocess);
    prepare(&job.brief, &job.language)
}

/// What the stage makes of a brief.
pub fn prepare(brief: &Brief, language: &str) -> Prepared {
    let prompt = template::fill(brief, language);
    let sampling = Sampling {
        temperature: brief.temperature.unwrap_or(DEFAULT_TEMPERATURE),
        top_p: brief.top_p.unwrap_or(DEFAULT_TOP_P),
        max_tokens: brief.max_tokens.unwrap_or(DEFAULT_MAX_TOKENS),
        frequency_penalty: brief.frequency_penalty.unwrap_or(DEFAULT_PENALTY),
        presence_penalty: brief.presence_penalty.unwrap_or(DEFAULT_PENALTY),
        stop: brief.stop.clone(),
    };
    let prompt_tokens = TokenEstimate::of(&prompt.system) + TokenEstimate::of(&prompt.user);
    Prepared { language: language.to_owned(), prompt, sampling, prompt_tokens }
}

/// The language to write in: the brief's, or that of its topic.
pub fn language_of(brief: &Brief) -> String {
    brief.language.clone().unwrap_or_else(|| detect_language(&brief.topic).to_owned())
}

/// The language of a short text (BCP 47). A few Chinese words among English names decide for
/// Chinese; a language other than these two needs a text long enough to be told apart.
fn detect_language(text: &str) -> &'static str {
    let kana = |c: char| matches!(c, '\u{3041}'..='\u{30FF}');
    let hangul = |c: char| matches!(c, '\u{AC00}'..='\u{D7AF}');
    if text.chars().any(kana) {
        return "ja";
    }
    if text.chars().any(hangul) {
        return "ko";
    }
    if text.chars().filter(|c| is_cjk(*c)).count() >= 2 {
        return "zh-CN";
    }
    match whatlang::detect(text) {
        Some(info) if info.is_reliable() && info.confidence() > 0.9 => match info.lang() {
            whatlang::Lang::Deu => "de",
            whatlang::Lang::Fra => "fr",
            whatlang::Lang::Spa => "es",
            whatlang::Lang::Por => "pt",
            whatlang::Lang::Ita => "it",
            whatlang::Lang::Rus => "ru",
            _ => "en",
        },
        _ => "en",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_that_of_the_topic_unless_it_is_named() {
        for (topic, language) in [
            ("How DNS works", "en"),
            ("用 Rust 写一个命令行工具", "zh-CN"),
            ("Kubernetes 探针", "zh-CN"),
            ("Rustで非同期処理を書く", "ja"),
            ("PostgreSQL", "en"),
        ] {
            assert_eq!(language_of(&Brief::on(topic)), language, "{topic}");
        }
        let brief = Brief { language: Some("fr".to_owned()), ..Brief::on("How DNS works") };
        assert_eq!(language_of(&brief), "fr");
    }
}
