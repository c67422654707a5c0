//! Model APIs: what is sent, what is made of every kind of answer, and that nothing stays open.

mod anthropic;
mod dropped;
mod failing;
mod sent;
mod signed;
mod tolerated;

use std::time::Duration;

use futures_util::StreamExt;
use inkstream::article::brief::Format;
use inkstream::article::problem::Code;
use inkstream::server::config::{Continuation, GenerationConfig, Protocol, ProviderConfig};
use inkstream::server::providers::openai::OpenAi;
use inkstream::server::providers::{
    ErrorClass, FinishReason, ModelEvent, ModelRequest, ModelStream, Provider, ProviderError,
    Sampling, TokenCounts, Understood,
};
use secrecy::SecretString;
use uuid::Uuid;

use crate::upstream::{PATIENCE, Script, Upstream};

const KEY: &str = "4f2a.very+secret/key";

fn limits() -> GenerationConfig {
    GenerationConfig {
        connect_timeout: Duration::from_secs(5),
        first_token_timeout: Duration::from_secs(60),
        idle_timeout: Duration::from_secs(30),
        total_timeout: Duration::from_secs(900),
        deadline: Duration::from_secs(3600),
        retries: 3,
        retry_quick_min: Duration::from_millis(200),
        retry_quick_max: Duration::from_millis(500),
        backoff_min: Duration::from_secs(2),
        backoff_max: Duration::from_secs(10),
        breaker_open: Duration::from_secs(60),
        max_continuations: 24,
        max_concurrent: 2000,
        max_text_bytes: 2 << 20,
    }
}

fn settings(name: &str, base_url: &str) -> ProviderConfig {
    ProviderConfig {
        api_key: Some(SecretString::from(KEY)),
        ..ProviderConfig::new(name, Protocol::OpenAi, base_url)
    }
}

fn openai(base_url: &str) -> OpenAi {
    with(&settings("local", base_url))
}

fn with(settings: &ProviderConfig) -> OpenAi {
    OpenAi::new(settings, &limits(), Understood::default())
}

fn request() -> ModelRequest {
    ModelRequest {
        generation: Uuid::nil(),
        request_id: "req-1".into(),
        model_id: "GLM-4.7-Flash".into(),
        system: "You write.".into(),
        user: "Write about ink.".into(),
        so_far: None,
        continuation: Continuation::Prefix,
        topic: "ink".into(),
        language: "en".into(),
        format: Format::Markdown,
        sampling: Sampling {
            temperature: 0.7,
            top_p: 0.95,
            max_tokens: 4096,
            frequency_penalty: 0.1,
            presence_penalty: 0.1,
            stop: vec![],
        },
    }
}

/// Everything that came of a request.
#[derive(Debug, Default, PartialEq)]
struct Answer {
    text: String,
    reasoning: String,
    usage: Option<(u64, u64)>,
    finish: Option<FinishReason>,
    error: Option<ProviderError>,
}

impl Answer {
    fn complete(&self) -> bool {
        self.error.is_none() && self.finish == Some(FinishReason::Stop)
    }

    /// The error's class and code.
    fn failure(&self) -> (ErrorClass, Code) {
        let error = self.error.as_ref().expect("an error");
        (error.class, error.code)
    }

    fn message(&self) -> &str {
        &self.error.as_ref().expect("an error").message
    }

    fn resolution(&self) -> &str {
        &self.error.as_ref().expect("an error").resolution
    }
}

/// Asks and reads to the end. An answer that does not end has failed, and says so.
async fn ask(provider: &dyn Provider, request: ModelRequest) -> Answer {
    let reading = read(provider.stream(request));
    tokio::time::timeout(PATIENCE, reading).await.expect("the answer never ended")
}

async fn read(mut stream: ModelStream) -> Answer {
    let mut answer = Answer::default();
    while let Some(event) = stream.next().await {
        assert_eq!(answer.error, None, "nothing comes after an error");
        match event {
            Ok(ModelEvent::Alive) => {}
            Ok(ModelEvent::Text(text)) => {
                assert_eq!(answer.finish, None, "no text comes after the end");
                answer.text += &text;
            }
            Ok(ModelEvent::Reasoning(text)) => answer.reasoning += &text,
            Ok(ModelEvent::Usage(TokenCounts { prompt, completion, .. })) => {
                answer.usage = Some((prompt, completion));
            }
            Ok(ModelEvent::Finish(reason)) => {
                assert_eq!(answer.finish, None, "it ends once");
                answer.finish = Some(reason);
            }
            Err(error) => answer.error = Some(error),
        }
    }
    answer
}

async fn answer_to(script: Script) -> Answer {
    let upstream = Upstream::start(vec![script]).await;
    ask(&openai(&upstream.base_url()), request()).await
}
