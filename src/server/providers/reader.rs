//! Reads an answer: bytes in, events out, whatever the protocol. No I/O here.

use std::sync::Arc;

use super::events::Events;
use super::failure::Origin;
use super::{FinishReason, ModelEvent, ProviderError, TokenCounts};
use crate::article::sse::{DEFAULT_LIMIT, Decoder};

/// So many unreadable events of one answer are logged as warnings, to keep the log from flooding.
const WARNINGS_MAX: u32 = 3;

/// What a protocol makes of its events.
pub(super) trait Answer: Send + 'static {
    /// Takes an event's data, which is not empty. Nothing comes once the course is over.
    fn event(&mut self, data: &str, course: &mut Course, out: &mut Events);

    /// Takes the answer of a server that does not stream, in one piece.
    fn whole(&mut self, body: &str, course: &mut Course, out: &mut Events);

    /// Gives out what was held back: no more text will come.
    fn release(&mut self, out: &mut Events);
}

/// Reads one answer. Nothing comes after an error.
#[derive(Debug)]
pub(super) struct Reader<A> {
    shape: Shape,
    course: Course,
    answer: A,
}

/// What the answer turned out to be.
#[derive(Debug)]
enum Shape {
    /// Nothing but white space so far.
    Unknown,
    Stream(Box<Decoder>),
    /// An answer in one piece, from a server that does not stream.
    Whole(Vec<u8>),
}

/// How far an answer has come.
#[derive(Debug)]
pub(super) struct Course {
    pub(super) origin: Arc<Origin>,
    request_id: String,
    /// The last count that the server sent, and whether it was passed on.
    usage: Option<TokenCounts>,
    usage_sent: bool,
    /// Whether the answer has ended, though its stream may go on.
    pub(super) finished: bool,
    /// Whether the server has said that its stream ends here.
    pub(super) done: bool,
    unreadable: u32,
    failure: Option<ProviderError>,
}

impl<A: Answer> Reader<A> {
    pub(super) fn new(origin: Arc<Origin>, request_id: String, answer: A) -> Self {
        let course = Course {
            origin,
            request_id,
            usage: None,
            usage_sent: false,
            finished: false,
            done: false,
            unreadable: 0,
            failure: None,
        };
        Self { shape: Shape::Unknown, course, answer }
    }

    /// Whether the answer has ended, though its stream may go on.
    pub(super) fn finished(&self) -> bool {
        self.course.finished
    }

    /// Whether the server has said that its stream ends here.
    pub(super) fn done(&self) -> bool {
        self.course.done
    }

    /// Takes what one read brought. What came before an error is in `out`.
    pub(super) fn read(&mut self, bytes: &[u8], out: &mut Events) -> Result<(), ProviderError> {
        let Self { shape, course, answer } = self;
        if matches!(shape, Shape::Unknown) {
            let start = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
            *shape = match start.first() {
                None => return Ok(()),
                Some(b'<') => return Err(course.origin.malformed("answered with an HTML page")),
                Some(b'{' | b'[') => Shape::Whole(Vec::new()),
                Some(_) => Shape::Stream(Box::default()),
            };
        }
        match shape {
            Shape::Stream(decoder) => {
                let decoded = decoder.decode(bytes, |event| {
                    let data = event.data.trim();
                    if !data.is_empty() && !course.done && course.failure.is_none() {
                        answer.event(data, course, out);
                    }
                });
                if decoded.is_err() && course.failure.is_none() && !course.finished {
                    course.failure = Some(course.origin.too_large(DEFAULT_LIMIT));
                }
            }
            Shape::Whole(body) if body.len() + bytes.len() > DEFAULT_LIMIT => {
                course.failure = Some(course.origin.too_large(DEFAULT_LIMIT));
            }
            Shape::Whole(body) => body.extend_from_slice(bytes),
            Shape::Unknown => {}
        }
        self.settle(out)
    }

    /// The answer's bytes came to an end, in good order.
    pub(super) fn end(&mut self, out: &mut Events) -> Result<(), ProviderError> {
        // A last event may lack its blank line. What the standard says of it, that it may be cut, is
        // seen by its JSON here.
        if matches!(self.shape, Shape::Stream(_)) {
            self.read(b"\n\n", out)?;
        }
        if let Shape::Whole(body) = std::mem::replace(&mut self.shape, Shape::Unknown) {
            let body = String::from_utf8_lossy(&body);
            self.answer.whole(body.trim_start_matches('\u{FEFF}'), &mut self.course, out);
        }
        self.answer.release(out);
        self.settle(out)
    }

    /// The answer's bytes came to an end, in bad order: gives out what was held back.
    pub(super) fn give_up(&mut self, out: &mut Events) {
        self.answer.release(out);
    }

    /// What is to be said once per read: the newest count, or the error.
    fn settle(&mut self, out: &mut Events) -> Result<(), ProviderError> {
        let course = &mut self.course;
        if let Some(counts) = course.usage.filter(|_| !course.usage_sent) {
            course.usage_sent = true;
            out.push(ModelEvent::Usage(counts));
        }
        match course.failure.take() {
            None => Ok(()),
            Some(failure) => {
                self.answer.release(out);
                Err(failure)
            }
        }
    }
}

impl Course {
    /// The answer ends here. What was held back has to be released before.
    pub(super) fn finish(&mut self, reason: FinishReason, out: &mut Events) {
        if !self.finished {
            self.finished = true;
            out.push(ModelEvent::Finish(reason));
        }
    }

    /// The server has counted.
    pub(super) fn count(&mut self, usage: TokenCounts) {
        self.usage_sent &= self.usage == Some(usage);
        self.usage = Some(usage);
    }

    /// The answer fails; after its end that is only told to the log.
    pub(super) fn fail(&mut self, error: ProviderError) {
        if self.finished {
            tracing::warn!(request_id = %self.request_id, %error, "an error after the answer");
        } else {
            self.failure = Some(error);
        }
    }

    /// Whether it has failed.
    pub(super) fn failed(&self) -> bool {
        self.failure.is_some()
    }

    /// An event of so many bytes is no JSON of the protocol, and costs no more than itself.
    pub(super) fn skip(&mut self, error: &serde_json::Error, bytes: usize) {
        self.unreadable += 1;
        if self.unreadable <= WARNINGS_MAX {
            tracing::warn!(
                provider = %self.origin.name, request_id = %self.request_id, %error, bytes,
                "an event of the answer cannot be read and is skipped"
            );
        }
    }

    /// The whole answer is no JSON of the protocol.
    pub(super) fn unreadable(&mut self, error: &serde_json::Error) {
        let message = format!("answered with JSON that cannot be read ({error})");
        self.failure = Some(self.origin.malformed(&message));
    }
}
