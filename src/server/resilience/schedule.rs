//! Who is tried next, and when: quick first, patient later.
//!
//! The order is API.md's. Every candidate has its turn, with one quick retry where that can help.
//! When all have failed they are tried again in order, each after a backoff or what it asked for
//! itself, until each has used its retries or the deadline is reached.

use std::time::Duration;

use rand::RngExt;
use tokio::time::Instant;

/// A candidate that wants to be left alone for longer is tried no more.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(30);
/// How much later than its `Retry-After` a candidate is tried, at most, as a part of it: many wait
/// for the same moment.
const RETRY_AFTER_JITTER: f64 = 0.1;
/// How far a backoff lies from its middle, at most, as a part of it.
const BACKOFF_JITTER: f64 = 0.25;

/// How patient a schedule is.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Retries per candidate after its first call.
    pub retries: u32,
    /// How long a quick retry waits, at least and at most.
    pub quick: (Duration, Duration),
    /// How long a later one waits, at least and at most.
    pub backoff: (Duration, Duration),
    /// Nothing is tried from here on.
    pub deadline: Instant,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try this candidate, at this time.
    Try {
        /// Its place in the order.
        candidate: usize,
        /// When; in the past where it may be now.
        at: Instant,
    },
    /// Every candidate has used its tries, or is ruled out.
    Exhausted,
    /// The next try would be behind the deadline.
    OutOfTime,
}

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It may pass.
    Passing {
        /// Whether a quick retry can help.
        quick: bool,
        /// How long the candidate wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// It will not work at this candidate.
    Lasting,
}

#[derive(Clone, Debug)]
struct Candidate {
    calls: u32,
    ruled_out: bool,
    quick_used: bool,
    ready: Instant,
}

impl Candidate {
    fn fresh() -> Self {
        Self { calls: 0, ruled_out: false, quick_used: false, ready: Instant::now() }
    }
}

/// The tries of one generation.
#[derive(Clone, Debug)]
pub struct Schedule {
    limits: Limits,
    candidates: Vec<Candidate>,
    /// The candidate that was tried last.
    at: Option<usize>,
    /// Whether it is to have its quick retry.
    quick_due: bool,
}

impl Schedule {
    /// For so many candidates.
    pub fn new(candidates: usize, limits: Limits) -> Self {
        Self {
            limits,
            candidates: vec![Candidate::fresh(); candidates],
            at: None,
            quick_due: false,
        }
    }

    /// Who is tried next. `is_open` says whose circuit breaker is open: they are passed over as long
    /// as there is anyone else.
    pub fn next(&self, is_open: impl Fn(usize) -> bool) -> Next {
        let left = |index: &usize| {
            let candidate = &self.candidates[*index];
            !candidate.ruled_out && candidate.calls <= self.limits.retries
        };
        let healthy = |index: &usize| left(index) && !is_open(*index);
        if let Some(at) = self.at.filter(|at| self.quick_due && healthy(at)) {
            return self.attempt(at);
        }
        let all = 0..self.candidates.len();
        let unasked = |index: &usize| self.candidates[*index].calls == 0;
        if let Some(first) = all.clone().find(|index| healthy(index) && unasked(index)) {
            return self.attempt(first);
        }
        // In a circle, from behind the last.
        let begin = self.at.map_or(0, |at| at + 1);
        let mut circle: Vec<usize> = all
            .clone()
            .cycle()
            .skip(begin)
            .take(all.len())
            .filter(|index| healthy(index))
            .collect();
        if circle.is_empty() {
            circle.extend(all.clone().find(left));
        }
        // Who is to be left alone for long does not hold up those behind him.
        let soon = Instant::now() + self.limits.backoff.1;
        let ready = |index: &usize| self.candidates[*index].ready;
        let next = circle.iter().copied().find(|index| ready(index) <= soon);
        match next.or_else(|| circle.into_iter().min_by_key(ready)) {
            Some(next) => self.attempt(next),
            None => Next::Exhausted,
        }
    }

    fn attempt(&self, candidate: usize) -> Next {
        let at = self.candidates[candidate].ready;
        if at.max(Instant::now()) >= self.limits.deadline {
            return Next::OutOfTime;
        }
        Next::Try { candidate, at }
    }

    /// A candidate is called.
    pub fn called(&mut self, candidate: usize) {
        self.candidates[candidate].calls += 1;
        self.at = Some(candidate);
        self.quick_due = false;
    }

    /// Its answer was whole, as far as it could reach: its tries count anew.
    pub fn answered(&mut self, candidate: usize) {
        self.candidates[candidate] = Candidate { calls: 1, ..Candidate::fresh() };
    }

    /// The candidate that was called last failed.
    pub fn failed(&mut self, failure: Failure) {
        let Some(at) = self.at else { return };
        let now = Instant::now();
        let candidate = &mut self.candidates[at];
        match failure {
            Failure::Lasting => candidate.ruled_out = true,
            Failure::Passing { retry_after: Some(wait), .. } => {
                candidate.ruled_out = wait > RETRY_AFTER_MAX;
                candidate.ready =
                    now + wait.mul_f64(1.0 + rand::rng().random_range(0.0..RETRY_AFTER_JITTER));
            }
            Failure::Passing { quick: true, .. } if !candidate.quick_used => {
                candidate.quick_used = true;
                candidate.ready = now + between(self.limits.quick);
                self.quick_due = true;
            }
            Failure::Passing { .. } => {
                let earlier = candidate.calls.saturating_sub(1 + u32::from(candidate.quick_used));
                candidate.ready = now + backoff(self.limits.backoff, earlier);
            }
        }
    }
}

fn between((min, max): (Duration, Duration)) -> Duration {
    min + max.saturating_sub(min).mul_f64(rand::rng().random_range(0.0..=1.0))
}

