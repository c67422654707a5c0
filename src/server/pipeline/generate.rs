//! Stage 3: asks a model, and writes its answer to the log while it comes.
//!
//! One attempt at the first candidate. [`run`] is where another attempt would be chosen — a retry,
//! a failover, a continuation — by what `attempt` says of the last one.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::{Instant, sleep_until};

use super::colouring::Colouring;
use super::preprocess::Prepared;
use super::route::Route;
use super::seam::Seam;
use super::tokens::{TokenEstimate, cost};
use super::{Job, Stop, StopReason, millis};
use crate::article::event::{Event, Notice, NoticeKind, Stage, Usage};
use crate::article::generation::{Attempt, AttemptOutcome};
use crate::article::problem::{Code, Problem};
use crate::server::clock::now_ms;
use crate::server::config::ModelConfig;
use crate::server::providers::{
    ErrorClass, FinishReason, ModelEvent, ModelRequest, ModelStream, ProviderError, TokenCounts,
};
use crate::server::telemetry::metrics;

/// How often the figures are written to the log while text comes.
const USAGE_EVERY: Duration = Duration::from_secs(2);

/// What the third stage makes: the whole text is in the log, and this is how it ended.
#[derive(Debug)]
pub struct Transcript {
    /// The language that was written in (BCP 47).
    pub language: String,
    /// How it ended.
    pub outcome: Outcome,
}

/// How the writing ended.
#[derive(Debug)]
pub enum Outcome {
    /// The answer is complete.
    Complete,
    /// It was stopped.
    Stopped {
        /// Why and when.
        stop: Stop,
        /// Milliseconds until the upstream connection was let go.
        upstream_closed_ms: f64,
    },
    /// No attempt led to a complete answer.
    Failed(Problem),
}

/// Runs the stage.
pub async fn run(job: &Job, route: Route) -> Transcript {
    job.begin(Stage::Generate);
    let Route { prepared, candidates } = route;
    let language = prepared.language.clone();
    let outcome = match candidates.into_iter().next() {
        Some(model) => attempt(job, prepared, &model).await,
        None => Outcome::Failed(Problem::new(
            Code::UpstreamFailed,
            "No model is configured for this brief.",
            "Name a model in [routes] of inkstream.toml.",
        )),
    };
    Transcript { language, outcome }
}

/// One try at one model. The prompt moves into the request: thousands of streams would otherwise
/// each keep a copy for as long as they are read.
async fn attempt(job: &Job, prepared: Prepared, model: &ModelConfig) -> Outcome {
    let Some(provider) = job.providers.get(&model.provider) else {
        return Outcome::Failed(Problem::new(
            Code::Internal,
            format!("The provider {} of {} is not there.", model.provider, model.name),
            "Restart the server; if that does not help, report it.",
        ));
    };
    if let Some(stop) = job.stop.stopped() {
        return Outcome::Stopped { stop, upstream_closed_ms: 0.0 };
    }
    let so_far = job.continues.then(|| job.log.text());
    let seam = so_far.as_deref().map(Seam::after);
    let request = request(job, prepared, model, so_far);
    let mut writing = Writing::begin(job, model, prompt_tokens(&request), seam);
    let mut stream = provider.stream(request);
    let end = writing.read(&mut stream).await;
    // This closes the upstream connection, whatever state it is in.
    drop(stream);
    let closed = Instant::now();
    writing.finish(end, closed).await
}

fn prompt_tokens(request: &ModelRequest) -> u64 {
    let texts = [Some(&request.system), Some(&request.user), request.so_far.as_ref()];
    texts.into_iter().flatten().map(|text| TokenEstimate::of(text)).sum()
}

fn request(
    job: &Job,
    prepared: Prepared,
    model: &ModelConfig,
    so_far: Option<String>,
) -> ModelRequest {
    let Prepared { language, prompt, mut sampling } = prepared;
    sampling.max_tokens = sampling.max_tokens.min(model.max_output);
    ModelRequest {
        generation: job.id,
        request_id: job.request_id.clone(),
        model_id: model.id.clone(),
        system: prompt.system,
        user: prompt.user,
        so_far,
        continuation: model.continuation,
        topic: job.brief.topic.clone(),
        language,
        format: job.brief.format,
        sampling,
    }
}

