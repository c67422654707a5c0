//! The parser against its invariants, and against pulldown-cmark.

pub mod agreement;
mod chunking;
pub mod grammar;
mod half_typed;
mod readings;
mod reference;
mod soup;
mod work;

use super::MarkdownParser;
use crate::article::document::Document;
use crate::article::patch_contract::Consumer;

/// Streams the chunks through the parser and a checking consumer.
fn stream<'a>(chunks: impl IntoIterator<Item = &'a str>) -> (Document, Consumer) {
    crate::article::patch_contract::stream(MarkdownParser::new(), chunks)
}
