//! The parts of links: labels, targets, titles, definitions.
//!
//! All functions read at a byte offset and answer [`Guess::Open`] where the end of the text came
//! too early and the text is not complete.

use super::entities::unescape;
use super::lines::Guess;

/// The longest label in bytes (the specification says 999 characters).
const LONGEST_LABEL: usize = 999;
/// Parentheses in a target nest at most so deep.
const DEEPEST_TARGET: usize = 32;

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub url: String,
    pub title: String,
}

fn early<T>(complete: bool) -> Guess<T> {
    if complete { Guess::No } else { Guess::Open }
}

/// Unwraps a guess, or returns from the function with what it is instead.
macro_rules! settle {
    ($guess:expr) => {
        match $guess {
            Guess::Yes(value) => value,
            Guess::No => return Guess::No,
            Guess::Open => return Guess::Open,
        }
    };
}

/// `[label]` at `at`: the raw label and the offset behind it. An empty label is found, too.
pub fn label(text: &str, at: usize, complete: bool) -> Guess<(&str, usize)> {
    let bytes = text.as_bytes();
    if bytes.get(at) != Some(&b'[') {
        return Guess::No;
    }
    let mut i = at + 1;
    loop {
        if i - at > LONGEST_LABEL {
            return Guess::No;
        }
        match bytes.get(i) {
            None => return early(complete),
            Some(b']') => return Guess::Yes((&text[at + 1..i], i + 1)),
            Some(b'[') => return Guess::No,
            Some(b'\\') if bytes.get(i + 1).is_some_and(u8::is_ascii_punctuation) => i += 2,
            Some(_) => i += 1,
        }
    }
}

/// Labels that are the same after this are the same; empty for a label without any text.
pub fn normalize(label: &str) -> String {
    let mut result = String::with_capacity(label.len());
    for word in label.split_whitespace() {
        if !result.is_empty() {
            result.push(' ');
        }
        // There and back again is case folding: it makes the same of ẞ, ß and SS.
        let upper = word.chars().flat_map(char::to_lowercase).flat_map(char::to_uppercase);
        result.extend(upper.flat_map(char::to_lowercase));
    }
    result
}

/// A link's target: `<…>`, or without spaces and with balanced parentheses.
fn destination(text: &str, at: usize, complete: bool) -> Guess<(String, usize)> {
    let bytes = text.as_bytes();
    let mut i = at;
    if bytes.get(at) == Some(&b'<') {
        i += 1;
        loop {
            match bytes.get(i) {
                None => return early(complete),
                Some(b'>') => return Guess::Yes((unescape(&text[at + 1..i]), i + 1)),
                Some(b'\n' | b'<') => return Guess::No,
                Some(b'\\') if bytes.get(i + 1).is_some_and(u8::is_ascii_punctuation) => i += 2,
                Some(_) => i += 1,
            }
        }
    }
    let mut depth = 0;
    loop {
        match bytes.get(i) {
            None if complete => break,
            None => return Guess::Open,
            Some(b'(') if depth == DEEPEST_TARGET => return Guess::No,
            Some(b'(') => depth += 1,
            Some(b')') if depth == 0 => break,
            Some(b')') => depth -= 1,
            Some(b'\\') if bytes.get(i + 1).is_some_and(u8::is_ascii_punctuation) => i += 1,
            Some(0..=b' ' | 0x7f) => break,
            Some(_) => {}
        }
        i += 1;
    }
    if depth > 0 { Guess::No } else { Guess::Yes((unescape(&text[at..i]), i)) }
}

/// `"…"`, `'…'` or `(…)`.
fn title(text: &str, at: usize, complete: bool) -> Guess<(String, usize)> {
    let bytes = text.as_bytes();
    let close = match bytes.get(at) {
        Some(b'(') => b')',
        Some(&quote @ (b'"' | b'\'')) => quote,
        _ => return Guess::No,
    };
    let mut i = at + 1;
    loop {
        match bytes.get(i) {
            None => return early(complete),
            Some(byte) if *byte == close => {
                return Guess::Yes((unescape(&text[at + 1..i]), i + 1));
            }
            Some(b'(') if close == b')' => return Guess::No,
            Some(b'\\') if bytes.get(i + 1).is_some_and(u8::is_ascii_punctuation) => i += 2,
            Some(_) => i += 1,
        }
    }
}

/// Behind spaces and at most one line break.
fn skip_space(text: &str, at: usize) -> usize {
    let mut lines = 0;
    text[at..]
        .bytes()
        .position(|byte| match byte {
            b'\n' => {
                lines += 1;
                lines > 1
            }
            byte => !matches!(byte, b' ' | b'\t'),
        })
        .map_or(text.len(), |length| at + length)
}

/// `(target "title")` at `at`.
pub fn inline_target(text: &str, at: usize, complete: bool) -> Guess<(Target, usize)> {
    let bytes = text.as_bytes();
    if bytes.get(at) != Some(&b'(') {
        return Guess::No;
    }
    let mut i = skip_space(text, at + 1);
    if i >= text.len() {
        return early(complete);
    }
    let mut target = Target { url: String::new(), title: String::new() };
    if bytes[i] != b')' {
        (target.url, i) = settle!(destination(text, i, complete));
        let behind = skip_space(text, i);
        if behind > i && matches!(bytes.get(behind), Some(b'"' | b'\'' | b'(')) {
            (target.title, i) = settle!(title(text, behind, complete));
            i = skip_space(text, i);
        } else {
            i = behind;
        }
    }
    match bytes.get(i) {
        Some(b')') => Guess::Yes((target, i + 1)),
        Some(_) => Guess::No,
        None => early(complete),
    }
}

/// Behind the end of the line, if nothing but spaces comes before it.
fn line_end(text: &str, at: usize, complete: bool) -> Guess<usize> {
    let length = text[at..].bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
    match text.as_bytes().get(at + length) {
        Some(b'\n') => Guess::Yes(at + length + 1),
        Some(_) => Guess::No,
        None if complete => Guess::Yes(at + length),
        None => Guess::Open,
    }
}

/// `[label]: target "title"` at the start of a paragraph: normalized label, target, and the offset
/// of the line behind it.
pub fn definition(text: &str, at: usize, complete: bool) -> Guess<(String, Target, usize)> {
    let (raw, mut i) = settle!(label(text, at, complete));
    let name = normalize(raw);
    match text.as_bytes().get(i) {
        None => return early(complete),
        Some(b':') if !name.is_empty() => i += 1,
        Some(_) => return Guess::No,
    }
    i = skip_space(text, i);
    if i >= text.len() {
        return early(complete);
    }
    let pointed = text.as_bytes()[i] == b'<';
    let (url, end) = settle!(destination(text, i, complete));
    if end == i && !pointed {
        return Guess::No;
    }
    let mut target = Target { url, title: String::new() };
    let behind = skip_space(text, end);
    if behind >= text.len() && !complete {
        return Guess::Open;
    }
    if behind > end && matches!(text.as_bytes().get(behind), Some(b'"' | b'\'' | b'(')) {
        match title(text, behind, complete) {
            Guess::Open => return Guess::Open,
            Guess::No => {}
            Guess::Yes((words, closed)) => match line_end(text, closed, complete) {
                Guess::Open => return Guess::Open,
                Guess::No => {}
                Guess::Yes(next) => {
                    target.title = words;
                    return Guess::Yes((name, target, next));
                }
            },
        }
    }
    let next = settle!(line_end(text, end, complete));
    Guess::Yes((name, target, next))
}
