//! A circuit breaker: a model that keeps failing is left alone for a while.
//!
//! Whether a call was good is known only after its stream began, often minutes later, so the breaker
//! gives a [`Permit`] that hears of the outcome. The numbers are API.md's.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::server::telemetry::metrics;

/// So many failures one after the other open it.
const FAILURES_IN_A_ROW: u32 = 5;
/// The share of errors is looked at from so many requests on.
const REQUESTS_MIN: u32 = 20;
/// A larger share of errors than this, in per cent, opens it.
const ERRORS_MAX_PERCENT: u32 = 5;
/// The window in which requests are counted, in buckets that go one by one.
const BUCKETS: usize = 10;
const BUCKET: Duration = Duration::from_secs(6);

/// Where a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Calls go through.
    Closed,
    /// It has been left alone for long enough: one call is let through to see.
    HalfOpen,
    /// It is left alone.
    Open,
}

/// The breaker of one model.
#[derive(Debug)]
pub struct CircuitBreaker {
    model: String,
    /// How long it stays open.
    open_for: Duration,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    phase: Phase,
    in_a_row: u32,
    window: Window,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Closed,
    Open {
        until: Instant,
    },
    /// A call is under way that decides.
    Probing,
}

impl CircuitBreaker {
    /// A closed one.
    pub fn new(model: String, open_for: Duration) -> Self {
        metrics::breaker(&model, BreakerState::Closed);
        let inner = Inner { phase: Phase::Closed, in_a_row: 0, window: Window::new() };
        Self { model, open_for, inner: Mutex::new(inner) }
    }

    /// Where it stands now.
    pub fn state(&self) -> BreakerState {
        match self.lock().phase {
            Phase::Closed => BreakerState::Closed,
            Phase::Open { until } if Instant::now() < until => BreakerState::Open,
            Phase::Open { .. } | Phase::Probing => BreakerState::HalfOpen,
        }
    }

    /// How long it stays open; `None` unless it is.
    pub fn opens_in(&self) -> Option<Duration> {
        match self.lock().phase {
            Phase::Open { until } => until.checked_duration_since(Instant::now()),
            Phase::Closed | Phase::Probing => None,
        }
    }

    /// Whether a call would be refused now.
    pub fn is_open(&self) -> bool {
        match self.lock().phase {
            Phase::Closed => false,
            Phase::Open { until } => Instant::now() < until,
            Phase::Probing => true,
        }
    }

    /// Asks to call; `None` while the model is left alone.
    pub fn permit(self: &Arc<Self>) -> Option<Permit> {
        let mut inner = self.lock();
        match inner.phase {
            Phase::Closed => Some(Permit::new(self, false)),
            Phase::Open { until } if Instant::now() >= until => {
                self.enter(&mut inner, Phase::Probing);
                Some(Permit::new(self, true))
            }
            Phase::Open { .. } | Phase::Probing => None,
        }
    }

    /// Calls although it is open: where nothing else is left, trying beats failing at once.
    pub fn probe(self: &Arc<Self>) -> Permit {
        let probe = !matches!(self.lock().phase, Phase::Closed);
        Permit::new(self, probe)
    }

    fn enter(&self, inner: &mut Inner, phase: Phase) {
        inner.phase = phase;
        let state = match phase {
            Phase::Closed => BreakerState::Closed,
            Phase::Open { .. } => BreakerState::Open,
            Phase::Probing => BreakerState::HalfOpen,
        };
        metrics::breaker(&self.model, state);
    }

    fn open(&self, inner: &mut Inner) {
        let until = Instant::now() + self.open_for;
        self.enter(inner, Phase::Open { until });
        tracing::warn!(
            model = self.model,
            error_type = "circuit_breaker",
            resolution = "the model is left alone and tried again by itself; see the errors before",
            open_s = self.open_for.as_secs(),
            "a model keeps failing; its circuit breaker is open"
        );
    }

