//! One writing, and everyone who asked for it.
//!
//! Identical briefs in flight share one upstream stream. Whoever asked first drives it: his task
//! holds the pen, and all logs are written by it. When he leaves, the next takes the pen over where
//! it is; when the last leaves it is dropped, and with it the upstream connection.
//!
//! He who drives also pays. What he has paid when he leaves stays with him, and the next pays the
//! rest, so that the costs of all add up to what was spent, once.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::{Notify, OnceCell};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::coalescing::{CachedText, Key};
use super::colouring::Sheet;
use super::generate::Outcome;
use super::meter::Meter;
use super::postprocess::highlights;
use super::problems;
use super::{Job, Stop, StopReason};
use crate::article::brief::Format;
use crate::article::event::{Event, NOBODY_ASKED, Notice, NoticeKind, Seq, Usage};
use crate::article::generation::{Attempt, AttemptOutcome};
use crate::article::html;
use crate::article::problem::Problem;
use crate::server::clock::now_ms;
use crate::server::config::{ModelConfig, Protocol};
use crate::server::event_log::CROWD;
use crate::server::store::records::NewRevision;

/// What writes: ready when the writing has ended.
pub type Pen = BoxFuture<'static, Outcome>;

/// A writing that several may have asked for.
pub struct Flight {
    /// What the text became, for all who have it whole.
    pub revision: OnceCell<Option<NewRevision>>,
    /// Whoever asked first: his brief is everyone's.
    pub origin: Arc<Job>,
    /// When it was begun (Unix ms).
    pub begun_at: i64,
    /// Under which others find it.
    key: Option<Key>,
    state: Mutex<State>,
    /// Set when `outcome` is.
    ended: CancellationToken,
    outcome: OnceLock<Outcome>,
}

struct State {
    /// All who read it, the one who drives first. Nobody joins when it has ended.
    askers: Vec<Asker>,
    /// The pen, while nobody holds it.
    pen: Option<Pen>,
    /// All attempts, with what they really cost.
    attempts: Vec<Attempt>,
    /// What the running attempt has used so far.
    meter: Option<Meter>,
    /// What those who left have paid, in millionths.
    carried: i64,
    /// When the first token of all came.
    first_token: Option<(Instant, u64)>,
    is_over: bool,
}

struct Asker {
    job: Arc<Job>,
    /// The last event of his log before the writing.
    since: Seq,
    /// Called when the pen is his.
    turn: Arc<Notify>,
}

impl Flight {
    /// A writing that one job asks for; `key` is how others find it.
    pub fn new(job: &Arc<Job>, key: Option<Key>) -> Self {
        let since = job.log.last_seq();
        let first = Asker { job: Arc::clone(job), since, turn: Arc::default() };
        let state = State {
            askers: vec![first],
            pen: None,
            attempts: Vec::new(),
            meter: None,
            carried: 0,
            first_token: None,
            is_over: false,
        };
        Self {
            revision: OnceCell::new(),
            origin: Arc::clone(job),
            begun_at: now_ms(),
            key,
            state: Mutex::new(state),
            ended: CancellationToken::new(),
            outcome: OnceLock::new(),
        }
    }

    /// Lets another read along, from the beginning on; `false` where it has ended or been left.
    pub fn join(&self, job: &Arc<Job>) -> bool {
        let mut state = self.lock();
        let Some(first) = state.askers.first().filter(|_| !state.is_over) else { return false };
        let message = "Somebody else asked for the same a moment ago; both read one stream.";
        let mut notice = Notice::new(NoticeKind::Shared, message);
        // His own route may have led elsewhere.
        notice.model.clone_from(&first.job.progress().model);
        job.log.push(&Event::Notice(notice));
        // Behind the notice, which is his own.
        let since = job.log.last_seq();
        job.log.copy(&first.job.log, first.since, |name| name != "usage");
        state.askers.push(Asker { job: Arc::clone(job), since, turn: Arc::default() });
        let many = state.askers.len();
        if many > CROWD {
            // Those before were told when it became one.
            let untold = if many == CROWD + 1 { 0 } else { many - 1 };
            state.askers[untold..].iter().for_each(|asker| asker.job.log.join_crowd());
        }
        state.settle_meter();
        state.tell(many - 1);
        true
    }