/// Twice as long with every failure, and never quite the same for two.
fn backoff((min, max): (Duration, Duration), earlier: u32) -> Duration {
    let middle = min.saturating_mul(2_u32.saturating_pow(earlier.min(16)));
    let jitter = 1.0 + rand::rng().random_range(-BACKOFF_JITTER..=BACKOFF_JITTER);
    middle.min(max).mul_f64(jitter).clamp(min, max)
}

#[cfg(test)]
mod tests {
    use tokio::time::{advance, sleep_until};

    use super::*;

    const RETRYABLE: Failure = Failure::Passing { quick: true, retry_after: None };

    fn limited(seconds: u64) -> Failure {
        Failure::Passing { quick: false, retry_after: Some(Duration::from_secs(seconds)) }
    }

    fn limits() -> Limits {
        let ms = Duration::from_millis;
        Limits {
            retries: 3,
            quick: (ms(200), ms(500)),
            backoff: (ms(2000), ms(10_000)),
            deadline: Instant::now() + Duration::from_secs(3600),
        }
    }

    /// Tries until nothing is left, and gives who was tried with the milliseconds waited before.
    async fn all_of(
        mut schedule: Schedule,
        mut failure: impl FnMut(usize) -> Failure,
        is_open: impl Fn(usize) -> bool,
    ) -> (Vec<(usize, u128)>, Next) {
        let mut tried = Vec::new();
        loop {
            let began = Instant::now();
            match schedule.next(&is_open) {
                Next::Try { candidate, at } => {
                    sleep_until(at).await;
                    tried.push((candidate, began.elapsed().as_millis()));
                    schedule.called(candidate);
                    schedule.failed(failure(candidate));
                }
                end => return (tried, end),
            }
        }
    }

    fn order(tried: &[(usize, u128)]) -> Vec<usize> {
        tried.iter().map(|(candidate, _)| *candidate).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn each_has_a_quick_retry_and_then_all_are_tried_in_order_with_patience() {
        let (tried, end) = all_of(Schedule::new(2, limits()), |_| RETRYABLE, |_| false).await;
        assert_eq!(order(&tried), [0, 0, 1, 1, 0, 1, 0, 1]);
        assert_eq!(end, Next::Exhausted);
        let waited: Vec<u128> = tried.iter().map(|(_, waited)| *waited).collect();
        assert!((200..=501).contains(&waited[1]), "{waited:?}");
        assert_eq!((waited[0], waited[2]), (0, 0), "the next has its turn at once");
        assert!((1000..=2501).contains(&waited[4]), "about 2 s since its own failure: {waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_backoff_stays_within_its_bounds() {
        let two_to_ten = (Duration::from_secs(2), Duration::from_secs(10));
        for earlier in 0..40 {
            let wait = backoff(two_to_ten, earlier);
            assert!((two_to_ten.0..=two_to_ten.1).contains(&wait), "{wait:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_asks_to_be_left_alone_is_and_gets_no_quick_retry() {
        let (tried, _) = all_of(Schedule::new(1, limits()), |_| limited(20), |_| false).await;
        assert_eq!(order(&tried), [0; 4]);
        for (_, waited) in &tried[1..] {
            assert!((20_000..=22_001).contains(waited), "{tried:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn half_a_minute_is_waited_for_and_more_rules_out() {
        let (tried, end) = all_of(Schedule::new(1, limits()), |_| limited(31), |_| false).await;
        assert_eq!((order(&tried), end), (vec![0], Next::Exhausted));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_long_does_not_hold_up_the_others() {
        let failure = |candidate| if candidate == 0 { limited(25) } else { RETRYABLE };
        let (tried, _) = all_of(Schedule::new(2, limits()), failure, |_| false).await;
        assert_eq!(order(&tried)[..5], [0, 1, 1, 1, 1]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_will_not_work_is_tried_once() {
        let failure = |candidate| if candidate == 0 { Failure::Lasting } else { RETRYABLE };
        let (tried, _) = all_of(Schedule::new(2, limits()), failure, |_| false).await;
        assert_eq!(order(&tried), [0, 1, 1, 1, 1]);
    }

    #[tokio::test(start_paused = true)]
    async fn an_open_breaker_is_passed_over_until_nothing_else_is_left() {
        let (tried, _) =
            all_of(Schedule::new(2, limits()), |_| RETRYABLE, |index| index == 0).await;
        assert_eq!(order(&tried), [1, 1, 1, 1, 0, 0, 0, 0]);
        let (tried, _) = all_of(Schedule::new(2, limits()), |_| RETRYABLE, |_| true).await;
        assert_eq!(order(&tried)[0], 0, "the first is probed");
        assert_eq!(tried.len(), 8);
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_is_tried_behind_the_deadline() {
        let limits = Limits { deadline: Instant::now() + Duration::from_secs(1), ..limits() };
        let (tried, end) = all_of(Schedule::new(1, limits), |_| RETRYABLE, |_| false).await;
        assert_eq!((order(&tried), end), (vec![0, 0], Next::OutOfTime));
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_whole_answer_tries_count_anew() {
        let mut schedule = Schedule::new(1, limits());
        for _ in 0..4 {
            schedule.called(0);
            schedule.failed(RETRYABLE);
        }
        schedule.answered(0);
        advance(Duration::from_secs(1)).await;
        assert!(matches!(schedule.next(|_| false), Next::Try { candidate: 0, .. }));
    }

    #[tokio::test(start_paused = true)]
    async fn without_candidates_there_is_nothing_to_try() {
        assert_eq!(Schedule::new(0, limits()).next(|_| false), Next::Exhausted);
    }
}