    fn close(&self, inner: &mut Inner) {
        (inner.in_a_row, inner.window) = (0, Window::new());
        self.enter(inner, Phase::Closed);
        tracing::info!(model = self.model, "a model works again; its circuit breaker is closed");
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leave to call a model once. Dropped without a word, as by a Stop, it says nothing of the model.
#[derive(Debug)]
pub struct Permit {
    /// `None` where nobody watches.
    breaker: Option<Arc<CircuitBreaker>>,
    probe: bool,
    judged: bool,
}

impl Permit {
    fn new(breaker: &Arc<CircuitBreaker>, probe: bool) -> Self {
        Self { breaker: Some(Arc::clone(breaker)), probe, judged: false }
    }

    /// Leave to call what has no breaker.
    pub fn unwatched() -> Self {
        Self { breaker: None, probe: false, judged: false }
    }

    /// The model's first token came: a probe has seen enough.
    pub fn began(&mut self) {
        let probe = std::mem::take(&mut self.probe);
        if let Some(breaker) = self.breaker.as_ref().filter(|_| probe) {
            let mut inner = breaker.lock();
            if !matches!(inner.phase, Phase::Closed) {
                breaker.close(&mut inner);
            }
        }
    }

    /// The model's answer came to a good end.
    pub fn succeeded(mut self) {
        self.began();
        self.judged = true;
        let Some(breaker) = &self.breaker else { return };
        let mut inner = breaker.lock();
        inner.in_a_row = 0;
        inner.window.count(false);
    }

    /// The model failed.
    pub fn failed(mut self) {
        self.judged = true;
        let Some(breaker) = &self.breaker else { return };
        let mut inner = breaker.lock();
        inner.in_a_row += 1;
        inner.window.count(true);
        let (requests, errors) = inner.window.sums();
        let too_many = requests >= REQUESTS_MIN && errors * 100 > requests * ERRORS_MAX_PERCENT;
        let trips = matches!(inner.phase, Phase::Closed)
            && (too_many || inner.in_a_row >= FAILURES_IN_A_ROW);
        // One that was called although it is open changes nothing by failing.
        let was_probe = self.probe && matches!(inner.phase, Phase::Probing);
        if was_probe || trips {
            breaker.open(&mut inner);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(breaker) = self.breaker.as_ref().filter(|_| self.probe && !self.judged) {
            let mut inner = breaker.lock();
            if matches!(inner.phase, Phase::Probing) {
                // The next one may look at once.
                let until = Instant::now();
                breaker.enter(&mut inner, Phase::Open { until });
            }
        }
    }
}

/// Requests and errors of the last minute.
#[derive(Debug)]
struct Window {
    buckets: [(u32, u32); BUCKETS],
    /// The bucket that counts, and when it began.
    at: usize,
    began: Instant,
}

impl Window {
    fn new() -> Self {
        Self { buckets: [(0, 0); BUCKETS], at: 0, began: Instant::now() }
    }

    fn count(&mut self, is_error: bool) {
        self.turn();
        let (requests, errors) = &mut self.buckets[self.at];
        *requests += 1;
        *errors += u32::from(is_error);
    }

    fn sums(&self) -> (u32, u32) {
        self.buckets
            .iter()
            .fold((0, 0), |(n, bad), (requests, errors)| (n + requests, bad + errors))
    }

    fn turn(&mut self) {
        let passed = self.began.elapsed().as_nanos() / BUCKET.as_nanos();
        let passed = u32::try_from(passed).unwrap_or(u32::MAX);
        for _ in 0..passed.min(BUCKETS as u32) {
            self.at = (self.at + 1) % BUCKETS;
            self.buckets[self.at] = (0, 0);
        }
        self.began += BUCKET * passed;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const OPEN: Duration = Duration::from_secs(60);

    fn breaker() -> Arc<CircuitBreaker> {
        Arc::new(CircuitBreaker::new("m".to_owned(), OPEN))
    }

    fn fail(breaker: &Arc<CircuitBreaker>, times: usize) {
        (0..times).for_each(|_| breaker.permit().unwrap().failed());
    }

    fn succeed(breaker: &Arc<CircuitBreaker>, times: usize) {
        (0..times).for_each(|_| breaker.permit().unwrap().succeeded());
    }

    #[tokio::test(start_paused = true)]
    async fn five_failures_in_a_row_open_it_and_a_success_between_them_does_not() {
        let breaker = breaker();
        fail(&breaker, 4);
        succeed(&breaker, 1);
        fail(&breaker, 4);
        assert_eq!(breaker.state(), BreakerState::Closed);
        fail(&breaker, 1);
        assert_eq!(breaker.state(), BreakerState::Open);
        assert!(breaker.permit().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn more_than_five_per_cent_of_at_least_twenty_open_it() {
        let few = breaker();
        succeed(&few, 17);
        fail(&few, 2);
        assert_eq!(few.state(), BreakerState::Closed, "19 requests are too few");
        let exact = breaker();
        succeed(&exact, 38);
        fail(&exact, 2);
        assert_eq!(exact.state(), BreakerState::Closed, "exactly five per cent");
        fail(&exact, 1);
        assert_eq!(exact.state(), BreakerState::Open);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_older_than_a_minute_no_longer_counts() {
        let breaker = breaker();
        succeed(&breaker, 16);
        fail(&breaker, 1);
        succeed(&breaker, 1);
        fail(&breaker, 1);
        advance(Duration::from_secs(61)).await;
        succeed(&breaker, 1);
        fail(&breaker, 1);
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn after_its_time_one_call_decides() {
        let breaker = breaker();
        fail(&breaker, 5);
        advance(OPEN).await;
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
        let probe = breaker.permit().unwrap();
        assert!(breaker.permit().is_none(), "one is enough");
        probe.failed();
        assert_eq!(breaker.state(), BreakerState::Open);
        advance(OPEN).await;
        let mut probe = breaker.permit().unwrap();
        probe.began();
        assert_eq!(breaker.state(), BreakerState::Closed, "the first token is enough");
        fail(&breaker, 4);
        assert_eq!(breaker.state(), BreakerState::Closed, "it counts from nothing");
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_stopped_leaves_its_place_to_the_next() {
        let breaker = breaker();
        fail(&breaker, 5);
        advance(OPEN).await;
        drop(breaker.permit().unwrap());
        breaker.permit().unwrap().succeeded();
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn where_nothing_else_is_left_an_open_one_is_probed() {
        let breaker = breaker();
        fail(&breaker, 5);
        breaker.probe().succeeded();
        assert_eq!(breaker.state(), BreakerState::Closed);
    }

    #[tokio::test(start_paused = true)]
    async fn what_fails_although_it_was_open_does_not_keep_it_open_for_longer() {
        let breaker = breaker();
        fail(&breaker, 5);
        advance(OPEN / 2).await;
        breaker.probe().failed();
        advance(OPEN / 2).await;
        assert_eq!(breaker.state(), BreakerState::HalfOpen);
    }

    #[tokio::test(start_paused = true)]
    async fn a_success_from_before_it_opened_does_not_close_it() {
        let breaker = breaker();
        let early = breaker.permit().unwrap();
        fail(&breaker, 5);
        early.succeeded();
        assert_eq!(breaker.state(), BreakerState::Open);
    }
}