/// How reading the stream ended.
enum End {
    Finished(FinishReason),
    Failed(ProviderError),
    Stopped(Stop),
    TooLong,
    /// What it may cost is used up, or could not be asked for.
    NotCovered(Problem),
}

/// An attempt that is being written.
struct Writing<'a> {
    job: &'a Job,
    model: &'a ModelConfig,
    seam: Option<Seam>,
    colouring: Colouring,
    started: Instant,
    /// Whether the provider took the request on.
    answered: bool,
    first_token: Option<Instant>,
    last_bytes: Instant,
    /// When the figures were last written.
    usage_shown: Option<Instant>,
    prompt_tokens: u64,
    completion: TokenEstimate,
    reasoning_bytes: usize,
    /// What the provider counted.
    reported: Option<TokenCounts>,
}

impl<'a> Writing<'a> {
    fn begin(job: &'a Job, model: &'a ModelConfig, prompt_tokens: u64, seam: Option<Seam>) -> Self {
        let now = Instant::now();
        job.progress().attempts.push(Attempt {
            model: model.name.clone(),
            outcome: None,
            error: None,
            usage: Usage::default(),
            started_at: now_ms(),
            ended_at: None,
            first_token_ms: None,
        });
        Self {
            job,
            model,
            seam,
            colouring: Colouring::new(job.brief.format),
            started: now,
            answered: false,
            first_token: None,
            last_bytes: now,
            usage_shown: None,
            prompt_tokens,
            completion: TokenEstimate::default(),
            reasoning_bytes: 0,
            reported: None,
        }
    }

    /// Reads the stream to its end, or until a limit or a wish to stop ends it.
    async fn read(&mut self, stream: &mut ModelStream) -> End {
        let job = self.job;
        let mut finish = None;
        let watchdog = sleep_until(self.limit());
        tokio::pin!(watchdog);
        let stopped = job.stop.wait();
        tokio::pin!(stopped);
        loop {
            if let Some(stop) = job.stop.stopped() {
                return End::Stopped(stop);
            }
            let event = tokio::select! {
                biased;
                event = stream.next() => event,
                // The loop's beginning sees why.
                () = &mut stopped => continue,
                () = &mut watchdog => {
                    if Instant::now() >= self.limit() {
                        return End::Failed(self.timed_out());
                    }
                    watchdog.as_mut().reset(self.limit());
                    continue;
                }
                () = self.colouring.advance(&job.log) => continue,
            };
            self.last_bytes = Instant::now();
            self.answered |= matches!(event, Some(Ok(_)));
            match event {
                Some(Ok(ModelEvent::Alive)) => {}
                Some(Ok(ModelEvent::Text(text))) => {
                    self.token_came();
                    if !self.write(&text) {
                        return End::TooLong;
                    }
                    self.show_usage_when_due();
                    if let Err(problem) = self.cover().await {
                        return End::NotCovered(problem);
                    }
                }
                Some(Ok(ModelEvent::Reasoning(text))) => {
                    self.token_came();
                    self.completion.add(&text);
                    self.reasoning_bytes += text.len();
                    if self.reasoning_bytes > job.config.generation.max_text_bytes {
                        return End::TooLong;
                    }
                    job.log.push(&Event::Reasoning { text });
                    self.show_usage_when_due();
                    if let Err(problem) = self.cover().await {
                        return End::NotCovered(problem);
                    }
                }
                Some(Ok(ModelEvent::Usage(counts))) => self.reported = Some(counts),
                Some(Ok(ModelEvent::Finish(reason))) => finish = Some(reason),
                Some(Err(error)) => return End::Failed(error),
                None => {
                    return match finish {
                        Some(reason) => End::Finished(reason),
                        None => End::Failed(truncated()),
                    };
                }
            }
        }
    }

    fn token_came(&mut self) {
        let now = self.last_bytes;
        if self.first_token.is_none() {
            self.first_token = Some(now);
            metrics::first_token((now - self.started).as_secs_f64());
            let first_token_ms = millis(now - self.started);
            if let Some(attempt) = self.job.progress().attempts.last_mut() {
                attempt.first_token_ms = Some(first_token_ms);
            }
        }
    }

