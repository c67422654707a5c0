//! Reads an answer: bytes in, events out. No I/O here.

use std::sync::Arc;

use super::super::{FinishReason, ModelEvent, ProviderError, TokenCounts};
use super::failure::Origin;
use super::frame::Frame;
use super::think::{Events, Think};
use super::wire::Chunk;
use crate::article::sse::{DEFAULT_LIMIT, Decoder};

/// So many unreadable events of one answer are logged as warnings, to keep the log from flooding.
const WARNINGS_MAX: u32 = 3;

/// Reads one answer. Nothing comes after an error.
#[derive(Debug)]
pub(super) struct Reader {
    shape: Shape,
    answer: Answer,
}

/// What the answer turned out to be.
#[derive(Debug)]
enum Shape {
    /// Nothing but white space so far.
    Unknown,
    Stream(Box<Decoder>),
    /// A completion in one piece, from a server that does not stream.
    Whole(Vec<u8>),
}

#[derive(Debug)]
struct Answer {
    origin: Arc<Origin>,
    request_id: String,
    frame: Frame,
    think: Think,
    /// The last count that the server sent, and whether it was passed on.
    usage: Option<(u64, u64)>,
    usage_sent: bool,
    finished: bool,
    /// `[DONE]` came.
    done: bool,
    unreadable: u32,
    failure: Option<ProviderError>,
}

impl Reader {
    pub(super) fn new(origin: Arc<Origin>, request_id: String) -> Self {
        let answer = Answer {
            origin,
            request_id,
            frame: Frame::default(),
            think: Think::default(),
            usage: None,
            usage_sent: false,
            finished: false,
            done: false,
            unreadable: 0,
            failure: None,
        };
        Self { shape: Shape::Unknown, answer }
    }

    /// Whether the answer has ended, though its stream may go on.
    pub(super) fn finished(&self) -> bool {
        self.answer.finished
    }

    /// Whether the server has said that its stream ends here.
    pub(super) fn done(&self) -> bool {
        self.answer.done
    }

    /// Takes what one read brought. What came before an error is in `out`.
    pub(super) fn read(&mut self, bytes: &[u8], out: &mut Events) -> Result<(), ProviderError> {
        if matches!(self.shape, Shape::Unknown) {
            let start = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
            self.shape = match start.first() {
                None => return Ok(()),
                Some(b'<') => {
                    return Err(self.answer.origin.malformed("answered with an HTML page"));
                }
                Some(b'{' | b'[') => Shape::Whole(Vec::new()),
                Some(_) => Shape::Stream(Box::default()),
            };
        }
        let answer = &mut self.answer;
        match &mut self.shape {
            Shape::Stream(decoder) => {
                let decoded = decoder.decode(bytes, |event| answer.event(event.data, out));
                if decoded.is_err() && answer.failure.is_none() && !answer.finished {
                    answer.failure = Some(answer.origin.too_large(DEFAULT_LIMIT));
                }
            }
            Shape::Whole(body) if body.len() + bytes.len() > DEFAULT_LIMIT => {
                answer.failure = Some(answer.origin.too_large(DEFAULT_LIMIT));
            }
            Shape::Whole(body) => body.extend_from_slice(bytes),
            Shape::Unknown => {}
        }
        answer.settle(out)
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
            let body = body.trim_start_matches('\u{FEFF}');
            match serde_json::from_str::<Chunk<'_>>(body) {
                Ok(chunk) => self.answer.whole(&chunk, body, out),
                Err(error) => {
                    let message = format!("answered with JSON that cannot be read ({error})");
                    self.answer.failure = Some(self.answer.origin.malformed(&message));
                }
            }
        }
        self.answer.think.end(out);
        self.answer.settle(out)
    }

    /// The answer's bytes came to an end, in bad order: gives out what was held back.
    pub(super) fn give_up(&mut self, out: &mut Events) {
        self.answer.think.end(out);
    }
}

