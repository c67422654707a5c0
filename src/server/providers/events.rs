//! The events of one read.

use std::collections::VecDeque;

use super::ModelEvent;

/// What was read and not yet given out. Neighbouring texts become one.
#[derive(Debug, Default)]
pub(super) struct Events(VecDeque<ModelEvent>);

impl Events {
    pub(super) fn text(&mut self, text: &str) {
        match self.0.back_mut() {
            _ if text.is_empty() => {}
            Some(ModelEvent::Text(before)) => before.push_str(text),
            _ => self.0.push_back(ModelEvent::Text(text.to_owned())),
        }
    }

    pub(super) fn reasoning(&mut self, text: &str) {
        match self.0.back_mut() {
            _ if text.is_empty() => {}
            Some(ModelEvent::Reasoning(before)) => before.push_str(text),
            _ => self.0.push_back(ModelEvent::Reasoning(text.to_owned())),
        }
    }

    pub(super) fn push(&mut self, event: ModelEvent) {
        self.0.push_back(event);
    }

    pub(super) fn pop(&mut self) -> Option<ModelEvent> {
        self.0.pop_front()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
