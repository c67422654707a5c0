//! Stage 3: has models write until the article is whole, however often one of them fails.
//!
//! [`run`] finds out whether the text is there already or being written for somebody else; if not,
//! `write` has it written: who is tried next is the [`Schedule`]'s to say, one try is an
//! `Attempt`. What fails before its first token is tried afresh, what fails behind it is gone on
//! from, and an answer that reached its length is gone on from at once.

use std::sync::Arc;

use tokio::time::{Instant, sleep_until, timeout_at};

use super::attempt::{Attempt, End, Ended};
use super::coalescing::Found;
use super::colouring::Colouring;
use super::flight::{Flight, Pen};
use super::preprocess::{Prepared, prepare};
use super::problems;
use super::route::{MIN_ANSWER_TOKENS, Route};
use super::tokens::TokenEstimate;
use super::{Job, Stop, millis};
use crate::article::event::{Event, Notice, NoticeKind, Seam, Stage};
use crate::article::generation::AttemptOutcome;
use crate::article::problem::{Code, Problem};
use crate::server::clock::now_ms;
use crate::server::config::ModelConfig;
use crate::server::providers::{ErrorClass, FinishReason, ModelRequest, Provider, ProviderError};
use crate::server::resilience::{self, Failure, Limits, Next, Permit, Schedule};
use crate::server::telemetry::metrics;

/// What the third stage makes: the whole text is in the log, and this is how it ended.
pub struct Transcript {
    /// The language that was written in (BCP 47).
    pub language: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The writing, where it was written now.
    pub flight: Option<Arc<Flight>>,
}

/// How the writing ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The text is complete.
    Complete,
    /// It was stopped.
    Stopped {
        /// Why and when.
        stop: Stop,
        /// Milliseconds until the upstream connection was closed; `None` where others read on.
        upstream_closed_ms: Option<f64>,
    },
    /// A model, or a filter of its provider, would not write it: in its own words.
    Refused(String),
    /// No attempt led to a complete text.
    Failed(Problem),
}

/// Runs the stage.
pub async fn run(job: &Arc<Job>, route: Route) -> Transcript {
    job.begin(Stage::Generate);
    let language = route.prepared.language.clone();
    let (flight, pen) = match job.coalescing.find(job, &route) {
        Found::Text(text) => {
            text.give(job);
            return Transcript { language, outcome: Outcome::Complete, flight: None };
        }
        Found::Flight(flight) => (flight, None),
        Found::New(flight) => {
            let pen: Pen = Box::pin(write(Arc::clone(&flight), route));
            (flight, Some(pen))
        }
    };
    let outcome = flight.follow(job, pen).await;
    Transcript { language, outcome, flight: Some(flight) }
}

/// Where one answer ends in the text and the next begins, by the attempts.
pub fn seams_of(job: &Job) -> Vec<Seam> {
    let mut seams = job.earlier_seams.clone();
    let progress = job.progress();
    let mut before: Option<(&str, String)> = None;
    for attempt in &progress.attempts {
        let (from, reason) = match &before {
            Some((model, reason)) => (Some((*model).to_owned()), reason.clone()),
            None => (job.earlier_model.clone(), "continued".to_owned()),
        };
        if attempt.from > 0 && attempt.first_token_ms.is_some() {
            match seams.last_mut().filter(|last| last.offset == attempt.from) {
                // The one before wrote nothing behind it.
                Some(last) => last.to.clone_from(&attempt.model),
                None => {
                    let to = attempt.model.clone();
                    seams.push(Seam { offset: attempt.from, from, to, reason });
                }
            }
        }
        if attempt.first_token_ms.is_some() {
            let reason = attempt.error.as_ref().map_or("length", |error| error.code.as_str());
            before = Some((&attempt.model, reason.to_owned()));
        }
    }
    drop(progress);
    // One at the end of the text joins nothing.
    seams.retain(|seam| seam.offset < job.log.text_len() as u64);
    seams
}

/// Has the text written by one attempt after the other.
async fn write(flight: Arc<Flight>, route: Route) -> Outcome {
    let mut colouring = Colouring::new(flight.origin.brief.format);
    let outcome = Writer::new(&flight, route).write(&mut colouring).await;
    colouring.finish(&*flight).await;
    outcome
}

/// What a model is asked, and who is asked.
pub struct Asked {
    /// The request.
    pub request: ModelRequest,
    /// Its tokens, estimated.
    pub prompt_tokens: u64,
    /// The model API.
    pub provider: Arc<dyn Provider>,
}

/// Why another attempt is made.
enum Reason {
    /// The one before failed.
    Failed(ProviderError),
    /// The one before reached its length.
    Length,
}