impl Answer {
    fn event(&mut self, data: &str, out: &mut Events) {
        let data = data.trim();
        if data.is_empty() || self.done || self.failure.is_some() {
            return;
        }
        if data == "[DONE]" {
            self.done = true;
            self.finish(FinishReason::Stop, out);
            return;
        }
        if let Some(text) = self.frame.text(data) {
            if !self.finished {
                self.think.push(&text.0, out);
            }
            return;
        }
        match serde_json::from_str::<Chunk<'_>>(data) {
            Ok(chunk) => {
                if let Some(text) = chunk.only_text() {
                    self.frame.learn(data, text);
                }
                self.chunk(&chunk, data, out);
            }
            Err(error) => self.unreadable(&error, data.len()),
        }
    }

    fn unreadable(&mut self, error: &serde_json::Error, bytes: usize) {
        self.unreadable += 1;
        if self.unreadable <= WARNINGS_MAX {
            tracing::warn!(
                provider = %self.origin.name, request_id = %self.request_id, %error, bytes,
                "an event of the answer cannot be read and is skipped"
            );
        }
    }

    fn whole(&mut self, chunk: &Chunk<'_>, body: &str, out: &mut Events) {
        self.chunk(chunk, body, out);
        if self.failure.is_some() {
            return;
        }
        if chunk.choice.as_ref().is_some_and(|choice| choice.part().is_some()) {
            // It came in one piece, so it is complete, reason or not.
            self.finish(FinishReason::Stop, out);
        } else {
            let message = "answered with JSON that is no chat completion";
            self.failure = Some(self.origin.malformed(message));
        }
    }

    fn chunk(&mut self, chunk: &Chunk<'_>, data: &str, out: &mut Events) {
        if chunk.is_error() {
            let error = self.origin.told(data);
            if self.finished {
                tracing::warn!(request_id = %self.request_id, %error, "an error after the answer");
            } else {
                self.failure = Some(error);
            }
            return;
        }
        if let Some(usage) = chunk.usage() {
            self.usage_sent &= self.usage == Some(usage);
            self.usage = Some(usage);
        }
        let Some(choice) = chunk.choice.as_ref().filter(|_| !self.finished) else { return };
        if let Some(part) = choice.part() {
            out.reasoning(part.thought());
            self.think.push(&part.content.0, out);
        }
        let reason = choice.finish_reason.0.trim();
        if !reason.is_empty() {
            self.reason(reason, out);
        }
    }

    /// OpenAI's reasons, and what others send in their place.
    fn reason(&mut self, reason: &str, out: &mut Events) {
        match reason.to_ascii_lowercase().as_str() {
            "length" | "max_tokens" | "model_length" | "model_context_window_exceeded" => {
                self.finish(FinishReason::Length, out);
            }
            "content_filter" | "sensitive" | "safety" | "recitation" | "refusal" => {
                self.finish(FinishReason::Filter(self.origin.presentable(reason)), out);
            }
            // Zhipu, DeepSeek and SGLang end an answer so that their own trouble cut off.
            "network_error" | "insufficient_system_resource" | "error" | "abort" => {
                self.failure = Some(self.origin.cut_off(reason));
            }
            _ => self.finish(FinishReason::Stop, out),
        }
    }

    fn finish(&mut self, reason: FinishReason, out: &mut Events) {
        if !self.finished {
            self.think.end(out);
            self.finished = true;
            out.push(ModelEvent::Finish(reason));
        }
    }

    /// What is to be said once per read: the newest count, or the error.
    fn settle(&mut self, out: &mut Events) -> Result<(), ProviderError> {
        if let Some((prompt, completion)) = self.usage.filter(|_| !self.usage_sent) {
            self.usage_sent = true;
            out.push(ModelEvent::Usage(TokenCounts::uncached(prompt, completion)));
        }
        match self.failure.take() {
            None => Ok(()),
            Some(failure) => {
                self.think.end(out);
                Err(failure)
            }
        }
    }
}
