//! An incremental parser for the HTML that models write, into the same [`Document`] as Markdown.
//!
//! Text goes in cut at will, [`Patch`]es come out; whatever the cuts, the same document results.
//! `tokens` takes the text apart as the HTML standard's tokeniser does; `tree` makes blocks of the
//! tags, `running` the text in them. What an article can consist of is what the document's types
//! can say: there is no node for anything else, so nothing else comes through.
//!
//! # What becomes of elements
//! - Headings, `p`, `blockquote`, `ul`, `ol`, `li`, `pre`, `table` and its parts, `hr` are blocks;
//!   `em`, `strong`, `del`, `code`, `a`, `img`, `br`, `sub`, `sup`, `kbd`, `mark`, `u` and their
//!   older names are running text. A checkbox that begins an item makes a task of it.
//! - Other blocks (`div`, `section`, `details`, …) are their content, and end a paragraph.
//! - `script`, `style` and whatever else is not for readers go with their content.
//! - All other tags are dropped, and their text stays.
//! - A cell holds running text alone: blocks in it become lines.
//!
//! # Limits against hostile input
//! 100 blocks and 64 elements of running text within one another; further ones are their content.
//! An element of running text is cut into two of its kind after 4,096 bytes, so that showing more
//! of it never takes longer.

mod code;
mod elements;
mod running;
mod table;
mod tokens;
mod tree;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::document::{Document, Patch};
use tokens::Tokenizer;
use tree::Tree;

/// An incremental HTML parser.
#[derive(Debug, Default)]
pub struct HtmlParser {
    tokenizer: Tokenizer,
    tree: Tree,
    /// Some text came.
    started: bool,
    /// A carriage return came last: a line feed now belongs to it.
    after_return: bool,
}

impl HtmlParser {
    /// For a text that begins.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes more text, cut anywhere, and appends the patches that show it.
    pub fn push(&mut self, text: &str, patches: &mut Vec<Patch>) {
        if text.is_empty() {
            return;
        }
        let text = if self.started { text } else { text.strip_prefix('\u{feff}').unwrap_or(text) };
        self.started = true;
        let text = self.normal(text);
        self.tokenizer.push(&text, &mut self.tree);
        self.tree.show();
        patches.append(&mut self.tree.patches);
    }

    /// With line feeds alone (WHATWG HTML, 13.2.3.5), and nothing that is no character.
    fn normal<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        let mut rest = text;
        if std::mem::take(&mut self.after_return) {
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        }
        self.after_return = rest.ends_with('\r');
        if !rest.contains(['\r', '\0']) {
            return Cow::Borrowed(rest);
        }
        Cow::Owned(rest.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{fffd}"))
    }

    /// The text has ended: closes every block and appends the patches.
    pub fn finish(&mut self, patches: &mut Vec<Patch>) {
        self.tokenizer.finish(&mut self.tree);
        self.tree.finish();
        patches.append(&mut self.tree.patches);
    }

    /// How many bytes were read and written so far, each as often as it was. A measure of work
    /// that is the same on every machine.
    pub fn work(&self) -> u64 {
        self.tokenizer.work() + self.tree.work()
    }
}

/// Parses a whole text.
pub fn parse(text: &str) -> Document {
    let mut parser = HtmlParser::new();
    let mut patches = Vec::new();
    parser.push(text, &mut patches);
    parser.finish(&mut patches);
    patches.into_iter().collect()
}