    /// Has what it costs so far set aside. A store that is stuck does not hold up a Stop.
    async fn cover(&self) -> Result<(), Problem> {
        let cost = || cost(self.estimated(), self.model);
        let Some((reservation, cost)) = self.job.reservation.get().zip(cost()) else {
            return Ok(());
        };
        tokio::select! {
            biased;
            covered = reservation.cover(cost) => covered,
            () = self.job.stop.wait() => Ok(()),
        }
    }

    /// Writes the figures behind the first token and then now and then. Behind, not before: a
    /// reader that wakes for the figures would gather for a while before it sees the token.
    fn show_usage_when_due(&mut self) {
        if self.usage_shown.is_none_or(|shown| self.last_bytes - shown >= USAGE_EVERY) {
            self.show_usage();
        }
    }

    /// Writes text to the log; `false` when that made it too long.
    fn write(&mut self, text: &str) -> bool {
        self.completion.add(text);
        let joined;
        let fresh = match &mut self.seam {
            None => text,
            Some(seam) => {
                joined = seam.push(text.to_owned());
                &joined
            }
        };
        self.append(fresh)
    }

    fn append(&mut self, text: &str) -> bool {
        let room =
            self.job.config.generation.max_text_bytes.saturating_sub(self.job.log.text_len());
        let fits = text.len() <= room;
        let text = if fits { text } else { &text[..text.floor_char_boundary(room)] };
        // No database text can hold U+0000, and every reader must see what is stored.
        let replaced;
        let text = if text.contains('\0') {
            replaced = text.replace('\0', "");
            &replaced
        } else {
            text
        };
        if !text.is_empty() {
            self.job.log.push_delta(text);
            self.colouring.see(text, &self.job.log);
        }
        fits
    }

    /// The instant at which patience ends.
    fn limit(&self) -> Instant {
        let limits = &self.job.config.generation;
        let total = self.started + limits.total_timeout;
        let silence = match self.first_token {
            None => self.started + limits.first_token_timeout,
            Some(_) => self.last_bytes + limits.idle_timeout,
        };
        total.min(silence)
    }

    fn timed_out(&self) -> ProviderError {
        let limits = &self.job.config.generation;
        let model = &self.model.name;
        let (message, setting) = if self.started.elapsed() >= limits.total_timeout {
            (
                format!("{model} was not finished after {} s.", limits.total_timeout.as_secs()),
                "total_timeout_s",
            )
        } else if self.first_token.is_none() {
            let seconds = limits.first_token_timeout.as_secs();
            (format!("{model} sent no first word within {seconds} s."), "first_token_timeout_s")
        } else {
            let seconds = limits.idle_timeout.as_secs();
            (format!("{model} fell silent for {seconds} s."), "idle_timeout_s")
        };
        ProviderError {
            class: ErrorClass::Retryable,
            code: Code::UpstreamTimeout,
            message,
            resolution: format!(
                "Continue goes on from the text; an operator can raise generation.{setting}."
            ),
            retry_after: None,
        }
    }

    async fn finish(mut self, end: End, closed: Instant) -> Outcome {
        let rest = self.seam.as_mut().map(Seam::finish).unwrap_or_default();
        let fits = self.append(&rest);
        let job = self.job;
        std::mem::take(&mut self.colouring).finish(&job.log).await;
        let (attempt_outcome, outcome) = match end {
            _ if !fits => (AttemptOutcome::Failed, Outcome::Failed(self.too_long())),
            End::TooLong => (AttemptOutcome::Failed, Outcome::Failed(self.too_long())),
            End::NotCovered(problem) => (AttemptOutcome::Failed, Outcome::Failed(problem)),
            End::Finished(FinishReason::Stop) if job.log.text_len() == 0 => {
                (AttemptOutcome::Failed, Outcome::Failed(empty(&self.model.name)))
            }
            End::Finished(FinishReason::Stop) => (AttemptOutcome::Complete, Outcome::Complete),
            End::Finished(FinishReason::Length) => (AttemptOutcome::Length, self.length_reached()),
            End::Finished(FinishReason::Filter(word)) => {
                let outcome = Outcome::Failed(filtered(&self.model.name, &word));
                (AttemptOutcome::Failed, outcome)
            }
            End::Failed(error) => {
                metrics::generation_error(error.class);
                // Who refuses a request, or is never reached, charges nothing for it.
                if !self.answered && error.code != Code::UpstreamTimeout {
                    self.prompt_tokens = 0;
                }
                (AttemptOutcome::Failed, Outcome::Failed(error.to_problem()))
            }
            End::Stopped(stop) => {
                let upstream_closed_ms = (closed - stop.at).as_secs_f64() * 1000.0;
                let outcome = match stop.reason {
                    StopReason::Cancelled => AttemptOutcome::Cancelled,
                    StopReason::Interrupted => AttemptOutcome::Interrupted,
                };
                (outcome, Outcome::Stopped { stop, upstream_closed_ms })
            }
        };
        self.settle(attempt_outcome, &outcome);
        outcome
    }