struct Writer<'a> {
    flight: &'a Flight,
    job: &'a Job,
    candidates: Vec<ModelConfig>,
    /// Why there is nobody to ask, where there is nobody.
    nobody: Problem,
    /// What the first attempt is asked with. Later ones prepare it again: thousands of streams would
    /// otherwise each keep a prompt for as long as they are read.
    prepared: Option<Box<Prepared>>,
    schedule: Schedule,
    /// Who readers were told is asked next.
    told: usize,
    /// Whether he was asked since.
    asked_as_told: bool,
    /// Nothing is written from here on.
    deadline: Instant,
    /// The candidate of the last attempt, and why another follows it.
    last: Option<(usize, Reason)>,
    /// How many answers reached their length.
    lengths: u32,
    /// Whether it is the brief's own limit that bounds the answer that is being written.
    brief_limits: bool,
}

impl<'a> Writer<'a> {
    fn new(flight: &'a Flight, route: Route) -> Self {
        let job = &*flight.origin;
        let limits = &job.config.generation;
        let deadline = Instant::now() + limits.deadline;
        let limits = Limits {
            retries: limits.retries,
            quick: (limits.retry_quick_min, limits.retry_quick_max),
            backoff: (limits.backoff_min, limits.backoff_max),
            deadline,
        };
        Self {
            flight,
            job,
            schedule: Schedule::new(route.chosen.candidates.len(), limits),
            deadline,
            told: route.chosen.first,
            asked_as_told: false,
            nobody: route.nobody(),
            candidates: route.chosen.candidates,
            prepared: Some(Box::new(route.prepared)),
            last: None,
            lengths: 0,
            brief_limits: false,
        }
    }

    async fn write(mut self, colouring: &mut Colouring) -> Outcome {
        loop {
            let (candidate, at) = match self.next() {
                Ok(next) => next,
                Err(problem) => return Outcome::Failed(problem),
            };
            let model = self.candidates[candidate].clone();
            self.announce(candidate, &model, at);
            // A timer takes up to a millisecond even where there is nothing to wait for.
            if at > Instant::now() {
                sleep_until(at).await;
            }
            // In line and between retries much can have happened: who has come to be left alone is
            // called only where there is nobody else.
            let Ok(_place) = timeout_at(self.deadline, self.place(&model)).await else {
                return Outcome::Failed(self.out_of_time());
            };
            let Some(mut permit) = self.permit(candidate) else { continue };
            self.schedule.called(candidate);
            self.asked_as_told = true;
            let asked = match self.ask(&model) {
                Ok(asked) => asked,
                Err(problem) => {
                    self.last = Some((candidate, Reason::Failed(problems::unfit(problem))));
                    self.schedule.failed(Failure::Lasting);
                    continue;
                }
            };
            let attempt =
                Attempt::new(self.flight, &model, self.deadline, &mut permit, colouring, &asked);
            let Asked { request, provider, .. } = asked;
            let ended = attempt.run(provider.stream(request)).await;
            if let Some(outcome) = self.judge(candidate, &model, permit, ended) {
                return outcome;
            }
        }
    }

    /// Who is asked next, and when.
    fn next(&self) -> Result<(usize, Instant), Problem> {
        // A model whose answer reached its length goes on itself.
        if let Some((candidate, Reason::Length)) = self.last {
            return Ok((candidate, Instant::now()));
        }
        match self.schedule.next(|index| self.is_to_be_left_alone(index)) {
            Next::Try { candidate, at } => Ok((candidate, at)),
            Next::Exhausted => Err(self.last_problem().unwrap_or_else(|| self.nobody.clone())),
            Next::OutOfTime => Err(self.last_problem().unwrap_or_else(|| self.out_of_time())),
        }
    }

    /// Whether a candidate is passed over as long as there is another: it keeps failing, or there is
    /// no room in the line before it. So is, at first, who was passed over by the route.
    fn is_to_be_left_alone(&self, index: usize) -> bool {
        if self.last.is_none() && index < self.told {
            return true;
        }
        self.job.health.passed_over(&self.candidates[index]).is_some()
    }

    fn out_of_time(&self) -> Problem {
        problems::out_of_time(self.job.config.generation.deadline)
    }

    fn last_problem(&self) -> Option<Problem> {
        match &self.last {
            Some((_, Reason::Failed(error))) => {
                let mut problem = error.to_problem();
                if let Some(wait) = error.retry_after {
                    let seconds = wait.as_secs_f64().ceil();
                    problem.resolution =
                        format!("Try again in {seconds} s, or choose another model.");
                }
                Some(problem)
            }
            _ => None,
        }
    }

