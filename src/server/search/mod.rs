//! What can be found: texts become tokens, queries become phrases, and hits become excerpts.
//!
//! The database never takes words apart. Both sides of a comparison are made here, by the same
//! rules (see [`tokens`]), so that the search is exact in Chinese and English on every database.

pub mod excerpt;
pub mod query;
pub mod tokens;

use crate::article::document::{Block, Content};
use crate::article::markdown::parse;
use crate::article::measure::plain_text;

/// How many tokens are searched together; PostgreSQL keeps positions only up to 16,383.
pub const SECTION_TOKENS: usize = 8_000;
/// How many tokens a section shares with the one before, so that no phrase is cut: a query has
/// fewer.
pub const SECTION_OVERLAP: usize = 256;
/// How many sections an article has at most; what is behind them is not found.
pub const MAX_SECTIONS: usize = 255;

/// What readers see of a Markdown text, without its mark-up: one line for each paragraph, heading,
/// cell or line of code.
pub fn readable(markdown: &str) -> String {
    let mut text = String::with_capacity(markdown.len());
    append(&parse(markdown).blocks, &mut text);
    text
}

fn append(blocks: &[Block], text: &mut String) {
    for block in blocks {
        match &block.content {
            Content::Blocks(children) => append(children, text),
            Content::Inlines(inlines) => text.push_str(&plain_text(inlines)),
            Content::Text(code) => text.push_str(code),
            Content::Empty => {}
        }
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
    }
}

/// The tokens of a text with spaces between them, in sections of at most [`SECTION_TOKENS`]. At
/// least one section.
pub fn sections(text: &str) -> Vec<String> {
    let mut sections = vec![String::new()];
    let mut count = 0;
    // Where in the last section the tokens begin that the next one repeats.
    let mut shared_from = 0;
    for token in tokens::of(text) {
        if count == SECTION_TOKENS {
            if sections.len() == MAX_SECTIONS {
                break;
            }
            let shared = sections.last().and_then(|last| last.get(shared_from..)).unwrap_or("");
            sections.push(shared.to_owned());
            count = SECTION_OVERLAP;
        }
        let Some(section) = sections.last_mut() else { break };
        if count == SECTION_TOKENS - SECTION_OVERLAP {
            shared_from = section.len();
        }
        section.push_str(&token.text);
        section.push(' ');
        count += 1;
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_searched_is_what_is_read() {
        let markdown = "# 标题\n\n一段**粗**体和[链接](https://example.org/hidden)。\n\n\
                        | a | b |\n|---|---|\n| c | d |\n\n```rust\nlet x;\n```\n\n- item\n";
        assert_eq!(readable(markdown), "标题\n一段粗体和链接。\na\nb\nc\nd\nlet x;\nitem\n");
    }

    #[test]
    fn sections_overlap_so_that_no_phrase_is_cut() {
        let text = (0..20_000).map(|i| format!("w{i} ")).collect::<String>();
        let sections = sections(&text);
        let split: Vec<Vec<_>> =
            sections.iter().map(|it| it.split_whitespace().collect()).collect();
        assert!(split.iter().all(|section| section.len() <= SECTION_TOKENS));
        for pair in split.windows(2) {
            assert_eq!(pair[0][SECTION_TOKENS - SECTION_OVERLAP..], pair[1][..SECTION_OVERLAP]);
        }
        let last = split.last().and_then(|section| section.last());
        assert_eq!(last, Some(&"w19999"));
    }

    #[test]
    fn a_text_without_words_is_one_empty_section() {
        assert_eq!(sections(" …！ "), [""]);
    }
}
