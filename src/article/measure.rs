//! What an article measures: title, summary, outline, words, reading time.

use std::collections::HashSet;

use super::document::{Block, BlockKind, Content, Document, Inline};
use super::event::OutlineEntry;

/// Words of a Latin text that an adult reads in a minute: 238 in the meta-analysis of 190 studies
/// by Brysbaert (2019), rounded down because technical prose is slower.
const WORDS_PER_MINUTE: u32 = 230;
/// Characters of a Chinese text that an adult reads in a minute: 255 to 260 words of about one and
/// a half characters in Brysbaert (2019) and Trauzettel-Klosinski and Dietz (2012).
const CJK_PER_MINUTE: u32 = 400;
/// Lines of code that are read, not run through, in a minute: no study agrees on one; this is one
/// line in two seconds.
const CODE_LINES_PER_MINUTE: u32 = 30;

/// Whether a character belongs to the Chinese and Japanese scripts or to their full-width
/// punctuation. They are written without spaces between words; Korean is not among them.
pub fn is_cjk(c: char) -> bool {
    matches!(u32::from(c),
        0x2E80..=0x2FDF | 0x2FF0..=0x30FF | 0x3100..=0x312F | 0x3190..=0x4DBF | 0x4E00..=0x9FFF
        | 0xF900..=0xFAFF | 0xFE10..=0xFE1F | 0xFE30..=0xFE4F | 0xFF01..=0xFF9F | 0xFFE0..=0xFFE6
        | 0x1B000..=0x1B16F | 0x1F200..=0x1F2FF | 0x20000..=0x3FFFF)
}

/// Running text without its mark-up. Line breaks are spaces (between CJK characters: nothing),
/// images are their alternative text, references to footnotes are nothing.
pub fn plain_text(inlines: &[Inline]) -> String {
    let mut text = String::new();
    append_plain(inlines, &mut text);
    text
}

fn append_plain(inlines: &[Inline], text: &mut String) {
    for (index, inline) in inlines.iter().enumerate() {
        match inline {
            Inline::Text(part) | Inline::Code(part) | Inline::Image { alt: part, .. } => {
                text.push_str(part);
            }
            Inline::Emphasis(children)
            | Inline::Strong(children)
            | Inline::Strike(children)
            | Inline::Link { children, .. }
            | Inline::Html { children, .. } => append_plain(children, text),
            Inline::HardBreak => text.push(' '),
            Inline::SoftBreak => text.push_str(soft_break(inlines, index)),
            Inline::FootnoteRef { .. } => {}
        }
    }
}

/// What the soft break at `index` among `inlines` is shown as: a space, or nothing between two CJK
/// characters. A curly quotation mark, dash or ellipsis next to a CJK character counts as one.
pub fn soft_break(inlines: &[Inline], index: usize) -> &'static str {
    let before = index.checked_sub(1).and_then(|index| inlines.get(index)).and_then(last_char);
    let after = inlines.get(index + 1).and_then(first_char);
    let (Some(before), Some(after)) = (before, after) else { return " " };
    let shared = |c| matches!(c, '“' | '”' | '‘' | '’' | '—' | '…' | '·');
    let joined = (is_cjk(before) && (is_cjk(after) || shared(after)))
        || (is_cjk(after) && shared(before));
    if joined { "" } else { " " }
}

fn edge_char(inline: &Inline, first: bool) -> Option<char> {
    match inline {
        Inline::Text(text) | Inline::Code(text) => {
            if first { text.chars().next() } else { text.chars().next_back() }
        }
        Inline::Emphasis(children)
        | Inline::Strong(children)
        | Inline::Strike(children)
        | Inline::Link { children, .. }
        | Inline::Html { children, .. } => {
            let child = if first { children.first() } else { children.last() };
            child.and_then(|child| edge_char(child, first))
        }
        _ => None,
    }
}

fn first_char(inline: &Inline) -> Option<char> {
    edge_char(inline, true)
}

fn last_char(inline: &Inline) -> Option<char> {
    edge_char(inline, false)
}

/// Visits all blocks in order, those that contain before those that are contained.
fn visit<'a>(blocks: &'a [Block], see: &mut impl FnMut(&'a Block)) {
    for block in blocks {
        see(block);
        if let Content::Blocks(children) = &block.content {
            visit(children, see);
        }
    }
}

fn headings(document: &Document) -> Vec<(u8, String)> {
    let mut found = Vec::new();
    visit(&document.blocks, &mut |block| {
        if let (BlockKind::Heading { level }, Content::Inlines(inlines)) =
            (&block.kind, &block.content)
        {
            found.push((*level, plain_text(inlines)));
        }
    });
    found
}

/// The first heading of level 1, or else the first heading.
pub fn title(document: &Document) -> Option<String> {
    let mut headings = headings(document);
    headings.retain(|(_, text)| !text.trim().is_empty());
    let index = headings.iter().position(|(level, _)| *level == 1).unwrap_or(0);
    (index < headings.len()).then(|| headings.swap_remove(index).1.trim().to_owned())
}

/// The first paragraph of the text itself (not in a list, quotation or footnote, unless there is no
/// other), in at most `max_chars` characters with the ellipsis that marks a cut. Cut behind a
/// sentence where one ends in the second half, else between words, in CJK text anywhere.
pub fn summary(document: &Document, max_chars: usize) -> String {
    let text_of = |block: &Block| match (&block.kind, &block.content) {
        (BlockKind::Paragraph, Content::Inlines(inlines)) => {
            let text = plain_text(inlines).split_whitespace().collect::<Vec<_>>().join(" ");
            (!text.is_empty()).then_some(text)
        }
        _ => None,
    };
    let mut nested = None;
    let top = document.blocks.iter().find_map(text_of);
    visit(&document.blocks, &mut |block| {
        if nested.is_none() {
            nested = text_of(block);
        }
    });
    shorten(&top.or(nested).unwrap_or_default(), max_chars)
}

