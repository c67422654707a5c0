//! What the scripted upstream shall do, written into the prompt itself.
//!
//! The plan travels inside the topic, so that every gateway carries it without knowing of it, and
//! client and upstream compute the same text from it.

use std::fmt;

/// The length of every token in bytes: a token's index follows from the length of the text, even
/// where a gateway has joined several.
pub const TOKEN_BYTES: usize = 5;

/// The article's words. The last one ends a paragraph.
const WORDS: [&str; 24] = [
    "time ", "data ", "read ", "loop ", "task ", "lock ", "heap ", "page ", "byte ", "file ",
    "node ", "tree ", "sort ", "hash ", "call ", "code ", "type ", "with ", "from ", "into ",
    "that ", "each ", "then ", "so.\n\n",
];
/// Tokens in a paragraph.
const PARAGRAPH: u64 = 60;

/// How the upstream behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It sends every token and ends properly.
    Speak,
    /// It accepts the request and never answers, not even with a head.
    Mute,
    /// It sends its tokens, and then falls silent without an end.
    Halt,
}

/// One answer of the upstream.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Tells this stream from all others of the run; also the first token.
    pub key: u64,
    /// Milliseconds from the request to the first token.
    pub ttft_ms: u64,
    /// Milliseconds between tokens; 0 is full speed.
    pub gap_ms: u64,
    /// How many tokens.
    pub tokens: u64,
    /// How it ends.
    pub mode: Mode,
}

impl Plan {
    /// The plan in a request's body, if there is one.
    pub fn find(body: &[u8]) -> Option<Self> {
        let body = std::str::from_utf8(body).ok()?;
        let (_, rest) = body.split_once("plan-")?;
        let mut parts = rest.split('-');
        let mut number = || parts.next()?.parse().ok();
        let (key, ttft_ms, gap_ms, tokens) = (number()?, number()?, number()?, number()?);
        let mode = match parts.next()? {
            "speak" => Mode::Speak,
            "mute" => Mode::Mute,
            "halt" => Mode::Halt,
            _ => return None,
        };
        Some(Self { key, ttft_ms, gap_ms, tokens, mode })
    }

    /// Token number `index` of the text, from 0.
    pub fn token(&self, index: u64) -> Token {
        if index == 0 {
            return Token::Key(self.key % 10_000);
        }
        let last = WORDS.len() - 1;
        if index % PARAGRAPH == PARAGRAPH - 1 {
            return Token::Word(last);
        }
        Token::Word(((index * 7 + self.key) % last as u64) as usize)
    }

    /// How long the whole answer takes, in milliseconds.
    pub fn duration_ms(&self) -> u64 {
        self.ttft_ms + self.gap_ms * self.tokens.saturating_sub(1)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mode = match self.mode {
            Mode::Speak => "speak",
            Mode::Mute => "mute",
            Mode::Halt => "halt",
        };
        let Self { key, ttft_ms, gap_ms, tokens, .. } = self;
        write!(f, "plan-{key}-{ttft_ms}-{gap_ms}-{tokens}-{mode}-end")
    }
}

/// A token of a plan's text, [`TOKEN_BYTES`] long.
#[derive(Clone, Copy)]
pub enum Token {
    /// The first: the stream's key, so that text of another stream would be noticed.
    Key(u64),
    /// A word by its index.
    Word(usize),
}

impl Token {
    /// The text.
    pub fn text(self) -> String {
        match self {
            Self::Key(key) => format!("K{key:04}"),
            Self::Word(index) => WORDS[index].to_owned(),
        }
    }

    /// All words in the order of their indexes.
    pub fn words() -> impl Iterator<Item = Self> {
        (0..WORDS.len()).map(Self::Word)
    }

    /// Whether `bytes` are this token's bytes from `offset` on.
    pub fn matches(self, offset: usize, bytes: &[u8]) -> bool {
        match self {
            Self::Word(index) => WORDS[index].as_bytes()[offset..].starts_with(bytes),
            Self::Key(_) => self.text().as_bytes()[offset..].starts_with(bytes),
        }
    }
}
