//! One try at one model: asks it, and writes its answer while it comes.

use std::time::Duration;

use futures_util::StreamExt;
use tokio::time::{Instant, sleep_until};

use super::colouring::Colouring;
use super::flight::Flight;
use super::generate::Asked;
use super::millis;
use super::problems::failure;
use super::seam::Seam;
use crate::article::event::Event;
use crate::article::problem::{Code, Problem};
use crate::server::config::ModelConfig;
use crate::server::providers::{FinishReason, ModelEvent, ModelStream, ProviderError, TokenCounts};
use crate::server::resilience::Permit;
use crate::server::telemetry::metrics;
use crate::server::turns::let_others_run;

/// How often the figures are written to the log while text comes: at first, and after a while.
const USAGE_EVERY: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(2));

/// No request has more tokens than this: ten times the largest context window there is.
const COUNT_MAX: u64 = 100_000_000;

/// How an attempt ended.
#[derive(Debug)]
pub enum End {
    /// The model finished its answer.
    Finished(FinishReason),
    /// It failed.
    Failed(ProviderError),
    /// The text is longer than is kept.
    TooLong,
    /// What it may cost is used up, or could not be asked for.
    NotCovered(Problem),
}

/// What became of an attempt.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub end: End,
    /// Bytes of new text that it brought.
    pub wrote: usize,
    /// Milliseconds from the request to the first token; `None` where none came.
    pub first_token_ms: Option<u64>,
}

/// An attempt that is being written.
pub struct Attempt<'a> {
    flight: &'a Flight,
    model: &'a ModelConfig,
    /// When all attempts together have taken too long.
    deadline: Instant,
    permit: &'a mut Permit,
    /// Joins the answer to the text before it, where there is one.
    seam: Option<Seam>,
    colouring: &'a mut Colouring,
    /// The length of the text before it, in bytes.
    before: usize,
    started: Instant,
    /// Whether the provider took the request on.
    answered: bool,
    first_token: Option<Instant>,
    /// Whether it was said that the first token came.
    told: bool,
    last_bytes: Instant,
    /// When the figures were last written.
    usage_shown: Option<Instant>,
    reasoning_bytes: usize,
}

impl<'a> Attempt<'a> {
    /// Of a model, behind the text so far.
    pub fn new(
        flight: &'a Flight,
        model: &'a ModelConfig,
        deadline: Instant,
        permit: &'a mut Permit,
        colouring: &'a mut Colouring,
        asked: &Asked,
    ) -> Self {
        flight.begin_attempt(model, asked.prompt_tokens);
        let now = Instant::now();
        Self {
            flight,
            model,
            deadline,
            permit,
            seam: asked.request.so_far.as_deref().map(Seam::after),
            colouring,
            before: flight.text_len(),
            started: now,
            answered: false,
            first_token: None,
            told: false,
            last_bytes: now,
            usage_shown: None,
            reasoning_bytes: 0,
        }
    }

    /// Writes the answer until it ends, however it does. Leaving this closes the upstream connection.
    pub async fn run(mut self, mut stream: ModelStream) -> Ended {
        let end = self.read(&mut stream).await;
        drop(stream);
        // Where the very first piece was too much, it has not been said yet.
        self.tell_first_token();
        let rest = self.seam.as_mut().map(Seam::finish).unwrap_or_default();
        let fits = self.write("", &rest);
        let end = if fits { end } else { End::TooLong };
        // Who refuses a request, or is never reached, charges nothing for it.
        if let End::Failed(error) = &end
            && !self.answered
            && error.code != Code::UpstreamTimeout
        {
            self.flight.meter(|meter| meter.prompt = 0);
        }
        Ended {
            end,
            wrote: self.flight.text_len().saturating_sub(self.before),
            first_token_ms: self.first_token.map(|first| millis(first - self.started)),
        }
    }

