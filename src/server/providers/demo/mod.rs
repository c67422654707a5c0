//! The demo: a provider without a model behind it.
//!
//! It streams prepared articles through the interface of every provider, and its faulty models
//! show one fault per generation, so that a visitor can see what is done about it.

mod articles;
mod tokens;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

use super::{
    ErrorClass, FinishReason, ModelEvent, ModelRequest, ModelStream, Provider, ProviderError,
    TokenCounts,
};
use crate::article::brief::Format;
use crate::article::html_writer::to_html;
use crate::article::markdown::parse;
use crate::article::problem::Code;

/// The time to the first token, and from each to the next, except of `instant`.
const FIRST_TOKEN: Duration = Duration::from_millis(250);
const TOKENS_PER_SECOND: u32 = 60;
/// What `slow-start` waits.
const SLOW_START: Duration = Duration::from_secs(5);
/// What `rate-limited` asks for.
const RETRY_AFTER: Duration = Duration::from_secs(2);
/// After so many tokens a stream breaks off, or half-way where it has less.
const FAULT_AFTER: usize = 120;
/// How many tokens `instant` sends at once.
const INSTANT_TOKENS: usize = 32;
/// How many generations are remembered to have seen their fault.
const REMEMBERED: usize = 1024;

/// The demo provider.
#[derive(Debug, Default)]
pub struct Demo {
    shown: Arc<Mutex<Shown>>,
}

impl Demo {
    /// A demo that has shown no fault yet.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Provider for Demo {
    fn stream(&self, request: ModelRequest) -> ModelStream {
        let state = State::Asked(Box::new(request), Arc::clone(&self.shown));
        stream::unfold(state, State::next).boxed()
    }
}

/// What a model shows once per generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    SlowStart,
    RateLimited,
    Fails,
    Drops,
    Stalls,
    Truncated,
}

/// Which generations have seen which fault, the latest [`REMEMBERED`] of them.
#[derive(Debug, Default)]
struct Shown(VecDeque<(Uuid, Fault)>);

impl Shown {
    /// Whether the fault is still to be shown; from now on it has been.
    fn first_time(&mut self, generation: Uuid, fault: Fault) -> bool {
        if self.0.contains(&(generation, fault)) {
            return false;
        }
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back((generation, fault));
        true
    }
}

enum State {
    Asked(Box<ModelRequest>, Arc<Mutex<Shown>>),
    Writing(Box<Writing>),
    Counted { prompt: usize, completion: usize },
    Ended,
}

impl State {
    async fn next(self) -> Option<(Result<ModelEvent, ProviderError>, Self)> {
        match self {
            Self::Asked(request, shown) => Some(match answer(&request, &shown).await {
                Ok(writing) => (Ok(ModelEvent::Alive), Self::Writing(Box::new(writing))),
                Err(error) => (Err(error), Self::Ended),
            }),
            Self::Writing(writing) => Some(writing.next().await),
            Self::Counted { prompt, completion } => {
                let (prompt, completion) = (prompt as u64, completion as u64);
                let counts = TokenCounts::uncached(prompt, completion);
                Some((Ok(ModelEvent::Usage(counts)), Self::Ended))
            }
            Self::Ended => None,
        }
    }
}

/// Does what happens before the first byte of an answer.
async fn answer(request: &ModelRequest, shown: &Mutex<Shown>) -> Result<Writing, ProviderError> {
    let fault = match request.model_id.as_str() {
        "steady" | "instant" => None,
        "slow-start" => Some(Fault::SlowStart),
        "rate-limited" => Some(Fault::RateLimited),
        "fails" => Some(Fault::Fails),
        "drops" => Some(Fault::Drops),
        "stalls" => Some(Fault::Stalls),
        "truncated" => Some(Fault::Truncated),
        other => return Err(unknown(other)),
    };
    let fault = fault.filter(|fault| {
        let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.first_time(request.generation, *fault)
    });
    match fault {
        Some(Fault::RateLimited) => return Err(rate_limited()),
        Some(Fault::Fails) => return Err(fails()),
        Some(Fault::SlowStart) => sleep(SLOW_START).await,
        _ => {}
    }
    Ok(Writing::new(request, fault))
}

/// An answer that is being written.
struct Writing {
    /// What is still to be written.
    text: String,
    /// How much of it was, in bytes.
    at: usize,
    /// The same in tokens.
    written: usize,
    /// Tokens that may be written, by the request's limit or by the fault.
    most: usize,
    fault: Option<Fault>,
    prompt: usize,
    began: Instant,
    instant: bool,
}