    /// Tells the readers who is asked next, where they do not know it.
    fn announce(&mut self, candidate: usize, model: &ModelConfig, at: Instant) {
        let notice = match &self.last {
            Some((before, reason)) if self.asked_as_told => {
                Some(self.another(model, *before == candidate, reason))
            }
            // Who they were told of could not be asked after all.
            _ if candidate != self.told => Some(self.instead(model)),
            _ => None,
        };
        (self.told, self.asked_as_told) = (candidate, false);
        let Some(mut notice) = notice else { return };
        let wait = at.saturating_duration_since(Instant::now());
        notice.wait_ms = (!wait.is_zero()).then(|| millis(wait));
        tracing::warn!(
            generation.id = %self.job.id,
            model = model.name,
            wait_ms = millis(wait),
            reason = notice.reason,
            "another attempt"
        );
        self.flight.push(&Event::Notice(notice));
    }

    /// Another try, of the same model or of another.
    fn another(&self, model: &ModelConfig, is_same: bool, reason: &Reason) -> Notice {
        let kind = match is_same {
            _ if self.flight.text_len() > 0 => NoticeKind::Continued,
            true => NoticeKind::Retry,
            false => NoticeKind::Failover,
        };
        let (why, code) = match reason {
            Reason::Failed(error) => {
                (error.message.trim_end_matches('.').to_owned(), error.code.as_str())
            }
            Reason::Length => (format!("{} reached the end of its answer", model.name), "length"),
        };
        let what = match kind {
            NoticeKind::Continued => "goes on from the text",
            _ => "is asked",
        };
        let mut notice = Notice::new(kind, format!("{why}. {} {what}.", model.name));
        notice.reason = Some(code.to_owned());
        notice.about(&model.name)
    }

    /// Another model than readers were told of.
    fn instead(&self, model: &ModelConfig) -> Notice {
        let kind = match self.flight.text_len() {
            0 => NoticeKind::Failover,
            _ => NoticeKind::Continued,
        };
        let before = &self.candidates[self.told];
        // It may have become well again a moment ago.
        let why = self.job.health.passed_over(before);
        let said = why.map(|why| why.of(&before.name) + ". ").unwrap_or_default();
        let mut notice = Notice::new(kind, format!("{said}{} is asked instead.", model.name));
        notice.reason = why.map(|why| why.code().to_owned());
        notice.about(&model.name)
    }

    /// What a model is asked, and who is asked.
    fn ask(&mut self, model: &ModelConfig) -> Result<Asked, Problem> {
        let job = self.job;
        let provider = job.providers.get(&model.provider).ok_or_else(|| {
            Problem::new(
                Code::Internal,
                format!("The provider {} of {} is not there.", model.provider, model.name),
                "Restart the server; if that does not help, report it.",
            )
        })?;
        let so_far = Some(self.flight.text()).filter(|text| !text.is_empty());
        let prepared = self.prepared.take().map(|prepared| *prepared);
        let Prepared { language, prompt, mut sampling, prompt_tokens } =
            prepared.unwrap_or_else(|| prepare(&job.brief, &job.language));
        let prompt_tokens = prompt_tokens + so_far.as_deref().map_or(0, TokenEstimate::of);
        if let Some(left) = self.tokens_left() {
            sampling.max_tokens = left;
        }
        let mut request = ModelRequest {
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
        };
        let room = u64::from(model.context_window).saturating_sub(prompt_tokens);
        if room < MIN_ANSWER_TOKENS.min(u64::from(request.sampling.max_tokens)) {
            return Err(Problem::new(
                Code::ContextTooSmall,
                format!(
                    "The prompt and the text so far fill the {} tokens that {} holds.",
                    model.context_window, model.name
                ),
                "Choose a model with a larger context window.",
            ));
        }
        let room = u32::try_from(room).unwrap_or(u32::MAX);
        let max_tokens = request.sampling.max_tokens;
        request.sampling.max_tokens = max_tokens.min(model.max_output).min(room);
        self.brief_limits =
            job.brief.max_tokens.is_some() && request.sampling.max_tokens == max_tokens;
        Ok(Asked { request, prompt_tokens, provider: Arc::clone(provider) })
    }

    /// How many tokens the brief's own limit leaves; `None` where it names none.
    fn tokens_left(&self) -> Option<u32> {
        let max = self.job.brief.max_tokens?;
        let used = u32::try_from(self.flight.completion_tokens()).unwrap_or(u32::MAX);
        Some(max.saturating_sub(used))
    }

    /// Waits in the line before the model's provider, where there is one.
    async fn place(&self, model: &ModelConfig) -> Option<resilience::Place> {
        let line = self.job.health.line(&model.provider)?;
        Some(line.enter(|place| self.flight.push(&in_line(place, &model.provider))).await)
    }

    /// Leave to call a candidate; `None` where its breaker has opened and another can be called.
    fn permit(&self, candidate: usize) -> Option<Permit> {
        let Some(breaker) = self.job.health.breaker(&self.candidates[candidate].name) else {
            return Some(Permit::unwatched());
        };
        breaker.permit().or_else(|| {
            let next = self.next().map(|(next, _)| next);
            (next.is_err() || next.is_ok_and(|next| next == candidate)).then(|| breaker.probe())
        })
    }

