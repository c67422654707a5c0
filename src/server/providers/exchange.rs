//! One request and its answer, whatever the protocol: asks, reads in gulps, and ends in good time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use reqwest::Response;
use tokio::time::{Instant, timeout_at};

use super::events::Events;
use super::failure::Origin;
use super::gulps::Gulps;
use super::reader::{Answer, Reader};
use super::{ModelEvent, ModelRequest, ModelStream, ProviderError};

/// How long a finished answer's stream may still bring its usage.
const USAGE_PATIENCE: Duration = Duration::from_secs(2);
/// How long a stream may take to end after it said that it does. One that ends leaves its connection
/// for the next request.
const END_PATIENCE: Duration = Duration::from_millis(100);
/// How many chunks are taken at once from a model that never pauses: at one token to a chunk some
/// 25,000 tokens a second, ten times what any writes. What comes faster waits in the socket, and is
/// then read for a third of the cost.
const GULP_CHUNKS: usize = 128;
/// How much is taken at once, in bytes.
const GULP_BYTES: usize = 256 << 10;

/// What a protocol adds: how it asks, and how its answers are understood.
pub(super) trait Api: Send + Sync + 'static {
    /// What is made of an answer.
    type Answer: Answer;

    /// Who is asked.
    fn origin(&self) -> &Arc<Origin>;

    /// Sends the request, and returns the answer once its headers are there.
    fn ask(
        &self,
        request: &ModelRequest,
    ) -> impl Future<Output = Result<Response, ProviderError>> + Send;

    /// What understands the answer to this request.
    fn answer(&self, request: &ModelRequest) -> Self::Answer;
}

/// The stream of a request; `api` may be the reason why there can be none. Nothing is sent before
/// it is polled.
pub(super) fn stream<A: Api>(
    api: &Result<Arc<A>, ProviderError>,
    request: ModelRequest,
) -> ModelStream {
    let state = match api {
        Ok(api) => State::Start(Arc::clone(api), Box::new(request)),
        Err(error) => State::Failed(error.clone()),
    };
    stream::unfold(Exchange { state, events: Events::default() }, Exchange::next).boxed()
}

struct Exchange<A: Api> {
    state: State<A>,
    /// What was read and not yet given out.
    events: Events,
}

enum State<A: Api> {
    Start(Arc<A>, Box<ModelRequest>),
    Reading(Box<Reading<A::Answer>>),
    /// Still to be said.
    Failed(ProviderError),
    Ended,
}

struct Reading<A> {
    response: Response,
    gulps: Gulps,
    reader: Reader<A>,
    origin: Arc<Origin>,
    /// When a finished answer's stream is no longer waited for.
    deadline: Option<Instant>,
}

impl<A: Api> Exchange<A> {
    async fn next(mut self) -> Option<(Result<ModelEvent, ProviderError>, Self)> {
        loop {
            if let Some(event) = self.events.pop() {
                return Some((Ok(event), self));
            }
            self.state = match self.state {
                State::Start(api, request) => match api.ask(&request).await {
                    Ok(response) => {
                        self.events.push(ModelEvent::Alive);
                        let origin = Arc::clone(api.origin());
                        let answer = api.answer(&request);
                        let reader = Reader::new(Arc::clone(&origin), request.request_id, answer);
                        let gulps = Gulps::new();
                        let reading = Reading { response, gulps, reader, origin, deadline: None };
                        State::Reading(Box::new(reading))
                    }
                    Err(error) => State::Failed(error),
                },
                State::Reading(mut reading) => match reading.read(&mut self.events).await {
                    Ok(true) => State::Reading(reading),
                    Ok(false) => State::Ended,
                    Err(error) => State::Failed(error),
                },
                State::Failed(error) => {
                    self.state = State::Ended;
                    return Some((Err(error), self));
                }
                State::Ended => return None,
            };
        }
    }
}

impl<A: Answer> Reading<A> {
    /// Reads a gulp; `false` at the end.
    async fn read(&mut self, events: &mut Events) -> Result<bool, ProviderError> {
        let next = self.gulps.next(&mut self.response);
        let mut next = match self.deadline {
            None => next.await,
            Some(deadline) => match timeout_at(deadline, next).await {
                Ok(next) => next,
                Err(_) => return Ok(false),
            },
        };
        let mut bytes = 0;
        for _ in 1..GULP_CHUNKS {
            bytes += next.as_ref().map_or(0, |chunk| chunk.as_ref().map_or(0, Bytes::len));
            if !self.take(next, events)? {
                return Ok(false);
            }
            if bytes >= GULP_BYTES {
                return Ok(true);
            }
            next = match self.gulps.more(&mut self.response).await {
                Some(more) => more,
                None => return Ok(true),
            };
        }
        self.take(next, events)
    }

    /// Takes in what came; `false` at the end.
    fn take(
        &mut self,
        next: reqwest::Result<Option<Bytes>>,
        events: &mut Events,
    ) -> Result<bool, ProviderError> {
        match next {
            Ok(Some(bytes)) => {
                self.reader.read(&bytes, events)?;
                if self.reader.finished() {
                    self.wait_no_longer();
                } else if events.is_empty() {
                    events.push(ModelEvent::Alive);
                }
                Ok(true)
            }
            Ok(None) => self.reader.end(events).map(|()| false),
            // The answer is complete: how its connection ends no longer matters.
            Err(_) if self.reader.finished() => Ok(false),
            Err(error) => {
                self.reader.give_up(events);
                Err(self.origin.torn(&error))
            }
        }
    }

    fn wait_no_longer(&mut self) {
        let now = Instant::now();
        let usage = *self.deadline.get_or_insert(now + USAGE_PATIENCE);
        if self.reader.done() {
            self.deadline = Some(usage.min(now + END_PATIENCE));
        }
    }
}