    /// Writes, or reads along while another writes, until it has ended or the job is stopped.
    pub async fn follow(self: &Arc<Self>, job: &Job, pen: Option<Pen>) -> Outcome {
        let mut driving = pen.map(|pen| Driving { flight: self, pen: Some(pen) });
        let turn = self.turn_of(job);
        loop {
            tokio::select! {
                biased;
                () = job.stop.wait() => return self.leave(job, driving),
                outcome = drive(&mut driving) => {
                    self.end(outcome.clone());
                    return outcome;
                }
                () = self.ended.cancelled() => {
                    return self.outcome.get().cloned().unwrap_or_else(broken);
                }
                () = turn.notified() => {
                    let pen = self.lock().pen.take();
                    driving = pen.map(|pen| Driving { flight: self, pen: Some(pen) });
                }
            }
        }
    }

    /// Whether several have asked for it.
    pub fn is_shared(&self) -> bool {
        self.lock().askers.len() > 1
    }

    fn turn_of(&self, job: &Job) -> Arc<Notify> {
        let state = self.lock();
        let asker = state.askers.iter().find(|asker| asker.job.id == job.id);
        asker.map(|asker| Arc::clone(&asker.turn)).unwrap_or_default()
    }

    /// Takes a job out that was stopped. The last one closes the upstream connection.
    fn leave(&self, job: &Job, driving: Option<Driving<'_>>) -> Outcome {
        // It has been stopped, or this would not be called.
        let stop = job.stop.stopped();
        let stop = stop.unwrap_or(Stop { reason: StopReason::Cancelled, at: Instant::now() });
        let pen = driving.and_then(|mut driving| driving.pen.take());
        let mut state = self.lock();
        state.settle_meter();
        let paid = state.first_to_pay();
        let is_asking = state.attempts.last().is_some_and(|last| last.outcome.is_none());
        let Some(at) = state.askers.iter().position(|asker| asker.job.id == job.id) else {
            return Outcome::Stopped { stop, upstream_closed_ms: None };
        };
        state.tell(at);
        let left = state.askers.remove(at);
        if at == 0 {
            state.carried += paid;
        }
        let dropped = match state.askers.first() {
            Some(next) => {
                // Also where the pen was on its way to the one who leaves.
                if at == 0 {
                    next.turn.notify_one();
                }
                if pen.is_some() {
                    state.pen = pen;
                }
                state.tell(0);
                None
            }
            None => {
                state.is_over = true;
                pen.or(state.pen.take())
            }
        };
        let is_over = state.is_over;
        drop(state);
        drop(dropped);
        if is_over {
            self.unlist();
        }
        let upstream_closed_ms = is_over.then(|| match is_asking {
            true => stop.at.elapsed().as_secs_f64() * 1000.0,
            false => NOBODY_ASKED,
        });
        let outcome = match stop.reason {
            StopReason::Cancelled => AttemptOutcome::Cancelled,
            StopReason::Interrupted => AttemptOutcome::Interrupted,
        };
        let mut progress = left.job.progress();
        if let Some(attempt) = progress.attempts.last_mut().filter(|last| last.outcome.is_none()) {
            attempt.outcome = Some(outcome);
            attempt.ended_at = Some(now_ms());
        }
        drop(progress);
        left.job.log.push(&self.lock().usage_event(&left.job));
        Outcome::Stopped { stop, upstream_closed_ms }
    }

    fn end(&self, outcome: Outcome) {
        if let (Some(key), Outcome::Complete) = (self.key, &outcome)
            && let Some(text) = self.worth_keeping()
        {
            self.origin.coalescing.keep(key, text);
        }
        self.lock().is_over = true;
        // What was set already is how it ended.
        let _ = self.outcome.set(outcome);
        self.unlist();
        self.ended.cancel();
    }

