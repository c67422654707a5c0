//! Takes HTML apart, as far as it is there (WHATWG HTML, 13.2.5).
//!
//! What cannot be understood yet, the beginning of a tag, a comment or a character reference, waits
//! for more. A tag of which much is there already is looked at again only when it has grown by a
//! quarter, so that reading it is linear in its length.

use super::super::markdown::entities::{Reference, reference};
use super::super::markdown::raw::is_dropped;
use super::tree::Tree;

/// So often more of it is read again because an end may have come.
const HOPES: u32 = 16;
/// The attributes that mean something.
const KEPT: &[&str] =
    &["align", "alt", "checked", "class", "href", "src", "start", "style", "title", "type"];
/// So much of a tag is read again with every letter.
const PATIENCE: usize = 256;

/// A start tag.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StartTag {
    /// In small letters.
    pub name: String,
    /// It ends with `/>`.
    pub empty: bool,
    /// Those that mean something, in small letters; the first of a name counts.
    attributes: Vec<(String, String)>,
}

impl StartTag {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What the text is taken for.
#[derive(Debug, Default)]
enum Mode {
    #[default]
    Data,
    /// Everything up to the end tag of this element goes.
    Dropped(String),
    /// Everything goes.
    Over,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Tokenizer {
    mode: Mode,
    /// What waits for more.
    waiting: String,
    /// How long that was when it was last looked at.
    tried: usize,
    /// How often it was looked at because an end might have come.
    hopes: u32,
    work: u64,
}

impl Tokenizer {
    pub fn work(&self) -> u64 {
        self.work
    }

    pub fn push(&mut self, text: &str, tree: &mut Tree) {
        self.waiting.push_str(text);
        let (length, tried) = (self.waiting.len(), self.tried);
        // Everything that waits ends with one.
        let hopeful = self.hopes < HOPES && text.contains('>');
        self.hopes += u32::from(hopeful);
        if hopeful || length < PATIENCE || length > tried + tried / 4 {
            self.read(false, tree);
        }
    }

    pub fn finish(&mut self, tree: &mut Tree) {
        self.read(true, tree);
    }

    fn read(&mut self, complete: bool, tree: &mut Tree) {
        let text = std::mem::take(&mut self.waiting);
        self.work += text.len() as u64;
        let mut at = 0;
        while at < text.len() {
            let rest = &text[at..];
            match &self.mode {
                Mode::Over => at = text.len(),
                Mode::Dropped(name) => match end_tag(rest, name) {
                    EndTag::Whole(length) => {
                        at += length;
                        self.mode = Mode::Data;
                    }
                    // All before it is done with.
                    EndTag::Begins(from) if !complete => {
                        at += from;
                        break;
                    }
                    EndTag::Begins(_) => at = text.len(),
                },
                Mode::Data => match self.data(rest, complete, tree) {
                    Some(length) => at += length,
                    None => break,
                },
            }
        }
        self.waiting.push_str(&text[at..]);
        self.tried = self.waiting.len();
        if at > 0 {
            self.hopes = 0;
        }
    }