impl Writing {
    fn new(request: &ModelRequest, fault: Option<Fault>) -> Self {
        let so_far = request.so_far.as_deref().unwrap_or_default();
        let article = articles::article_about(&request.topic, &request.language);
        let article = match request.format {
            Format::Markdown => article,
            Format::Html => to_html(&parse(&article), &[]),
        };
        let mut text = articles::rest_after(&article, so_far).to_owned();
        let stop = &request.sampling.stop;
        let stops = stop.iter().filter(|stop| !stop.is_empty()).filter_map(|stop| text.find(stop));
        if let Some(end) = stops.min() {
            text.truncate(end);
        }
        let mut most = request.sampling.max_tokens as usize;
        if matches!(fault, Some(Fault::Drops | Fault::Stalls | Fault::Truncated)) {
            most = most.min(FAULT_AFTER).min(tokens::count(&text) / 2);
        }
        Self {
            text,
            at: 0,
            written: 0,
            most,
            fault,
            prompt: [&request.system, &request.user, so_far].map(tokens::count).iter().sum(),
            began: Instant::now(),
            instant: request.model_id == "instant",
        }
    }

    async fn next(mut self: Box<Self>) -> (Result<ModelEvent, ProviderError>, State) {
        let at_once = if self.instant { INSTANT_TOKENS } else { 1 };
        let at_once = at_once.min(self.most - self.written);
        let pieces = tokens::split(&self.text[self.at..]).take(at_once);
        let (tokens, bytes) = pieces.fold((0, 0), |(n, bytes), piece| (n + 1, bytes + piece.len()));
        if tokens == 0 {
            return self.end().await;
        }
        if self.instant {
            tokio::task::yield_now().await;
        } else {
            let written = u32::try_from(self.written).unwrap_or(u32::MAX);
            let due = Duration::from_secs(1) * written / TOKENS_PER_SECOND;
            sleep_until(self.began + FIRST_TOKEN + due).await;
        }
        let piece = self.text[self.at..self.at + bytes].to_owned();
        self.at += bytes;
        self.written += tokens;
        (Ok(ModelEvent::Text(piece)), State::Writing(self))
    }

    async fn end(self: Box<Self>) -> (Result<ModelEvent, ProviderError>, State) {
        let reason = match self.fault {
            Some(Fault::Stalls) => std::future::pending().await,
            Some(Fault::Drops) => return (Err(dropped()), State::Ended),
            _ if self.at < self.text.len() => FinishReason::Length,
            _ => FinishReason::Stop,
        };
        let counted = State::Counted { prompt: self.prompt, completion: self.written };
        (Ok(ModelEvent::Finish(reason)), counted)
    }
}

fn fault(class: ErrorClass, code: Code, message: String) -> ProviderError {
    ProviderError {
        class,
        code,
        message,
        resolution: "This fault is staged: the next try works.".to_owned(),
        retry_after: None,
        of_request: false,
    }
}

fn rate_limited() -> ProviderError {
    let message = "demo answered 429: too many requests, as demo/rate-limited does once";
    let error = fault(ErrorClass::Retryable, Code::UpstreamRateLimited, message.to_owned());
    ProviderError { retry_after: Some(RETRY_AFTER), ..error }
}

fn fails() -> ProviderError {
    let message = "demo answered 500, as demo/fails does once";
    fault(ErrorClass::Retryable, Code::UpstreamFailed, message.to_owned())
}

fn dropped() -> ProviderError {
    let message = "demo broke off in the middle of its answer, as demo/drops does once";
    fault(ErrorClass::Retryable, Code::UpstreamTruncated, message.to_owned())
}

