//! What is made of a message's events. No I/O here.

use super::super::FinishReason;
use super::super::events::Events;
use super::super::frame::Frame;
use super::super::reader::{Answer, Course};
use super::seam::Seam;
use super::wire::{Event, Message, Part, Usage};

/// One message as it comes.
#[derive(Debug, Default)]
pub(super) struct Arriving {
    frame: Frame,
    seam: Seam,
    usage: Usage,
}

impl Arriving {
    /// The answer to a request that goes on from a text, of which `seam` was kept back.
    pub(super) fn after(seam: Seam) -> Self {
        Self { seam, ..Self::default() }
    }

    fn part(&mut self, part: &Part<'_>, out: &mut Events) {
        out.reasoning(part.thinking());
        out.text(self.seam.new_of(part.text()));
    }

    /// The reasons of the Messages API ("Handling stop reasons" in its documentation).
    fn reason(&mut self, reason: &str, course: &mut Course, out: &mut Events) {
        let reason = match reason {
            "" => return,
            // A pause is asked to be gone on with, as a length that is reached.
            "max_tokens" | "model_context_window_exceeded" | "pause_turn" => FinishReason::Length,
            "refusal" => FinishReason::Filter(reason.to_owned()),
            _ => FinishReason::Stop,
        };
        course.finish(reason, out);
    }

    fn known(
        &mut self,
        event: &Event<'_>,
        data: &str,
        course: &mut Course,
        out: &mut Events,
    ) -> serde_json::Result<()> {
        match (&*event.kind.0, event.message, event.content_block, event.delta) {
            ("message_start", Some(message), ..) => {
                let message: Message<'_> = serde_json::from_str(message.get())?;
                if let Some(usage) = message.usage {
                    self.usage.update(usage);
                }
            }
            ("content_block_start", _, Some(block), _) if !course.finished => {
                self.part(&serde_json::from_str(block.get())?, out);
            }
            ("content_block_delta", .., Some(delta)) if !course.finished => {
                let part: Part<'_> = serde_json::from_str(delta.get())?;
                if !part.text().is_empty() {
                    self.frame.learn(data, part.text());
                }
                self.part(&part, out);
            }
            ("message_delta", .., delta) => {
                if let Some(usage) = event.usage {
                    self.usage.update(usage);
                    // Only now is the answer counted: at its start it stands there with a token.
                    if let Some(counts) = self.usage.counts() {
                        course.count(counts);
                    }
                }
                if let Some(delta) = delta {
                    let delta: Part<'_> = serde_json::from_str(delta.get())?;
                    self.reason(delta.stop_reason.0.trim(), course, out);
                }
            }
            ("message_stop", ..) => {
                course.done = true;
                course.finish(FinishReason::Stop, out);
            }
            _ if event.is_error() => {
                let error = course.origin.told(data);
                course.fail(error);
            }
            // `ping`, `content_block_stop`, and what the future brings.
            _ => {}
        }
        Ok(())
    }
}

impl Answer for Arriving {
    fn event(&mut self, data: &str, course: &mut Course, out: &mut Events) {
        if let Some(text) = self.frame.text(data) {
            if !course.finished {
                out.text(self.seam.new_of(&text.0));
            }
            return;
        }
        let read = serde_json::from_str::<Event<'_>>(data)
            .and_then(|event| self.known(&event, data, course, out));
        if let Err(error) = read {
            course.skip(&error, data.len());
        }
    }

    fn whole(&mut self, body: &str, course: &mut Course, out: &mut Events) {
        match serde_json::from_str::<Event<'_>>(body) {
            Ok(event) if event.is_error() => {
                let error = course.origin.told(body);
                course.fail(error);
            }
            Ok(event) if event.kind.0 == "message" => {
                match serde_json::from_str::<Message<'_>>(body) {
                    Ok(message) => self.message(&message, course, out),
                    Err(error) => course.unreadable(&error),
                }
            }
            Ok(_) => course.fail(course.origin.malformed("answered with JSON that is no message")),
            Err(error) => course.unreadable(&error),
        }
    }

    fn release(&mut self, _: &mut Events) {}
}

impl Arriving {
    fn message(&mut self, message: &Message<'_>, course: &mut Course, out: &mut Events) {
        for part in &message.content {
            self.part(part, out);
        }
        if let Some(usage) = message.usage {
            self.usage.update(usage);
            if let Some(counts) = self.usage.counts() {
                course.count(counts);
            }
        }
        self.reason(message.stop_reason.0.trim(), course, out);
        // It came in one piece, so it is complete, reason or not.
        course.finish(FinishReason::Stop, out);
    }
}
