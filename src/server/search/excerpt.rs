//! What is shown of a hit: the place in the text, with the stretches that were searched for.

use std::collections::VecDeque;
use std::ops::Range;

use super::query::{Query, Term};
use super::tokens::{self, Token};
use crate::article::library::{Hit, Stretch};
use crate::article::measure::is_cjk;

/// How wide an excerpt is, in columns: a Chinese character takes two.
const WIDTH: usize = 180;
/// How much of a text is looked through for the first place, in bytes; a hit behind that is shown
/// without an excerpt.
const LOOKED_THROUGH: usize = 256 << 10;
/// How much of it stands before the first stretch, in columns.
const LEAD: usize = 40;

/// What of an article is shown for a query: the title with its hits, and the first place of the
/// text that has one.
pub fn hit(query: &Query, title: &str, text: &str) -> Hit {
    let marked = matches(query, title, |_| usize::MAX);
    // Most texts begin with their title, which is shown already.
    let text = text.strip_prefix(title).filter(|rest| rest.starts_with('\n')).unwrap_or(text);
    Hit { title: stretches(title, 0..title.len(), &marked), snippet: snippet(query, text) }
}

fn snippet(query: &Query, text: &str) -> Vec<Stretch> {
    let text = &text[..text.floor_char_boundary(LOOKED_THROUGH)];
    let marked = matches(query, text, |first| forward(text, first.start, WIDTH - LEAD));
    let Some(first) = marked.first() else { return Vec::new() };
    let start = backward(text, first.start, LEAD);
    let end = forward(text, first.start, WIDTH - LEAD).max(first.end);
    let mut shown = stretches(text, start..end, &marked);
    for stretch in &mut shown {
        stretch.text = stretch.text.replace('\n', " ");
    }
    // What begins with its paragraph is not cut.
    if start > 0 && !text[..start].ends_with('\n') {
        shown.insert(0, Stretch { text: "…".to_owned(), hit: false });
    }
    if end < text.trim_end().len() {
        shown.push(Stretch { text: "…".to_owned(), hit: false });
    }
    merged(shown)
}