    /// The answer reached its limit of tokens: the brief's own, which is what was asked for, or
    /// another, which left it unfinished.
    fn length_reached(&self) -> Outcome {
        let model = &self.model.name;
        let asked = self.job.brief.max_tokens.filter(|max| *max <= self.model.max_output);
        match asked {
            Some(max) => {
                self.job.log.push(&Event::Notice(Notice {
                    kind: NoticeKind::MaxTokens,
                    model: Some(model.clone()),
                    message: format!("The text ends at {max} tokens, as the brief asked."),
                }));
                Outcome::Complete
            }
            None => Outcome::Failed(Problem::new(
                Code::AnswerLimit,
                format!("{model} reached the longest answer it may give before the end."),
                "Continue goes on from the text.",
            )),
        }
    }

    fn too_long(&self) -> Problem {
        let max = self.job.config.generation.max_text_bytes;
        Problem::new(
            Code::TextTooLong,
            format!("The text grew over {max} bytes and was cut there."),
            "An operator can raise generation.max_text_bytes.",
        )
    }

    /// Writes the final figures of the attempt.
    fn settle(&mut self, outcome: AttemptOutcome, ended: &Outcome) {
        let usage = self.usage();
        let mut progress = self.job.progress();
        if let Some(attempt) = progress.attempts.last_mut() {
            attempt.outcome = Some(outcome);
            attempt.usage = usage;
            attempt.ended_at = Some(now_ms());
            if let Outcome::Failed(problem) = ended {
                attempt.error = Some(problem.clone());
            }
        }
        drop(progress);
        self.show_usage();
    }

    fn usage(&self) -> Usage {
        let counts = self.reported.unwrap_or_else(|| self.estimated());
        let cost = cost(counts, self.model);
        Usage {
            prompt: counts.prompt,
            completion: counts.completion,
            cost,
            currency: cost.and_then(|_| self.model.currency.clone()),
            estimated: self.reported.is_none(),
        }
    }

    fn estimated(&self) -> TokenCounts {
        TokenCounts::uncached(self.prompt_tokens, self.completion.tokens())
    }

    fn show_usage(&mut self) {
        self.usage_shown = Some(Instant::now());
        let usage = self.usage();
        self.job.progress().usage = usage.clone();
        self.job.log.push(&Event::Usage {
            usage,
            first_token_ms: self.first_token.map(|first| millis(first - self.started)),
            writing_ms: self.first_token.map_or(0, |first| millis(self.last_bytes - first)),
        });
    }
}

fn truncated() -> ProviderError {
    ProviderError {
        class: ErrorClass::Retryable,
        code: Code::UpstreamTruncated,
        message: "The provider's stream ended before the answer was complete.".to_owned(),
        resolution: "Continue goes on from the text.".to_owned(),
        retry_after: None,
    }
}

fn empty(model: &str) -> Problem {
    Problem::new(
        Code::UpstreamFailed,
        format!("{model} ended without a word."),
        "Try again, or choose another model.",
    )
}

fn filtered(model: &str, word: &str) -> Problem {
    Problem::new(
        Code::UpstreamRejected,
        format!("A filter of {model}'s provider ended the text ({word})."),
        "Change the topic, or choose another model. The text so far is kept.",
    )
}
