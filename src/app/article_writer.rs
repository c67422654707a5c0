//! Writes an article into the page as its text comes: at most once a frame, and in a hidden tab
//! not at all, because there are no frames.

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
        if self.0.due.replace(true) {
            return;
        }
        // The page may be gone by then.
        let writer: Weak<Writer> = Rc::downgrade(&self.0);
        request_animation_frame(move || {
            if let Some(writer) = writer.upgrade() {
                writer.due.set(false);
                writer.write();
            }
        });
    }

    /// Writes events now, without waiting for a frame: for text that is there when the page opens.
    pub fn write_now(&self, events: impl IntoIterator<Item = Event>) {
        self.0.queue.borrow_mut().extend(events);
        self.0.write();
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
    fn write(&self) {
        let events = self.queue.take();
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