/// The places of all terms in a text, in order, without overlaps. Once the first is found, `until`
/// says where to stop looking.
fn matches(query: &Query, text: &str, until: impl Fn(&Range<usize>) -> usize) -> Vec<Range<usize>> {
    let longest = query.terms.iter().map(|term| term.tokens.len()).max().unwrap_or(0);
    let mut window: VecDeque<Token> = VecDeque::with_capacity(longest + 1);
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut limit = usize::MAX;
    for token in tokens::of(text) {
        if token.start >= limit {
            break;
        }
        window.push_back(token);
        if window.len() > longest {
            window.pop_front();
        }
        for term in &query.terms {
            if let Some(range) = ends_here(term, &window) {
                if found.is_empty() {
                    limit = until(&range);
                }
                found.push(range);
            }
        }
    }
    found.sort_by_key(|range| range.start);
    let mut joined: Vec<Range<usize>> = Vec::new();
    for range in found {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// Where a term stands that the last token of the window completes.
fn ends_here(term: &Term, window: &VecDeque<Token>) -> Option<Range<usize>> {
    let from = window.len().checked_sub(term.tokens.len())?;
    let (last, tail) = (window.back()?, term.tokens.last()?);
    let complete = if term.prefix { last.text.starts_with(tail) } else { last.text == *tail };
    let rest = term.tokens.len() - 1;
    let same =
        || window.iter().skip(from).zip(&term.tokens[..rest]).all(|(seen, it)| seen.text == *it);
    (complete && same()).then(|| {
        let end = if term.prefix && last.positional { last.first_end } else { last.end };
        window.get(from).map_or(end, |first| first.start)..end
    })
}

fn columns(c: char) -> usize {
    if is_cjk(c) { 2 } else { 1 }
}

/// The place at most `width` columns behind `from`, not within a word.
fn forward(text: &str, from: usize, width: usize) -> usize {
    let mut left = width;
    let mut cut = None;
    for (at, c) in text[from..].char_indices() {
        if c.is_whitespace() || is_cjk(c) {
            cut = Some(from + at);
        }
        match left.checked_sub(columns(c)) {
            Some(less) => left = less,
            // A word that fills everything is cut.
            None => return cut.filter(|cut| *cut > from).unwrap_or(from + at),
        }
    }
    text.trim_end().len().max(from)
}

/// The place at most `width` columns before `from`, not within a word.
fn backward(text: &str, from: usize, width: usize) -> usize {
    let mut left = width;
    let mut cut = None;
    for (at, c) in text[..from].char_indices().rev() {
        // A new paragraph is a good place to begin.
        if c == '\n' {
            return at + 1;
        }
        if c.is_whitespace() || is_cjk(c) {
            cut = Some(at + c.len_utf8());
        }
        match left.checked_sub(columns(c)) {
            Some(less) => left = less,
            None => return cut.unwrap_or(at + c.len_utf8()),
        }
    }
    0
}

fn stretches(text: &str, shown: Range<usize>, marked: &[Range<usize>]) -> Vec<Stretch> {
    let mut stretches = Vec::new();
    let mut at = shown.start;
    let mut push = |range: Range<usize>, hit| {
        if let Some(text) = text.get(range).filter(|text| !text.is_empty()) {
            stretches.push(Stretch { text: text.to_owned(), hit });
        }
    };
    for range in marked {
        if range.start >= shown.end {
            break;
        }
        let end = range.end.min(shown.end);
        push(at..range.start, false);
        push(range.start.max(at)..end, true);
        at = end;
    }
    push(at..shown.end, false);
    stretches
}

/// Neighbours of one kind become one.
fn merged(stretches: Vec<Stretch>) -> Vec<Stretch> {
    let mut merged: Vec<Stretch> = Vec::with_capacity(stretches.len());
    for stretch in stretches {
        match merged.last_mut() {
            Some(last) if last.hit == stretch.hit => last.text.push_str(&stretch.text),
            _ => merged.push(stretch),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The stretches, hits in brackets.
    fn shown(stretches: &[Stretch]) -> String {
        stretches
            .iter()
            .map(|it| if it.hit { format!("[{}]", it.text) } else { it.text.clone() })
            .collect()
    }

    fn hit_of(query: &str, title: &str, text: &str) -> (String, String) {
        let query = Query::parse(query).unwrap().unwrap();
        let hit = hit(&query, title, text);
        (shown(&hit.title), shown(&hit.snippet))
    }

    #[test]
    fn exactly_what_was_searched_for_is_marked() {
        for (query, text, expected) in [
            ("缓存", "使用Redis缓存，缓 存", "使用Redis[缓存]，缓 存"),
            ("缓", "使用缓存", "使用[缓]存"),
            ("redis缓", "使用Ｒedis缓存", "使用[Ｒedis缓]存"),
            ("rust", "Rusts are no ＲＵＳＴ", "Rusts are no [ＲＵＳＴ]"),
            ("kube*", "A Kubernetes probe", "A [Kubernetes] probe"),
            ("\"b c\"", "b a b c", "b a [b c]"),
            ("缓存池 存池化", "缓存池化", "[缓存池化]"),
            ("<b>", "a <b> c", "a <[b]> c"),
            ("nowhere", "here", ""),
        ] {
            assert_eq!(hit_of(query, "", text).1, expected, "{query}");
        }
        assert_eq!(hit_of("锁", "读写锁与锁", "").0, "读写[锁]与[锁]");
        let repeated = hit_of("锁", "锁", "锁\n一把锁。\n");
        assert_eq!(repeated, ("[锁]".to_owned(), "一把[锁]。".to_owned()));
        assert_eq!(hit_of("锁", "锁", "锁\n没有。\n").1, "");
    }

    #[test]
    fn an_excerpt_is_short_and_cuts_no_word() {
        let words = (0..400).map(|i| format!("word{i} ")).collect::<String>();
        let (_, snippet) = hit_of("word200", "", &words);
        assert!(snippet.starts_with("…word19"), "{snippet}");
        assert!(snippet.contains(" [word200] "), "{snippet}");
        assert!(snippet.ends_with('…') && snippet.chars().count() < 200, "{snippet}");
        let chinese = "甲乙丙丁".repeat(200) + "锁" + &"戊己庚辛".repeat(200);
        let (_, snippet) = hit_of("锁", "", &chinese);
        assert!(snippet.contains("丁[锁]戊"), "{snippet}");
        assert!(snippet.chars().count() < 100, "{snippet}");
        let (_, snippet) = hit_of("x*", "", &format!("{}\nnext", "x".repeat(5_000)));
        assert!(snippet.ends_with('…'), "{}", snippet.len());
    }
}
