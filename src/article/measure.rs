//! What an article measures: title, summary, outline, words, reading time.

use std::collections::HashMap;

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
    if joins(before, after) { "" } else { " " }
}

/// Whether a line that is broken between two characters goes on without a space.
pub fn joins(before: char, after: char) -> bool {
    let shared = |c| matches!(c, '“' | '”' | '‘' | '’' | '—' | '…' | '·');
    (is_cjk(before) && (is_cjk(after) || shared(after))) || (is_cjk(after) && shared(before))
}

fn edge_char(inline: &Inline, first: bool) -> Option<char> {
    match inline {
        Inline::Text(text) | Inline::Code(text) => {
            if first {
                text.chars().next()
            } else {
                text.chars().next_back()
            }
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

/// What the page around an article uses as `id` itself.
const RESERVED: [&str; 7] = [
    "brief-topic",
    "conflict-title",
    "content",
    "edit-text",
    "edit-title",
    "keys-title",
    "regenerate-title",
];

/// Gives every heading of a document its `id`, in order, all of them different.
#[derive(Debug, Default)]
pub struct Anchors {
    /// Every anchor given, and the number that its next namesake tries first.
    taken: HashMap<String, u32>,
}

impl Anchors {
    /// The anchor of the next heading, whose text is `text`: see [`anchor`]; with `-2`, `-3`…
    /// where it is taken.
    #[allow(clippy::should_implement_trait, reason = "it is no iterator: the text decides")]
    pub fn next(&mut self, text: &str) -> String {
        let base = anchor(text);
        let mut number = self.taken.get(&base).copied().unwrap_or(1);
        let mut candidate = base.clone();
        while self.taken.contains_key(&candidate) || RESERVED.contains(&candidate.as_str()) {
            number += 1;
            candidate = format!("{base}-{number}");
        }
        self.taken.insert(base, number);
        self.taken.entry(candidate.clone()).or_insert(1);
        candidate
    }
}

/// A heading's anchor, were it the only one: its letters (of any script) and digits in lower case,
/// all else as single hyphens, `section` where nothing is left. It never begins with `fn-` or
/// `fnref-`, as the anchors of footnotes do.
pub fn anchor(text: &str) -> String {
    let mut anchor = String::new();
    for c in text.chars() {
        if c.is_alphanumeric() {
            anchor.extend(c.to_lowercase());
        } else if !anchor.is_empty() && !anchor.ends_with('-') && c != '\'' && c != '’' {
            anchor.push('-');
        }
    }
    anchor.truncate(anchor.trim_end_matches('-').len());
    if anchor.is_empty() {
        anchor.push_str("section");
    }
    if anchor.starts_with("fn-") || anchor.starts_with("fnref-") {
        anchor.insert_str(0, "section-");
    }
    anchor
}

/// Counts over the text of a document.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    latin_words: u32,
    cjk: u32,
    characters: u32,
    code_lines: u32,
}

/// Counts once what the measures of [`Counts`] are made of.
pub fn count(document: &Document) -> Counts {
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

impl Counts {
    /// Words: those of scripts with spaces, and each CJK letter as one. Code blocks have none.
    pub fn words(self) -> u32 {
        self.latin_words + self.cjk
    }

    /// Unicode scalar values that are neither white space nor markup, code included.
    pub fn characters(self) -> u32 {
        self.characters
    }

    /// Minutes that reading takes, rounded up, at least 1.
    pub fn reading_minutes(self) -> u32 {
        let minutes = f64::from(self.latin_words) / f64::from(WORDS_PER_MINUTE)
            + f64::from(self.cjk) / f64::from(CJK_PER_MINUTE)
            + f64::from(self.code_lines) / f64::from(CODE_LINES_PER_MINUTE);
        (minutes.ceil() as u32).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::super::markdown::parse;
    use super::*;

    #[test]
    fn the_title_is_the_first_heading_of_level_one_or_else_the_first() {
        assert_eq!(title(&parse("## A\n\n# **B** `c`\n\n# D")), Some("B c".to_owned()));
        assert_eq!(title(&parse("### A\n\n## B")), Some("A".to_owned()));
        assert_eq!(title(&parse("#\n\ntext")), None);
    }

    #[test]
    fn the_outline_has_levels_two_and_three_with_the_pages_anchors() {
        let outline = outline(&parse("# A b\n\n## A b\n\n### 中文 标题！\n\n#### x\n\n## A b"));
        let entries: Vec<_> =
            outline.iter().map(|entry| (entry.level, entry.anchor.as_str())).collect();
        assert_eq!(entries, [(2, "a-b-2"), (3, "中文-标题"), (2, "a-b-3")]);
    }

    #[test]
    fn anchors_are_unique_and_keep_away_from_those_of_footnotes() {
        let mut anchors = Anchors::default();
        let all: Vec<String> =
            ["A", "a-2", "A", "a", "!", "?", "fn 1", "Don't"].map(|text| anchors.next(text)).into();
        assert_eq!(all, ["a", "a-2", "a-3", "a-4", "section", "section-2", "section-fn-1", "dont"]);
    }

    #[test]
    fn a_summary_is_cut_where_a_reader_would() {
        let text = "- item\n\nOne sentence here. Another **sentence** goes on for a while\n";
        assert_eq!(
            summary(&parse(text), 200),
            "One sentence here. Another sentence goes on for a while"
        );
        assert_eq!(summary(&parse(text), 30), "One sentence here.…");
        assert_eq!(summary(&parse("alpha beta gamma delta"), 14), "alpha beta…");
        assert_eq!(summary(&parse("流式输出很简单，文字一到就显示"), 8), "流式输出很简单…");
        assert_eq!(summary(&parse("# only a heading"), 10), "");
        for length in 1..20 {
            assert!(summary(&parse("ab cd。ef，gh ij"), length).chars().count() <= length);
        }
    }

    #[test]
    fn words_are_those_of_both_scripts_and_code_has_none() {
        let counts = count(&parse("Don't use `x_y` 中文，ok\n\n```\ncode here\n```\n"));
        assert_eq!(counts.words(), 6);
        assert_eq!(counts.characters(), 24);
    }

    #[test]
    fn reading_takes_at_least_a_minute_and_longer_for_more() {
        let minutes = |text: &str| count(&parse(text)).reading_minutes();
        assert_eq!(minutes(""), 1);
        assert_eq!(minutes(&"word ".repeat(460)), 2);
        assert_eq!(minutes(&"字".repeat(1200)), 3);
        assert_eq!(minutes(&format!("```\n{}```", "x\n".repeat(60))), 2);
    }
}
