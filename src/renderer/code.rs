//! A block of code whose lines can be found again, to be coloured when the server has read them.

use wasm_bindgen::JsValue;
use web_sys::{Document, Element, Text};

use crate::article::event::Highlight;

/// The lines of a block of code, each a text node of its own until it is coloured.
pub(super) struct CodeBlock {
    code: Element,
    lines: Vec<Line>,
}

enum Line {
    /// As it was written, with its line break once that is there.
    Plain { text: Text, ended: bool },
    /// Coloured: done with.
    Colored,
}

impl CodeBlock {
    pub(super) fn new(code: Element) -> Self {
        Self { code, lines: Vec::new() }
    }

    /// Adds text at the end. Each line goes to the page in one piece.
    pub(super) fn append(&mut self, document: &Document, text: &str) -> Result<(), JsValue> {
        for piece in text.split_inclusive('\n') {
            let ends = piece.ends_with('\n');
            match self.lines.last_mut() {
                Some(Line::Plain { text, ended }) if !*ended => {
                    text.append_data(piece)?;
                    *ended = ends;
                }
                _ => {
                    let text = document.create_text_node(piece);
                    self.code.append_child(&text)?;
                    self.lines.push(Line::Plain { text, ended: ends });
                }
            }
        }
        Ok(())
    }

    /// Colours a line, without a change in its text. Says whether the line was there.
    pub(super) fn color(
        &mut self,
        document: &Document,
        highlight: &Highlight,
    ) -> Result<bool, JsValue> {
        let Some(line) = self.lines.get_mut(highlight.line as usize) else {
            return Ok(false);
        };
        let Line::Plain { text, .. } = line else {
            return Ok(true);
        };
        let covered: u32 = highlight.spans.iter().map(|(_, length)| *length).sum();
        if covered > text.length() {
            return Ok(false);
        }
        let mut rest = text.clone();
        for (class, length) in &highlight.spans {
            let after = rest.split_text(*length)?;
            if !class.is_empty() {
                let span = document.create_element("span")?;
                span.set_class_name(class);
                rest.replace_with_with_node_1(&span)?;
                span.append_child(&rest)?;
            }
            rest = after;
        }
        *line = Line::Colored;
        Ok(true)
    }
}