fn unknown(model: &str) -> ProviderError {
    let message = format!("demo answered 404: it has no model \"{model}\"");
    let resolution = "Use steady, instant, slow-start, rate-limited, fails, drops, stalls or \
        truncated as the model's id.";
    ProviderError {
        resolution: resolution.to_owned(),
        ..fault(ErrorClass::Candidate, Code::UpstreamRejected, message)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::super::Sampling;
    use super::*;
    use crate::server::config::Continuation;

    fn request(model: &str) -> ModelRequest {
        ModelRequest {
            generation: Uuid::from_u128(1),
            request_id: "r".into(),
            model_id: model.into(),
            system: "You write.".into(),
            user: "Write.".into(),
            so_far: None,
            continuation: Continuation::Prefill,
            topic: "Async Rust".into(),
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

    struct Heard {
        text: String,
        texts: usize,
        last: Vec<Result<ModelEvent, ProviderError>>,
        took: Duration,
    }

    /// Everything that comes within a virtual minute of silence.
    async fn hear(demo: &Demo, request: ModelRequest) -> Heard {
        let began = Instant::now();
        let mut heard = Heard { text: String::new(), texts: 0, last: vec![], took: Duration::ZERO };
        let mut stream = demo.stream(request);
        let patience = Duration::from_secs(60);
        while let Ok(Some(event)) = tokio::time::timeout(patience, stream.next()).await {
            heard.took = began.elapsed();
            match event {
                Ok(ModelEvent::Alive) => {}
                Ok(ModelEvent::Text(text)) => {
                    heard.text += &text;
                    heard.texts += 1;
                }
                other => heard.last.push(other),
            }
        }
        heard
    }

    fn whole() -> String {
        articles::article_about("Async Rust", "en")
    }

    fn is_complete(heard: &Heard) -> bool {
        let counted = tokens::count(&heard.text) as u64;
        matches!(
            &heard.last[..],
            [Ok(ModelEvent::Finish(FinishReason::Stop)), Ok(ModelEvent::Usage(counts))]
                if counts.completion == counted
        )
    }

    #[tokio::test(start_paused = true)]
    async fn steady_writes_sixty_tokens_a_second() {
        let heard = hear(&Demo::new(), request("steady")).await;
        assert_eq!(heard.text, whole());
        assert!(is_complete(&heard));
        let seconds = (heard.took - FIRST_TOKEN).as_secs_f64();
        let rate = (heard.texts - 1) as f64 / seconds;
        assert!((59.0..61.0).contains(&rate), "virtual time, so this is exact: {rate}");
    }

    #[tokio::test(start_paused = true)]
    async fn instant_takes_no_time_and_still_comes_in_pieces() {
        let heard = hear(&Demo::new(), request("instant")).await;
        assert_eq!((heard.text.as_str(), heard.took), (whole().as_str(), Duration::ZERO));
        assert!(heard.texts > 10 && is_complete(&heard));
    }

    #[tokio::test(start_paused = true)]
    async fn slow_start_is_slow_once() {
        let demo = Demo::new();
        assert!(hear(&demo, request("slow-start")).await.took >= SLOW_START);
        let mut stream = demo.stream(request("slow-start"));
        let began = Instant::now();
        stream.next().await;
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_come_once_per_generation() {
        let demo = Demo::new();
        for (model, code) in
            [("rate-limited", Code::UpstreamRateLimited), ("fails", Code::UpstreamFailed)]
        {
            let first = hear(&demo, request(model)).await;
            let [Err(error)] = &first.last[..] else { panic!("{model}") };
            assert_eq!((error.class, error.code), (ErrorClass::Retryable, code));
            assert_eq!(error.retry_after, (model == "rate-limited").then_some(RETRY_AFTER));

            assert!(is_complete(&hear(&demo, request(model)).await), "{model} works afterwards");
            let other = ModelRequest { generation: Uuid::from_u128(2), ..request(model) };
            assert!(hear(&demo, other).await.last[0].is_err(), "and fails for the next one");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn streams_break_in_the_middle_and_are_continued() {
        let demo = Demo::new();
        for model in ["drops", "stalls", "truncated"] {
            let first = hear(&demo, request(model)).await;
            assert!(whole().starts_with(&first.text) && first.text.len() > 100);
            match (model, &first.last[..]) {
                ("drops", [Err(error)]) => assert_eq!(error.code, Code::UpstreamTruncated),
                ("stalls", []) => {}
                ("truncated", [Ok(ModelEvent::Finish(reason)), Ok(ModelEvent::Usage(_))]) => {
                    assert_eq!(*reason, FinishReason::Length);
                }
                (_, last) => panic!("{model}: {last:?}"),
            }
            let so_far = Some(first.text.clone());
            let second = hear(&demo, ModelRequest { so_far, ..request(model) }).await;
            assert_eq!(first.text + &second.text, whole());
            assert!(is_complete(&second));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn max_tokens_and_stop_sequences_are_kept() {
        let mut short = request("instant");
        short.sampling.max_tokens = 40;
        let heard = hear(&Demo::new(), short).await;
        assert_eq!(tokens::count(&heard.text), 40);
        assert_eq!(heard.last[0], Ok(ModelEvent::Finish(FinishReason::Length)));

        let mut stopped = request("instant");
        stopped.sampling.stop = vec!["\n## ".into()];
        let heard = hear(&Demo::new(), stopped).await;
        assert_eq!(heard.text, whole().split_once("\n## ").unwrap().0);
        assert_eq!(heard.last[0], Ok(ModelEvent::Finish(FinishReason::Stop)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_whole_text_is_continued_with_nothing() {
        let heard =
            hear(&Demo::new(), ModelRequest { so_far: Some(whole()), ..request("steady") }).await;
        assert!(heard.text.is_empty() && is_complete(&heard));
    }

    #[tokio::test(start_paused = true)]
    async fn an_unknown_model_is_refused() {
        let heard = hear(&Demo::new(), request("gpt")).await;
        let [Err(error)] = &heard.last[..] else { panic!() };
        assert_eq!(error.class, ErrorClass::Candidate);
    }

    #[test]
    fn what_was_shown_is_remembered_within_bounds() {
        let mut shown = Shown::default();
        for n in 0..2 * REMEMBERED as u128 {
            assert!(shown.first_time(Uuid::from_u128(n), Fault::Fails));
        }
        assert_eq!(shown.0.len(), REMEMBERED);
    }
}