    /// Reads one token; gives its length, or nothing where more has to come.
    fn data(&mut self, rest: &str, complete: bool, tree: &mut Tree) -> Option<usize> {
        let plain = rest.find(['<', '&']).unwrap_or(rest.len());
        if plain > 0 {
            tree.text(&rest[..plain]);
            return Some(plain);
        }
        if rest.starts_with('&') {
            return match reference(rest, complete) {
                Reference::Found(c, length) => {
                    let c = if c == '\r' { '\n' } else { c };
                    tree.text(c.encode_utf8(&mut [0; 4]));
                    Some(length)
                }
                Reference::More => None,
                Reference::None => {
                    tree.text("&");
                    Some(1)
                }
            };
        }
        let literal = |tree: &mut Tree| {
            tree.text("<");
            Some(1)
        };
        match rest.as_bytes().get(1) {
            None if complete => literal(tree),
            None => None,
            Some(b'!') => behind_declaration(rest, complete),
            Some(b'?') => behind(rest, ">", complete),
            Some(b'/') => match rest.as_bytes().get(2) {
                None if complete => {
                    tree.text("</");
                    Some(2)
                }
                None => None,
                Some(letter) if letter.is_ascii_alphabetic() => match tag(rest, 2) {
                    Some((tag, length)) => {
                        tree.end(&tag.name);
                        Some(length)
                    }
                    _ => complete.then_some(rest.len()),
                },
                // A comment by mistake.
                Some(_) => behind(rest, ">", complete),
            },
            Some(letter) if letter.is_ascii_alphabetic() => match tag(rest, 1) {
                Some((tag, length)) => {
                    if tag.name == "plaintext" {
                        self.mode = Mode::Over;
                    } else if tag.empty && matches!(tag.name.as_str(), "svg" | "math") {
                        // Of these alone browsers take it for the whole element.
                    } else if is_dropped(&tag.name) {
                        self.mode = Mode::Dropped(tag.name);
                    } else {
                        tree.start(&tag);
                    }
                    Some(length)
                }
                // What ends within a tag is not shown.
                _ => complete.then_some(rest.len()),
            },
            Some(_) => literal(tree),
        }
    }
}

/// Behind the first `end`; all of it where there is none and none comes.
fn behind(text: &str, end: &str, complete: bool) -> Option<usize> {
    match text.find(end) {
        Some(at) => Some(at + end.len()),
        None => complete.then_some(text.len()),
    }
}

/// Behind a comment, a document type or the like.
fn behind_declaration(text: &str, complete: bool) -> Option<usize> {
    let Some(comment) = text.strip_prefix("<!--") else {
        if !complete && "<!--".starts_with(text) {
            return None;
        }
        return behind(text, ">", complete);
    };
    for short in [">", "->"] {
        if comment.starts_with(short) {
            return Some(4 + short.len());
        }
        if !complete && short.starts_with(comment) {
            return None;
        }
    }
    let ends = ["-->", "--!>"].into_iter().filter_map(|end| Some(comment.find(end)? + end.len()));
    match ends.min() {
        Some(end) => Some(4 + end),
        None => complete.then_some(text.len()),
    }
}

/// Where the end tag of an element whose content is dropped is.
enum EndTag {
    /// It ends at this offset.
    Whole(usize),
    /// It may begin at this offset; nowhere before.
    Begins(usize),
}

fn end_tag(text: &str, name: &str) -> EndTag {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(at) = text[from..].find('<').map(|at| from + at) {
        let there = &bytes[at + 1..];
        let begins = |byte: usize, expected: u8| {
            there.get(byte).is_none_or(|byte| byte.eq_ignore_ascii_case(&expected))
        };
        let named = begins(0, b'/') && (1..).zip(name.bytes()).all(|(at, byte)| begins(at, byte));
        let behind = there.get(1 + name.len());
        let ends =
            matches!(behind, None | Some(b'\t' | b'\n' | b'\x0c' | b'\r' | b' ' | b'/' | b'>'));
        if named && ends {
            let whole = behind.and_then(|_| tag(&text[at..], 2));
            return whole.map_or(EndTag::Begins(at), |(_, length)| EndTag::Whole(at + length));
        }
        from = at + 1;
    }
    EndTag::Begins(text.len())
}

/// The tag whose name begins at `at`, and the offset behind it; nothing where more has to come.
fn tag(text: &str, at: usize) -> Option<(StartTag, usize)> {
    let bytes = text.as_bytes();
    let is_space = |byte: u8| matches!(byte, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ');
    let length = |from: usize, is_in: &dyn Fn(u8) -> bool| {
        bytes[from..].iter().take_while(|byte| is_in(**byte)).count()
    };
    let mut i = at + length(at, &|byte| !is_space(byte) && !matches!(byte, b'/' | b'>'));
    let name = text[at..i].to_ascii_lowercase();
    let mut tag = StartTag { name, empty: false, attributes: Vec::new() };
    loop {
        let between = length(i, &|byte| is_space(byte) || byte == b'/');
        i += between;
        match bytes.get(i) {
            None => return None,
            Some(b'>') => {
                tag.empty = between > 0 && bytes[i - 1] == b'/';
                return Some((tag, i + 1));
            }
            Some(_) => {}
        }
        // A name may begin with an equals sign.
        let name_end =
            i + 1 + length(i + 1, &|byte| !is_space(byte) && !matches!(byte, b'/' | b'>' | b'='));
        let name = text[i..name_end].to_ascii_lowercase();
        i = name_end + length(name_end.min(bytes.len()), &is_space);
        let mut value = String::new();
        if bytes.get(i) == Some(&b'=') {
            i += 1;
            i += length(i, &is_space);
            match bytes.get(i) {
                None => return None,
                Some(quote @ (b'"' | b'\'')) => {
                    let end = bytes[i + 1..].iter().position(|byte| byte == quote)?;
                    value = decoded(&text[i + 1..i + 1 + end]);
                    i += end + 2;
                }
                Some(b'>') => {}
                Some(_) => {
                    let end = i + length(i, &|byte| !is_space(byte) && byte != b'>');
                    value = decoded(&text[i..end]);
                    i = end;
                }
            }
        }
        if KEPT.contains(&name.as_str()) && tag.attribute(&name).is_none() {
            tag.attributes.push((name, value));
        }
    }
}

/// An attribute's value with its references replaced.
fn decoded(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        value.push_str(&rest[..at]);
        rest = &rest[at..];
        match reference(rest, true) {
            Reference::Found(c, length) => {
                value.push(c);
                rest = &rest[length..];
            }
            _ => {
                value.push('&');
                rest = &rest[1..];
            }
        }
    }
    value.push_str(rest);
    value
}
