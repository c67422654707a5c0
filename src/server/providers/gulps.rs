//! Reads a fast answer in gulps.
//!
//! A model server that writes faster than anyone reads sends every token in a packet of its own,
//! and a client that reads each as it comes pays a system call and a wake-up for every token. So
//! what comes is read at once if the last gulp is some time ago; otherwise the socket is left alone
//! until then, and everything that has gathered in it is taken in one go. A model at the usual
//! pace is never delayed.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Response;
use tokio::time::{Instant, sleep_until};

use crate::server::turns::let_others_run;

/// The shortest time between two gulps. The readers of a log gather for as long (`event_log`), so
/// that the two waits fall together.
const GATHER: Duration = Duration::from_millis(5);

/// How often the connection's task gets its turn before the socket counts as empty: it hands over
/// one chunk at a time.
const TURNS: usize = 3;

/// When the last gulp was taken.
#[derive(Debug)]
pub(super) struct Gulps {
    last: Instant,
    /// Whether gulps follow each other so closely that it is worth waiting.
    fast: bool,
}

impl Gulps {
    pub(super) fn new() -> Self {
        Self { last: Instant::now(), fast: false }
    }

    /// The first chunk of the next gulp.
    pub(super) async fn next(&mut self, answer: &mut Response) -> reqwest::Result<Option<Bytes>> {
        if self.fast {
            sleep_until(self.last + GATHER).await;
        }
        let mut waited = false;
        let mut chunk = pin!(answer.chunk());
        let chunk = poll_fn(|context| {
            let polled = chunk.as_mut().poll(context);
            waited |= polled.is_pending();
            polled
        })
        .await;
        let now = Instant::now();
        // A wait after the pause says that the model has slowed down.
        self.fast = if self.fast { !waited } else { now < self.last + GATHER };
        self.last = now;
        chunk
    }

    /// Another chunk of the same gulp, if there is one: a model at the usual pace has none.
    pub(super) async fn more(
        &mut self,
        answer: &mut Response,
    ) -> Option<reqwest::Result<Option<Bytes>>> {
        if !self.fast {
            return None;
        }
        let mut chunk = pin!(answer.chunk());
        for _ in 0..TURNS {
            if let Some(chunk) = at_once(chunk.as_mut()).await {
                return Some(chunk);
            }
            let_others_run().await;
        }
        None
    }
}

/// What the future gives if it is ready now.
async fn at_once<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}