fn shorten(text: &str, max_chars: usize) -> String {
    let Some((limit, _)) = text.char_indices().nth(max_chars) else {
        return text.to_owned();
    };
    // Room for the ellipsis.
    let room = text[..limit].char_indices().next_back().map_or(0, |(at, _)| at);
    let head = &text[..room];
    let sentence = head.char_indices().rev().find_map(|(at, c)| {
        let end = at + c.len_utf8();
        let spaced = matches!(c, '.' | '!' | '?') && text[end..].starts_with(' ');
        (spaced || matches!(c, '。' | '！' | '？')).then_some(end)
    });
    if let Some(end) = sentence.filter(|end| *end > room / 2) {
        return format!("{}…", &text[..end]);
    }
    let next = text[room..].chars().next().unwrap_or(' ');
    let mut end = room;
    if !next.is_whitespace() && !is_cjk(next) {
        end = head
            .char_indices()
            .rev()
            .find_map(|(at, c)| match c {
                c if c.is_whitespace() => Some(at),
                c if is_cjk(c) => Some(at + c.len_utf8()),
                _ => None,
            })
            .filter(|end| *end > 0)
            .unwrap_or(room);
    }
    let cut = text[..end].trim_end_matches(|c: char| {
        c.is_whitespace() || matches!(c, ',' | ';' | ':' | '，' | '、' | '；' | '：')
    });
    format!("{cut}…")
}

/// The headings of levels 2 and 3, each with the `id` that the page gives it.
pub fn outline(document: &Document) -> Vec<OutlineEntry> {
    let mut anchors = Anchors::default();
    headings(document)
        .into_iter()
        .map(|(level, text)| OutlineEntry { level, anchor: anchors.next(&text), text })
        .filter(|entry| matches!(entry.level, 2 | 3))
        .collect()
}

/// Gives every heading of a document its `id`, in order, all of them different.
#[derive(Debug, Default)]
pub struct Anchors {
    taken: HashSet<String>,
}

impl Anchors {
    /// The anchor of the next heading, whose text is `text`.
    // It is no iterator: the text decides.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self, text: &str) -> String {
        let anchor = anchor(text, |candidate| self.taken.contains(candidate));
        self.taken.insert(anchor.clone());
        anchor
    }
}

/// A heading's anchor: its letters (of any script) and digits in lower case, all else as single
/// hyphens, `section` where nothing is left; with `-2`, `-3`… where `taken` says so. It never
/// begins with `fn`, as the anchors of footnotes do, followed by a hyphen.
pub fn anchor(text: &str, taken: impl Fn(&str) -> bool) -> String {
    let mut base = String::new();
    for c in text.chars() {
        if c.is_alphanumeric() {
            base.extend(c.to_lowercase());
        } else if !base.is_empty() && !base.ends_with('-') && c != '\'' && c != '’' {
            base.push('-');
        }
    }
    let mut base = base.trim_end_matches('-').to_owned();
    if base.is_empty() {
        base.push_str("section");
    }
    if base.starts_with("fn-") || base.starts_with("fnref-") {
        base.insert_str(0, "section-");
    }
    let mut candidate = base.clone();
    let mut number = 2_u32;
    while taken(&candidate) {
        candidate = format!("{base}-{number}");
        number += 1;
    }
    candidate
}

/// Counts over the text of a document.
#[derive(Debug, Default)]
struct Counts {
    latin_words: u32,
    cjk: u32,
    characters: u32,
    code_lines: u32,
}

fn count(document: &Document) -> Counts {
    let mut counts = Counts::default();
    visit(&document.blocks, &mut |block| match &block.content {
        Content::Inlines(inlines) => {
            let mut in_word = false;
            for c in plain_text(inlines).chars() {
                counts.characters += u32::from(!c.is_whitespace());
                if is_cjk(c) {
                    counts.cjk += u32::from(c.is_alphanumeric());
                    in_word = false;
                } else if c.is_alphanumeric() {
                    counts.latin_words += u32::from(!in_word);
                    in_word = true;
                } else if !matches!(c, '\'' | '’' | '-' | '.' | '_') {
                    in_word = false;
                }
            }
        }
        Content::Text(code) => {
            counts.characters += code.chars().filter(|c| !c.is_whitespace()).count() as u32;
            counts.code_lines += code.lines().filter(|line| !line.trim().is_empty()).count() as u32;
        }
        Content::Blocks(_) | Content::Empty => {}
    });
    counts
}

/// Words: those of scripts with spaces, and each CJK letter as one. Code blocks have none.
pub fn words(document: &Document) -> u32 {
    let counts = count(document);
    counts.latin_words + counts.cjk
}

/// Unicode scalar values that are neither white space nor markup, code included.
pub fn characters(document: &Document) -> u32 {
    count(document).characters
}

/// Minutes that reading takes, rounded up, at least 1.
pub fn reading_minutes(document: &Document) -> u32 {
    let counts = count(document);
    let minutes = f64::from(counts.latin_words) / f64::from(WORDS_PER_MINUTE)
        + f64::from(counts.cjk) / f64::from(CJK_PER_MINUTE)
        + f64::from(counts.code_lines) / f64::from(CODE_LINES_PER_MINUTE);
    (minutes.ceil() as u32).max(1)
}
