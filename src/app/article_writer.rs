//! Writes an article into the page as its text comes: at most once a frame, and in a hidden tab
//! not at all, because there are no frames. What has gathered by then is written over several, so
//! that the page never stands still.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use leptos::logging::warn;
use leptos::prelude::*;
use wasm_bindgen::JsValue;
use web_sys::Element;

use super::follow_end::FollowEnd;
use crate::article::brief::Format;
use crate::article::event::{Event, OutlineEntry};
use crate::article::parser::Parser;
use crate::renderer::DomWriter;

/// So many bytes of text are written with a frame.
const SLICE: usize = 16 << 10;

/// What is told of each write.
pub struct Written<'a> {
    /// The events that were taken in, in order.
    pub events: Vec<Event>,
    /// The headings so far.
    pub outline: &'a [OutlineEntry],
}

/// See the module. Clones write into the same article.
#[derive(Clone)]
pub struct ArticleWriter(Rc<Writer>);

struct Writer {
    paper: RefCell<Paper>,
    queue: RefCell<Vec<Event>>,
    /// Whether a frame is asked for already.
    due: Cell<bool>,
    follow: FollowEnd,
    tell: Box<dyn Fn(Written<'_>)>,
}

struct Paper {
    /// Until the text is complete.
    parser: Option<Parser>,
    dom: DomWriter,
}

impl ArticleWriter {
    /// Takes the element over. `tell` is called after each write.
    ///
    /// # Errors
    /// See [`DomWriter::new`].
    pub fn new(
        root: Element,
        format: Format,
        copy_label: &'static str,
        follow: FollowEnd,
        tell: impl Fn(Written<'_>) + 'static,
    ) -> Result<Self, JsValue> {
        let dom = DomWriter::new(document(), root, copy_label)?.in_groups();
        Ok(Self(Rc::new(Writer {
            paper: RefCell::new(Paper { parser: Some(Parser::new(format)), dom }),
            queue: RefCell::default(),
            due: Cell::new(false),
            follow,
            tell: Box::new(tell),
        })))
    }

    /// Takes an event in with the next frame.
    pub fn push(&self, event: Event) {
        self.0.queue.borrow_mut().push(event);
        self.0.ask_for_frame();
    }

    /// Writes events now, without waiting for a frame: for text that is there when the page opens.
    pub fn write_now(&self, events: impl IntoIterator<Item = Event>) {
        self.0.queue.borrow_mut().extend(events);
        self.0.write(self.0.queue.take());
    }

    /// The text is complete.
    pub fn finish(&self) {
        self.0.finish();
    }

    /// Shows the cursor where the text ends, also before there is any.
    pub fn show_cursor(&self) {
        self.0.paper.borrow().dom.show_cursor();
    }

    /// The page was scrolled.
    pub fn scrolled(&self) {
        self.0.follow.scrolled(self.0.paper.borrow().dom.cursor());
    }

    /// Whether the end of the text is in the window.
    pub fn end_in_view(&self) -> bool {
        FollowEnd::in_view(self.0.paper.borrow().dom.cursor())
    }

    /// Takes the reader to the end.
    pub fn jump_to_end(&self) {
        self.0.follow.jump(self.0.paper.borrow().dom.cursor());
    }
}

impl Writer {
    fn ask_for_frame(self: &Rc<Self>) {
        if self.due.replace(true) {
            return;
        }
        // The page may be gone by then.
        let writer: Weak<Self> = Rc::downgrade(self);
        request_animation_frame(move || {
            let Some(writer) = writer.upgrade() else { return };
            writer.due.set(false);
            let mut events = writer.queue.take();
            let rest = behind_slice(&mut events);
            if !rest.is_empty() {
                *writer.queue.borrow_mut() = rest;
                writer.ask_for_frame();
            }
            writer.write(events);
        });
    }

    fn write(&self, events: Vec<Event>) {
        // A frame that was asked for comes also when the page has been left meanwhile.
        if events.is_empty() || self.follow.is_over() {
            return;
        }
        {
            let paper = &mut *self.paper.borrow_mut();
            let mut text = String::new();
            for event in &events {
                if let Event::Delta { text: more } = event {
                    text.push_str(more);
                }
            }
            if let Some(parser) = &mut paper.parser {
                let mut patches = Vec::new();
                parser.push(&text, &mut patches);
                paper.dom.apply(patches);
            } else if !text.is_empty() {
                warn!("text came after the end");
            }
            for event in &events {
                if let Event::Highlight(highlight) = event {
                    paper.dom.highlight(highlight.clone());
                }
            }
            if paper.parser.is_some() {
                paper.dom.show_cursor();
                self.follow.written(paper.dom.cursor());
            }
        }
        if events.iter().any(|event| event.final_state().is_some()) {
            self.finish();
        }
        (self.tell)(Written { events, outline: self.paper.borrow().dom.outline() });
    }

    fn finish(&self) {
        let paper = &mut *self.paper.borrow_mut();
        paper.dom.hide_cursor();
        if let Some(mut parser) = paper.parser.take() {
            let mut patches = Vec::new();
            parser.finish(&mut patches);
            paper.dom.apply(patches);
            paper.dom.settle();
        }
    }
}

/// Takes off what is more text than a frame's; a delta may be cut in two.
fn behind_slice(events: &mut Vec<Event>) -> Vec<Event> {
    let mut room = SLICE;
    let full = events.iter().position(|event| match event {
        Event::Delta { text } if text.len() > room => true,
        Event::Delta { text } => {
            room -= text.len();
            false
        }
        _ => false,
    });
    let Some(full) = full else { return Vec::new() };
    let mut rest = events.split_off(full);
    if let Some(Event::Delta { text }) = rest.first_mut() {
        let end = (0..=room).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        let behind = text.split_off(end);
        events.push(Event::Delta { text: std::mem::replace(text, behind) });
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn much_text_is_written_in_slices_and_none_of_it_is_lost() {
        let delta = |text: &str| Event::Delta { text: text.to_owned() };
        let all = [
            delta("a"),
            delta(&"中".repeat(SLICE)),
            delta("b"),
            Event::Interrupted { killed: false },
        ];
        let mut queue = all.to_vec();
        let (mut text, mut slices) = (String::new(), 0);
        while !queue.is_empty() {
            let rest = behind_slice(&mut queue);
            let written = queue.iter().map(|event| match event {
                Event::Delta { text } => text.as_str(),
                _ => "",
            });
            let written = written.collect::<String>();
            assert!(written.len() <= SLICE);
            text.push_str(&written);
            assert_eq!(queue.iter().any(|event| event.final_state().is_some()), rest.is_empty());
            queue = rest;
            slices += 1;
        }
        assert_eq!((text, slices), (format!("a{}b", "中".repeat(SLICE)), 4));
        let mut little = vec![delta("a"), delta("b")];
        assert!(behind_slice(&mut little).is_empty() && little.len() == 2);
    }
}