    /// What others may be given of it later: a text that is there to be read, that no limit of the
    /// brief cut short, and of which none is the demo's, which may have stood in for a while.
    fn worth_keeping(&self) -> Option<CachedText> {
        let state = self.lock();
        let last = state.attempts.last()?;
        let config = &self.origin.config;
        let is_demo = |attempt: &Attempt| {
            let model = config.models.get(&attempt.model);
            let provider = model.and_then(|model| config.providers.get(&model.provider));
            provider.is_some_and(|provider| provider.protocol == Protocol::Demo)
        };
        let wrote = |attempt: &&Attempt| attempt.first_token_ms.is_some();
        let cut = last.outcome != Some(AttemptOutcome::Complete);
        if cut || state.attempts.iter().filter(wrote).any(is_demo) {
            return None;
        }
        let first = &state.askers.first()?.job;
        let text = first.log.text();
        let blank = match first.brief.format {
            Format::Markdown => text.trim().is_empty(),
            Format::Html => html::parse(&text).blocks.is_empty(),
        };
        (!blank).then(|| CachedText {
            model: last.model.clone(),
            currency: last.usage.currency.clone(),
            highlights: highlights(first),
            begun_at: self.begun_at,
            text,
        })
    }

    fn unlist(&self) {
        if let Some(key) = self.key {
            self.origin.coalescing.unlist(key, self);
        }
    }

    /// Writes an event that is no text to all logs.
    pub fn push(&self, event: &Event) {
        for asker in &self.lock().askers {
            asker.job.log.push(event);
        }
    }

    /// The text so far.
    pub fn text(&self) -> String {
        self.text_from(0)
    }

    /// The text so far from a byte offset on.
    pub fn text_from(&self, offset: usize) -> String {
        let state = self.lock();
        state.askers.first().map(|first| first.job.log.text_from(offset)).unwrap_or_default()
    }

    /// Whether there is nothing to be seen of a text yet.
    pub fn is_blank(&self) -> bool {
        self.text_len() == 0 || self.text().trim().is_empty()
    }

    /// The length of the text so far, in bytes.
    pub fn text_len(&self) -> usize {
        self.lock().askers.first().map_or(0, |first| first.job.log.text_len())
    }

    /// Counts what came of an answer, and writes what of it is new text.
    pub fn write(&self, came: &str, text: &str) {
        let mut state = self.lock();
        if let Some(meter) = &mut state.meter {
            meter.count(came);
        }
        if !text.is_empty() {
            for asker in &state.askers {
                asker.job.log.push_delta(text);
            }
        }
    }

    /// An attempt begins.
    pub fn begin_attempt(&self, model: &ModelConfig, prompt: u64) {
        let mut state = self.lock();
        let from = state.askers.first().map_or(0, |first| first.job.log.text_len() as u64);
        state.attempts.push(Attempt {
            model: model.name.clone(),
            outcome: None,
            error: None,
            usage: Usage::default(),
            from,
            started_at: now_ms(),
            ended_at: None,
            first_token_ms: None,
        });
        state.meter = Some(Meter::new(model, prompt));
        state.tell_all();
    }

    /// Notes when the running attempt's first token came, so many milliseconds after its request; the
    /// figures tell it. To be noted with the text, so that no one stops in between.
    pub fn first_token(&self, at: Instant, after_ms: u64) {
        let mut state = self.lock();
        state.first_token.get_or_insert((at, after_ms));
        if let Some(attempt) = state.attempts.last_mut() {
            attempt.first_token_ms = Some(after_ms);
        }
    }

    /// Changes what is known of the running attempt's use.
    pub fn meter(&self, change: impl FnOnce(&mut Meter)) {
        if let Some(meter) = &mut self.lock().meter {
            change(meter);
        }
    }

    /// The running attempt has ended.
    pub fn end_attempt(&self, outcome: AttemptOutcome, error: Option<Problem>) {
        let mut state = self.lock();
        state.settle_meter();
        state.meter = None;
        if let Some(attempt) = state.attempts.last_mut() {
            attempt.outcome = Some(outcome);
            attempt.error = error;
            attempt.ended_at = Some(now_ms());
        }
        drop(state);
        self.show_usage();
    }

