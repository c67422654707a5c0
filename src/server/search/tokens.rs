//! How a text is taken apart.
//!
//! Characters are compared in Unicode's compatibility form (NFKC) and in lower case, so full width
//! equals half width. Scripts that put no spaces between words (Chinese, Japanese; Korean, whose
//! words carry endings) give one token for each position: that character and the next one, the
//! last of a run alone. Of everything else a run of letters and digits is a token. What is neither
//! separates.

use std::collections::VecDeque;
use std::iter::Peekable;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;

const NFKC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfkc();
const COMBINING: CanonicalCombiningClassMapBorrowed<'static> =
    CanonicalCombiningClassMapBorrowed::new();

/// The longest word, in characters; a longer one is several tokens. Longer than any query.
const WORD_MAX: usize = 300;
/// The longest letter with its marks, in source characters.
const CLUSTER_MAX: usize = 32;

/// A token and where in the text it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What is compared.
    pub text: String,
    /// The byte of the text where it begins.
    pub start: usize,
    /// The byte behind its first character.
    pub first_end: usize,
    /// The byte behind it.
    pub end: usize,
    /// Whether it stands for a position in a run without spaces, rather than for a word.
    pub positional: bool,
}

/// The tokens of a text, in order.
pub fn of(text: &str) -> impl Iterator<Item = Token> + '_ {
    Tokens { letters: Letters { text, at: 0, pending: VecDeque::new(), span: (0, 0) }.peekable() }
}

struct Tokens<'a> {
    letters: Peekable<Letters<'a>>,
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let letter = self.letters.next()?;
            if is_positional(letter.c) {
                let mut token = Token::begun(&letter, true);
                if let Some(next) = self.letters.peek().filter(|next| is_positional(next.c)) {
                    token.text.push(next.c);
                    token.end = next.end;
                }
                return Some(token);
            }
            if letter.c.is_alphanumeric() {
                let mut token = Token::begun(&letter, false);
                let mut length = 1;
                while length < WORD_MAX
                    && let Some(next) = self.letters.next_if(|next| continues_a_word(next.c))
                {
                    token.text.push(next.c);
                    token.end = next.end;
                    length += 1;
                }
                return Some(token);
            }
        }
    }
}

impl Token {
    fn begun(letter: &Letter, positional: bool) -> Self {
        Self {
            text: letter.c.to_string(),
            start: letter.start,
            first_end: letter.end,
            end: letter.end,
            positional,
        }
    }
}

/// A character as it is compared, and the bytes of the text that it came from.
#[derive(Clone, Copy)]
struct Letter {
    c: char,
    start: usize,
    end: usize,
}

struct Letters<'a> {
    text: &'a str,
    at: usize,
    /// What one cluster of the text became, as far as it was not taken yet.
    pending: VecDeque<char>,
    span: (usize, usize),
}

impl Iterator for Letters<'_> {
    type Item = Letter;

    fn next(&mut self) -> Option<Letter> {
        loop {
            let (start, end) = self.span;
            if let Some(c) = self.pending.pop_front() {
                return Some(Letter { c, start, end });
            }
            let start = self.at;
            let rest = self.text.get(start..)?;
            let mut chars = rest.chars();
            let first = chars.next()?;
            let mut end = start + first.len_utf8();
            for c in chars.take(CLUSTER_MAX) {
                if !extends(c) {
                    break;
                }
                end += c.len_utf8();
            }
            self.at = end;
            self.span = (start, end);
            let single = end - start == first.len_utf8();
            if single && first.is_ascii() {
                self.pending.push_back(first.to_ascii_lowercase());
            } else if single && ('\u{4E00}'..='\u{9FFF}').contains(&first) {
                self.pending.push_back(first);
            } else {
                let cluster = self.text.get(start..end)?;
                let seen = cluster.chars().filter(|c| !is_ignorable(*c));
                let composed = NFKC.normalize_iter(seen).flat_map(char::to_lowercase);
                // Greek writes its last sigma differently, but only in lower case.
                self.pending.extend(composed.map(|c| if c == 'ς' { 'σ' } else { c }));
            }
        }
    }
}

/// Whether a character belongs to the one before it.
fn extends(c: char) -> bool {
    !c.is_ascii()
        && !('\u{3400}'..='\u{9FFF}').contains(&c)
        && (is_mark(c)
            || is_ignorable(c)
            // Parts of Korean syllables, and the sound marks of half-width kana.
            || matches!(c, '\u{1160}'..='\u{11FF}' | '\u{D7B0}'..='\u{D7FF}' | '\u{FF9E}' | '\u{FF9F}'))
}

fn is_mark(c: char) -> bool {
    COMBINING.get_u8(c) != 0
}

/// What is not seen: soft hyphens, joiners, direction marks, variants of one character.
fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{E0100}'..='\u{E01EF}')
}

fn continues_a_word(c: char) -> bool {
    (c.is_alphanumeric() && !is_positional(c)) || is_mark(c)
}

/// Whether a character, in compatibility form, belongs to a script without spaces between words:
/// ideographs, kana, bopomofo, hangul.
fn is_positional(c: char) -> bool {
    matches!(u32::from(c),
        0x1100..=0x11FF | 0x3005..=0x3007 | 0x3021..=0x3029 | 0x3041..=0x3096 | 0x309D..=0x309F
        | 0x30A1..=0x30FA | 0x30FC..=0x312F | 0x31A0..=0x31BF | 0x31F0..=0x31FF | 0x3400..=0x4DBF
        | 0x4E00..=0x9FFF | 0xAC00..=0xD7A3 | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        of(text).map(|token| token.text).collect()
    }

    #[test]
    fn pairs_and_words_stand_side_by_side() {
        assert_eq!(
            texts("使用Redis缓存，node.js!"),
            ["使用", "用", "redis", "缓存", "存", "node", "js"]
        );
        assert_eq!(texts("一"), ["一"]);
        assert_eq!(texts("…—！"), [""; 0]);
    }

    #[test]
    fn width_case_and_composition_do_not_matter() {
        for (one, other) in [
            ("ＲＵＳＴ　２０２４", "rust 2024"),
            ("ｶﾞｲﾄﾞ", "ガイド"),
            ("cafe\u{301}", "CAFÉ"),
            ("ΟΔΟΣ", "οδος"),
            ("ﬁle", "file"),
            ("한국", "\u{1112}\u{1161}\u{11AB}\u{1100}\u{116E}\u{11A8}"),
            ("co\u{AD}operate", "cooperate"),
            ("葛\u{E0100}城", "葛城"),
        ] {
            assert_eq!(texts(one), texts(other), "{one} {other}");
        }
    }

    #[test]
    fn every_token_knows_where_it_stands() {
        let text = "Ｒust缓存 e\u{301}";
        let seen: Vec<_> = of(text).map(|token| &text[token.start..token.end]).collect();
        assert_eq!(seen, ["Ｒust", "缓存", "存", "e\u{301}"]);
        let first: Vec<_> = of(text).map(|token| &text[token.start..token.first_end]).collect();
        assert_eq!(first, ["Ｒ", "缓", "存", "e\u{301}"]);
    }

    #[test]
    fn a_word_of_any_length_comes_to_an_end() {
        let long = "a".repeat(1_000);
        assert_eq!(texts(&long).concat(), long);
        let marks = format!("a{}", "\u{301}".repeat(1_000));
        assert!(!texts(&marks).is_empty());
    }
}