    /// Settles an attempt; `None` where another is to follow.
    fn judge(
        &mut self,
        candidate: usize,
        model: &ModelConfig,
        permit: Permit,
        ended: Ended,
    ) -> Option<Outcome> {
        let Ended { end, wrote, first_token_ms } = ended;
        let flight = self.flight;
        let nothing = flight.is_blank();
        let remember = |error: Option<Code>| {
            if let Some(recent) = self.job.health.recent(&model.provider) {
                let model = model.name.clone();
                recent.remember(resilience::Outcome { model, at: now_ms(), error, first_token_ms });
            }
        };
        let end = match end {
            End::Finished(FinishReason::Stop) if nothing => {
                End::Failed(problems::empty(&model.name))
            }
            // Where nothing new came, nothing more will, from this one.
            End::Finished(FinishReason::Length) if wrote == 0 && !self.brief_limits => {
                End::Failed(problems::exhausted(&model.name))
            }
            end => end,
        };
        match end {
            End::Finished(FinishReason::Stop) => {
                permit.succeeded();
                remember(None);
                flight.end_attempt(AttemptOutcome::Complete, None);
                Some(Outcome::Complete)
            }
            End::Finished(FinishReason::Length) => {
                permit.succeeded();
                remember(None);
                flight.end_attempt(AttemptOutcome::Length, None);
                self.length(candidate, model)
            }
            End::Finished(FinishReason::Filter(word)) => {
                permit.succeeded();
                remember(Some(Code::UpstreamRejected));
                Some(self.refused(problems::refused(&model.name, &word)))
            }
            End::TooLong => {
                let problem = problems::too_long(self.job.config.generation.max_text_bytes);
                flight.end_attempt(AttemptOutcome::Failed, Some(problem.clone()));
                Some(Outcome::Failed(problem))
            }
            End::NotCovered(problem) => {
                flight.end_attempt(AttemptOutcome::Failed, Some(problem.clone()));
                Some(Outcome::Failed(problem))
            }
            End::Failed(error) => {
                metrics::generation_error(error.class);
                remember(Some(error.code));
                if error.class == ErrorClass::Business {
                    permit.succeeded();
                    return Some(self.refused(error.to_problem()));
                }
                if error.of_request {
                    drop(permit);
                } else {
                    permit.failed();
                }
                flight.end_attempt(AttemptOutcome::Failed, Some(error.to_problem()));
                self.schedule.failed(kind_of(&error));
                self.last = Some((candidate, Reason::Failed(error)));
                let used_up = self.tokens_left() == Some(0) && flight.text_len() > 0;
                used_up.then(|| self.ends_as_asked(model))
            }
        }
    }

    fn refused(&self, problem: Problem) -> Outcome {
        let words = problem.message.clone();
        self.flight.end_attempt(AttemptOutcome::Refused, Some(problem));
        Outcome::Refused(words)
    }

    /// An answer reached its limit: of the brief, which is what was asked for; or the model's, which
    /// leaves the text to be gone on from.
    fn length(&mut self, candidate: usize, model: &ModelConfig) -> Option<Outcome> {
        if self.brief_limits || self.tokens_left() == Some(0) {
            return Some(self.ends_as_asked(model));
        }
        self.lengths += 1;
        let limit = self.job.config.generation.max_continuations;
        if self.lengths > limit {
            return Some(Outcome::Failed(Problem::new(
                Code::AnswerLimit,
                format!("The text was gone on from {limit} times and is still not whole."),
                "Continue goes on from the text; an operator can raise \
                 generation.max_continuations, or the model's max_output.",
            )));
        }
        self.schedule.answered(candidate);
        self.last = Some((candidate, Reason::Length));
        None
    }

    /// The brief's own limit is reached: the text is as complete as it was asked for.
    fn ends_as_asked(&self, model: &ModelConfig) -> Outcome {
        let max = self.job.brief.max_tokens.unwrap_or_default();
        let message = format!("The text ends at {max} tokens, as the brief asked.");
        self.flight
            .push(&Event::Notice(Notice::new(NoticeKind::MaxTokens, message).about(&model.name)));
        Outcome::Complete
    }
}

/// The event that tells a place in a line.
pub fn in_line(place: usize, before: &str) -> Event {
    let message = format!("Place {place} in line for {before}.");
    let mut notice = Notice::new(NoticeKind::Queued, message);
    notice.position = Some(place as u64);
    Event::Notice(notice)
}

fn kind_of(error: &ProviderError) -> Failure {
    match error.class {
        ErrorClass::Retryable => Failure::Passing {
            quick: error.code != Code::UpstreamRateLimited,
            retry_after: error.retry_after,
        },
        _ => Failure::Lasting,
    }
}
