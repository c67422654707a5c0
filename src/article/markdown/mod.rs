//! An incremental parser for CommonMark 0.31.2 with GFM's tables, task lists, strikethrough, bare
//! links and footnotes.
//!
//! Text goes in cut at will, [`Patch`]es come out; whatever the cuts, the same document results.
//! Every line goes through two steps: `plan` decides, from the open blocks and the part of the
//! line that is there, what the line does (and may answer that it is too early to say); `blocks`
//! carries that out. From then on the line's text flows into the open `leaf`, whose running text
//! is read by `inlines` from its last settled place on.
//!
//! # Deliberate differences from the specifications
//! - Emphasis next to CJK characters follows the `markdown-cjk-friendly` rule, see `emphasis`.
//! - Bare URLs end at full-width punctuation, see `bare`.
//! - Raw HTML: `br`, `sub`, `sup`, `kbd`, `mark`, `u` become nodes, other tags are dropped, script
//!   and its like with their content, see `raw`. A block of raw HTML is a paragraph of its text.
//! - Character references have the names of HTML 4, see `entities`.
//! - A link whose target is unsafe has none; an image likewise has no source.
//! - Limits against hostile input: 100 containers and 64 inlines within one another, 4,096 bytes
//!   between the two halves of an inline construct, 4,096 bytes for a link's definition.
//!
//! While a document grows, every `[^label]` is a reference to a footnote; those without a
//! definition become text at the end. Links whose definition came later are mended at the end.

use super::document::{Document, Patch};

mod bare;
mod blocks;
mod brackets;
mod emphasis;
pub(super) mod entities;
mod inlines;
mod leaf;
mod lines;
mod links;
mod output;
mod pieces;
mod plan;
mod punctuation;
pub(super) mod raw;
mod references;
mod running;
mod scanner;
mod table;
#[cfg(test)]
pub(super) mod tests;

/// A line of which this many bytes are not understood yet is read again only when it has grown by
/// a quarter, so that reading it is linear in its length.
const PATIENCE: usize = 256;

/// An incremental Markdown parser.
#[derive(Debug)]
pub struct MarkdownParser {
    blocks: blocks::Blocks,
    /// The line that has not begun yet, because it is not known what it is.
    line: String,
    /// How long that line was when it was last tried.
    tried: usize,
    /// The line has begun; its text goes straight to the open leaf.
    begun: bool,
    /// A carriage return came last: a line feed now belongs to it.
    after_return: bool,
    /// Some text came.
    started: bool,
}

impl Default for MarkdownParser {
    fn default() -> Self {
        Self::new()
    }
}

impl MarkdownParser {
    /// A parser for blocks and running text.
    pub fn new() -> Self {
        Self::with_inlines(true)
    }

    /// A parser that never reads running text: paragraphs, headings and cells stay empty. Its
    /// blocks of code are those of [`MarkdownParser::new`], in the same order; ids may differ.
    pub fn blocks_only() -> Self {
        Self::with_inlines(false)
    }

    fn with_inlines(inlines: bool) -> Self {
        Self {
            blocks: blocks::Blocks::new(inlines),
            line: String::new(),
            tried: 0,
            begun: false,
            after_return: false,
            started: false,
        }
    }

    /// Takes more text, cut anywhere, and appends the patches that show it.
    pub fn push(&mut self, text: &str, patches: &mut Vec<Patch>) {
        let mut rest = text;
        if !self.started && !text.is_empty() {
            self.started = true;
            rest = rest.strip_prefix('\u{feff}').unwrap_or(rest);
        }
        if !rest.is_empty() && std::mem::take(&mut self.after_return) {
            rest = rest.strip_prefix('\n').unwrap_or(rest);
        }
        while let Some(end) = rest.find(['\n', '\r']) {
            self.take(&rest[..end]);
            self.end_line();
            let behind = &rest[end..];
            if behind == "\r" {
                self.after_return = true;
            }
            rest = behind.strip_prefix("\r\n").unwrap_or(&behind[1..]);
        }
        self.take(rest);
        let (length, tried) = (self.line.len(), self.tried);
        if !self.begun && length > tried && (length < PATIENCE || length > tried + tried / 4) {
            self.tried = length;
            self.begin_line(false);
        }
        self.blocks.show();
        patches.append(&mut self.blocks.output.patches);
    }

    /// The text has ended: closes every block and appends the patches.
    pub fn finish(&mut self, patches: &mut Vec<Patch>) {
        if self.begun || !self.line.is_empty() {
            self.end_line();
        }
        self.blocks.finish();
        patches.append(&mut self.blocks.output.patches);
    }

    /// How many bytes were read so far, each as often as it was: lines to find out what they are,
    /// and running text. A measure of work that is the same on every machine.
    pub fn work(&self) -> u64 {
        self.blocks.output.work
    }

    fn take(&mut self, text: &str) {
        let replaced;
        let text = if text.contains('\0') {
            replaced = text.replace('\0', "\u{fffd}");
            &replaced
        } else {
            text
        };
        if self.begun {
            self.blocks.push(text);
        } else {
            self.line.push_str(text);
        }
    }

    fn begin_line(&mut self, complete: bool) {
        self.begun = self.blocks.begin_line(&self.line, complete);
        if self.begun {
            self.line.clear();
        }
    }

    fn end_line(&mut self) {
        if !self.begun {
            self.begin_line(true);
        }
        self.blocks.end_line();
        self.line.clear();
        self.tried = 0;
        self.begun = false;
    }
}

/// Parses a whole text.
pub fn parse(text: &str) -> Document {
    document(MarkdownParser::new(), text)
}

/// Parses a whole text as [`MarkdownParser::blocks_only`] does.
pub fn parse_blocks(text: &str) -> Document {
    document(MarkdownParser::blocks_only(), text)
}

fn document(mut parser: MarkdownParser, text: &str) -> Document {
    let mut patches = Vec::new();
    parser.push(text, &mut patches);
    parser.finish(&mut patches);
    patches.into_iter().collect()
}
