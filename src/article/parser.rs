//! One parser for every form that a text may have.

use super::brief::Format;
use super::document::{Document, Patch};
use super::html::{self, HtmlParser};
use super::markdown::{self, MarkdownParser};

/// An incremental parser for a text of some form.
#[derive(Debug)]
pub enum Parser {
    /// CommonMark with GitHub's extensions.
    Markdown(Box<MarkdownParser>),
    /// HTML.
    Html(Box<HtmlParser>),
}

impl Parser {
    /// For a text that begins.
    pub fn new(format: Format) -> Self {
        match format {
            Format::Markdown => Self::Markdown(Box::default()),
            Format::Html => Self::Html(Box::default()),
        }
    }

    /// For who needs the blocks of code alone: running text may stay empty.
    pub fn blocks_only(format: Format) -> Self {
        match format {
            Format::Markdown => Self::Markdown(Box::new(MarkdownParser::blocks_only())),
            Format::Html => Self::new(format),
        }
    }

    /// Takes more text, cut anywhere, and appends the patches that show it.
    pub fn push(&mut self, text: &str, patches: &mut Vec<Patch>) {
        match self {
            Self::Markdown(parser) => parser.push(text, patches),
            Self::Html(parser) => parser.push(text, patches),
        }
    }

    /// The text has ended: closes every block and appends the patches.
    pub fn finish(&mut self, patches: &mut Vec<Patch>) {
        match self {
            Self::Markdown(parser) => parser.finish(patches),
            Self::Html(parser) => parser.finish(patches),
        }
    }
}

/// Parses a whole text.
pub fn parse(format: Format, text: &str) -> Document {
    match format {
        Format::Markdown => markdown::parse(text),
        Format::Html => html::parse(text),
    }
}