    /// Reads the stream to its end, or until a limit ends it.
    async fn read(&mut self, stream: &mut ModelStream) -> End {
        let mut finish = None;
        let watchdog = sleep_until(self.limit());
        tokio::pin!(watchdog);
        loop {
            let event = tokio::select! {
                biased;
                event = stream.next() => event,
                () = &mut watchdog => {
                    if Instant::now() >= self.limit() {
                        return End::Failed(self.timed_out());
                    }
                    watchdog.as_mut().reset(self.limit());
                    continue;
                }
                () = self.colouring.advance(self.flight) => continue,
            };
            self.last_bytes = Instant::now();
            self.answered |= matches!(event, Some(Ok(_)));
            let carries = matches!(event, Some(Ok(ModelEvent::Text(_) | ModelEvent::Reasoning(_))));
            if carries && self.first_token.is_none() {
                self.first_token = Some(self.last_bytes);
                self.flight.first_token(self.last_bytes, millis(self.last_bytes - self.started));
                // From here on less patience may be left than there was for the first token.
                watchdog.as_mut().reset(self.limit());
            }
            match event {
                Some(Ok(ModelEvent::Alive)) => {}
                Some(Ok(ModelEvent::Text(text))) => {
                    let joined = self.seam.as_mut().map(|seam| seam.push(&text));
                    if !self.write(&text, joined.as_deref().unwrap_or(&text)) {
                        return End::TooLong;
                    }
                    if let Err(problem) = self.account().await {
                        return End::NotCovered(problem);
                    }
                }
                Some(Ok(ModelEvent::Reasoning(text))) => {
                    self.flight.write(&text, "");
                    self.reasoning_bytes += text.len();
                    if self.reasoning_bytes > self.max_bytes() {
                        return End::TooLong;
                    }
                    self.flight.push(&Event::Reasoning { text });
                    if let Err(problem) = self.account().await {
                        return End::NotCovered(problem);
                    }
                }
                Some(Ok(ModelEvent::Usage(counts))) => self.count(counts),
                Some(Ok(ModelEvent::Finish(reason))) => finish = Some(reason),
                Some(Err(error)) => return End::Failed(error),
                None => {
                    return match finish {
                        Some(reason) => End::Finished(reason),
                        None => End::Failed(self.truncated()),
                    };
                }
            }
        }
    }

    /// Takes over what the provider counted, where it can be meant.
    fn count(&self, counts: TokenCounts) {
        if counts.prompt.max(counts.completion) > COUNT_MAX {
            tracing::warn!(
                model = self.model.name,
                ?counts,
                "a count that cannot be is passed over"
            );
            return;
        }
        self.flight.meter(|meter| meter.reported = Some(counts));
    }

    /// Says that the first token came, writes the figures behind it and then now and then, and has
    /// what it costs set aside. Behind, not before: a token waits for none of it, nor would a reader
    /// that wakes for the figures see the token before it has gathered for a while.
    async fn account(&mut self) -> Result<(), Problem> {
        if !self.told {
            // The first is on its way to its readers before anything is made of it.
            let_others_run().await;
        }
        self.tell_first_token();
        if self.usage_is_due() {
            self.usage_shown = Some(self.last_bytes);
            self.flight.show_usage();
        }
        self.flight.cover().await
    }

    fn usage_is_due(&self) -> bool {
        let (Some(first), Some(shown)) = (self.first_token, self.usage_shown) else { return true };
        self.last_bytes - shown >= usage_pause(shown - first)
    }

    /// Says that the first token came, once.
    fn tell_first_token(&mut self) {
        let Some(first) = self.first_token.filter(|_| !self.told) else { return };
        self.told = true;
        metrics::first_token((first - self.started).as_secs_f64());
        self.permit.began();
    }

    /// Counts what came, and writes what of it is new; `false` when that made the text too long.
    fn write(&mut self, came: &str, text: &str) -> bool {
        let room = self.max_bytes().saturating_sub(self.flight.text_len());
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
        self.flight.write(came, text);
        if !text.is_empty() {
            self.colouring.see(text, self.flight);
        }
        fits
    }

    fn max_bytes(&self) -> usize {
        self.flight.origin.config.generation.max_text_bytes
    }

    /// The instant at which patience ends.
    fn limit(&self) -> Instant {
        let limits = &self.flight.origin.config.generation;
        let total = self.started + limits.total_timeout;
        let silence = match self.first_token {
            None => self.started + limits.first_token_timeout,
            Some(_) => self.last_bytes + limits.idle_timeout,
        };
        total.min(silence).min(self.deadline)
    }

    fn timed_out(&self) -> ProviderError {
        let limits = &self.flight.origin.config.generation;
        let model = &self.model.name;
        let (message, setting) = if Instant::now() >= self.deadline {
            let seconds = limits.deadline.as_secs();
            (format!("The text was not finished within {seconds} s."), "deadline_s")
        } else if self.started.elapsed() >= limits.total_timeout {
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
        failure(
            Code::UpstreamTimeout,
            message,
            &format!("Continue goes on from the text; an operator can raise generation.{setting}."),
        )
    }

    fn truncated(&self) -> ProviderError {
        failure(
            Code::UpstreamTruncated,
            format!("The stream of {} ended before the answer was complete.", self.model.name),
            "Continue goes on from the text.",
        )
    }
}

/// How long the figures stand that were shown so long behind the first token: as long again, so that
/// they are never much older than half of what they tell of.
fn usage_pause(shown_after: Duration) -> Duration {
    let (least, most) = USAGE_EVERY;
    shown_after.clamp(least, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_come_often_at_first_and_then_now_and_then() {
        let pauses = std::iter::successors(Some(Duration::ZERO), |at| Some(*at + usage_pause(*at)));
        let shown: Vec<_> = pauses.take(8).map(|at| at.as_millis()).collect();
        assert_eq!(shown, [0, 250, 500, 1000, 2000, 4000, 6000, 8000]);
    }
}