    /// Writes the figures to all logs.
    pub fn show_usage(&self) {
        let mut state = self.lock();
        state.tell_all();
        for asker in &state.askers {
            asker.job.log.push(&state.usage_event(&asker.job));
        }
    }

    /// Tokens of all answers so far, as counted by the provider or else by us.
    pub fn completion_tokens(&self) -> u64 {
        let mut state = self.lock();
        state.settle_meter();
        state.attempts.iter().map(|attempt| attempt.usage.completion).sum()
    }

    /// Has what it costs so far set aside by who pays.
    ///
    /// # Errors
    /// The day's budget does not reach, or its store cannot be written.
    pub async fn cover(&self) -> Result<(), Problem> {
        let (job, paid) = {
            let mut state = self.lock();
            let Some(first) = state.askers.first() else { return Ok(()) };
            let job = Arc::clone(&first.job);
            if job.reservation.get().is_none() {
                return Ok(());
            }
            state.settle_meter();
            (job, state.first_to_pay())
        };
        match job.reservation.get() {
            // Few have one: all would carry the room for it.
            Some(reservation) => Box::pin(reservation.cover(paid)).await,
            None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sheet for Flight {
    fn text_from(&self, offset: usize) -> String {
        Self::text_from(self, offset)
    }
    fn push(&self, event: &Event) {
        Self::push(self, event);
    }
}

impl State {
    /// Puts what the running attempt has used into it.
    fn settle_meter(&mut self) {
        if let (Some(meter), Some(attempt)) = (&self.meter, self.attempts.last_mut()) {
            attempt.usage = meter.usage();
        }
    }

    /// What the one who drives has to pay, in millionths.
    fn first_to_pay(&self) -> i64 {
        let spent: i64 = self.attempts.iter().filter_map(|attempt| attempt.usage.cost).sum();
        (spent - self.carried).max(0)
    }

    /// Brings what every asker shows up to date.
    fn tell_all(&mut self) {
        self.settle_meter();
        (0..self.askers.len()).for_each(|index| self.tell(index));
    }

    /// Brings what one asker shows up to date.
    fn tell(&self, index: usize) {
        let Some(asker) = self.askers.get(index) else { return };
        let mut free = if index == 0 { self.carried } else { i64::MAX };
        let waive = |attempt: &Attempt| {
            let mut shown = attempt.clone();
            if let Some(cost) = &mut shown.usage.cost {
                let waived = (*cost).min(free);
                *cost -= waived;
                free -= waived;
            }
            shown
        };
        let attempts: Vec<Attempt> = self.attempts.iter().map(waive).collect();
        let mut progress = asker.job.progress();
        progress.usage = Usage::sum(attempts.iter().map(|attempt| &attempt.usage));
        if let Some(last) = attempts.last() {
            progress.model = Some(last.model.clone());
        }
        progress.attempts = attempts;
    }

    fn usage_event(&self, job: &Job) -> Event {
        Event::Usage {
            usage: job.progress().usage.clone(),
            first_token_ms: self.first_token.map(|(_, after_ms)| after_ms),
            writing_ms: self.first_token.map_or(0, |(at, _)| super::millis(at.elapsed())),
        }
    }
}

/// The pen in somebody's hand. Where his task breaks down, the others hear of it.
struct Driving<'a> {
    flight: &'a Flight,
    pen: Option<Pen>,
}

impl Drop for Driving<'_> {
    fn drop(&mut self) {
        if self.pen.take().is_some() {
            self.flight.end(broken());
        }
    }
}

/// Ready when the pen has written to the end; never without a pen.
async fn drive(driving: &mut Option<Driving<'_>>) -> Outcome {
    match driving.as_mut().and_then(|driving| driving.pen.as_mut()) {
        Some(pen) => {
            let outcome = pen.await;
            if let Some(driving) = driving {
                driving.pen = None;
            }
            outcome
        }
        None => std::future::pending().await,
    }
}

fn broken() -> Outcome {
    Outcome::Failed(problems::broken())
}

#[cfg(test)]
mod tests;
