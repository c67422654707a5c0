//! What is made of a completion's chunks. No I/O here.

use super::super::FinishReason;
use super::super::events::Events;
use super::super::frame::Frame;
use super::super::reader::{Answer, Course};
use super::think::Think;
use super::wire::Chunk;

/// One completion as it comes.
#[derive(Debug, Default)]
pub(super) struct Arriving {
    frame: Frame,
    think: Think,
}

impl Answer for Arriving {
    fn event(&mut self, data: &str, course: &mut Course, out: &mut Events) {
        if data == "[DONE]" {
            course.done = true;
            self.finish(FinishReason::Stop, course, out);
            return;
        }
        if let Some(text) = self.frame.text(data) {
            if !course.finished {
                self.think.push(&text.0, out);
            }
            return;
        }
        match serde_json::from_str::<Chunk<'_>>(data) {
            Ok(chunk) => {
                if let Some(text) = chunk.only_text() {
                    self.frame.learn(data, text);
                }
                self.chunk(&chunk, data, course, out);
            }
            Err(error) => course.skip(&error, data.len()),
        }
    }

    fn whole(&mut self, body: &str, course: &mut Course, out: &mut Events) {
        let chunk = match serde_json::from_str::<Chunk<'_>>(body) {
            Ok(chunk) => chunk,
            Err(error) => return course.unreadable(&error),
        };
        self.chunk(&chunk, body, course, out);
        if course.failed() {
            return;
        }
        if chunk.choice.as_ref().is_some_and(|choice| choice.part().is_some()) {
            // It came in one piece, so it is complete, reason or not.
            self.finish(FinishReason::Stop, course, out);
        } else {
            course.fail(course.origin.malformed("answered with JSON that is no chat completion"));
        }
    }

    fn release(&mut self, out: &mut Events) {
        self.think.end(out);
    }
}

impl Arriving {
    fn chunk(&mut self, chunk: &Chunk<'_>, data: &str, course: &mut Course, out: &mut Events) {
        if chunk.is_error() {
            return course.fail(course.origin.told(data));
        }
        if let Some(counts) = chunk.usage() {
            course.count(counts);
        }
        let Some(choice) = chunk.choice.as_ref().filter(|_| !course.finished) else { return };
        if let Some(part) = choice.part() {
            out.reasoning(part.thought());
            self.think.push(&part.content.0, out);
        }
        let reason = choice.finish_reason.0.trim();
        if !reason.is_empty() {
            self.reason(reason, course, out);
        }
    }

    /// OpenAI's reasons, and what others send in their place.
    fn reason(&mut self, reason: &str, course: &mut Course, out: &mut Events) {
        match reason.to_ascii_lowercase().as_str() {
            "length" | "max_tokens" | "model_length" | "model_context_window_exceeded" => {
                self.finish(FinishReason::Length, course, out);
            }
            "content_filter" | "sensitive" | "safety" | "recitation" | "refusal" => {
                let word = course.origin.presentable(reason);
                self.finish(FinishReason::Filter(word), course, out);
            }
            // Zhipu, DeepSeek and SGLang end an answer so that their own trouble cut off.
            "network_error" | "insufficient_system_resource" | "error" | "abort" => {
                course.fail(course.origin.cut_off(reason));
            }
            _ => self.finish(FinishReason::Stop, course, out),
        }
    }

    fn finish(&mut self, reason: FinishReason, course: &mut Course, out: &mut Events) {
        if !course.finished {
            self.think.end(out);
            course.finish(reason, out);
        }
    }
}
