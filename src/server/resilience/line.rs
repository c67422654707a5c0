//! A line before something that only so many may use at once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::sleep;

/// How often someone who waits hears of his place.
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// A line: first come, first served.
#[derive(Debug)]
pub struct Line {
    places: Arc<Semaphore>,
    at_once: usize,
    max_waiting: usize,
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// The numbers of those who wait, in order.
    numbers: VecDeque<u64>,
    next: u64,
}

/// A place that was waited for; dropping it gives it to the next.
#[derive(Debug)]
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Line {
    /// `at_once` may be in, `max_waiting` may wait.
    pub fn new(at_once: usize, max_waiting: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(at_once)),
            at_once,
            max_waiting,
            waiting: Mutex::default(),
        }
    }

    /// Whether one more would neither get in nor find room to wait.
    pub fn is_full(&self) -> bool {
        self.places.available_permits() == 0 && self.waiting() >= self.max_waiting
    }

    /// How many may be in at once.
    pub fn at_once(&self) -> usize {
        self.at_once
    }

    /// How many are in.
    pub fn taken(&self) -> usize {
        self.at_once.saturating_sub(self.places.available_permits())
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.lock().numbers.len()
    }

    /// Waits for a place. `told` hears of the place in line, from 1, where there is one, and again
    /// when it has changed. Leaving the future leaves the line.
    pub async fn enter(&self, mut told: impl FnMut(usize)) -> Place {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Place { _permit: place };
        }
        let turn = Turn::take(self);
        let mut last = 0;
        let acquired = Arc::clone(&self.places).acquire_owned();
        tokio::pin!(acquired);
        loop {
            let place = turn.place();
            if place != last {
                told(place);
                last = place;
            }
            tokio::select! {
                biased;
                acquired = &mut acquired => match acquired {
                    Ok(place) => return Place { _permit: place },
                    // Nobody closes it.
                    Err(_) => std::future::pending::<()>().await,
                },
                () = sleep(TOLD_EVERY) => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A number in the line, until it is served or left.
struct Turn<'a> {
    line: &'a Line,
    number: u64,
}

impl<'a> Turn<'a> {
    fn take(line: &'a Line) -> Self {
        let mut waiting = line.lock();
        let number = waiting.next;
        waiting.next += 1;
        waiting.numbers.push_back(number);
        Self { line, number }
    }

    fn place(&self) -> usize {
        self.line.lock().numbers.partition_point(|number| *number < self.number) + 1
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut waiting = self.line.lock();
        if let Ok(at) = waiting.numbers.binary_search(&self.number) {
            waiting.numbers.remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_waits_hears_of_his_place_and_is_served_in_order() {
        let line = Arc::new(Line::new(1, 2));
        let first = line.enter(|_| panic!("there is room")).await;
        let (tell, mut told) = unbounded_channel();
        let wait = |name: &'static str| {
            let (line, tell) = (Arc::clone(&line), tell.clone());
            tokio::spawn(async move {
                let place = line.enter(|at| tell.send((name, at)).unwrap()).await;
                tell.send((name, 0)).unwrap();
                place
            })
        };
        let second = wait("second");
        assert_eq!(told.recv().await.unwrap(), ("second", 1));
        let third = wait("third");
        assert_eq!(told.recv().await.unwrap(), ("third", 2));
        assert!(line.is_full());
        drop(first);
        assert_eq!(told.recv().await.unwrap(), ("second", 0));
        assert_eq!(told.recv().await.unwrap(), ("third", 1));
        drop(second.await.unwrap());
        assert_eq!(told.recv().await.unwrap(), ("third", 0));
        drop(third.await.unwrap());
        assert_eq!((line.taken(), line.waiting()), (0, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn who_leaves_makes_the_line_shorter() {
        let line = Arc::new(Line::new(1, 5));
        let first = line.enter(|_| {}).await;
        {
            let waiting = line.enter(|_| {});
            tokio::pin!(waiting);
            tokio::select! {
                biased;
                _ = &mut waiting => panic!("there is no room"),
                () = std::future::ready(()) => {}
            }
            assert_eq!(line.waiting(), 1);
        }
        assert_eq!(line.waiting(), 0);
        drop(first);
        assert_eq!(line.taken(), 0);
    }
}
