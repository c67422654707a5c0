//! The scanner of running text: everything but brackets and tags, which are in
//! [`super::brackets`].

use super::super::document::Inline;
use super::super::measure::is_cjk;
use super::bare::{Bare, bare_mail, bare_url, mailbox};
use super::brackets::{Bracket, BracketKind};
use super::emphasis::{Run, Stack};
use super::entities::{self, Reference};
use super::inlines::{Reading, WINDOW};
use super::lines::{Guess, run, trim_end};
use super::pieces::Piece;
use super::references::References;

/// A settled place.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    pub(super) position: usize,
    /// How many pieces lie before it, a text that goes on over it not counted.
    pub(super) pieces: usize,
}

pub(super) struct Scanner<'a> {
    pub(super) text: &'a str,
    pub(super) reading: Reading,
    pub(super) references: &'a References,
    pub(super) position: usize,
    /// Where reading stops: the end of the text or of the window.
    pub(super) end: usize,
    /// Whether nothing behind `end` can change how the text before it reads.
    pub(super) complete: bool,
    /// Where the text that is not a piece yet begins.
    pub(super) plain: usize,
    pub(super) pieces: Vec<Piece>,
    /// Runs that are not paired yet, because a bracket before them is open.
    pub(super) runs: Vec<usize>,
    pub(super) stack: Stack,
    pub(super) brackets: Vec<Bracket>,
    pub(super) mark: Mark,
    /// Runs of back-ticks, by their length: where they begin, in order. Filled when first needed.
    pub(super) ticks: Option<Vec<(usize, usize)>>,
    pub(super) missing: Vec<(usize, String)>,
    /// No mail address begins before this place; so no word is searched twice for one.
    pub(super) no_mail_before: usize,
    /// How many pieces there were behind the last one that is certainly seen.
    pub(super) visible: usize,
    /// The rest is held back.
    pub(super) held: bool,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(
        text: &'a str,
        from: usize,
        reading: Reading,
        references: &'a References,
    ) -> Self {
        let mut scanner = Self {
            text,
            reading,
            references,
            position: from,
            end: from,
            complete: false,
            plain: from,
            pieces: Vec::new(),
            runs: Vec::new(),
            stack: Stack::default(),
            brackets: Vec::new(),
            mark: Mark { position: from, pieces: 0 },
            ticks: None,
            missing: Vec::new(),
            no_mail_before: from,
            visible: 0,
            held: false,
        };
        scanner.open_window(from);
        scanner
    }

    pub(super) fn open_window(&mut self, from: usize) {
        let mut end = (from + WINDOW).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        self.end = end;
        self.complete = self.reading.last || end < self.text.len();
    }

    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied().filter(|_| at < self.end)
    }

    pub(super) fn window(&self) -> &'a str {
        &self.text[..self.end]
    }

    pub(super) fn scan(&mut self) {
        while !self.held {
            let Some(byte) = self.byte(self.position) else {
                if self.end == self.text.len() {
                    break;
                }
                self.force();
                continue;
            };
            match byte {
                b'\n' => self.line_break(),
                b' ' | b'\t' => {
                    self.settle();
                    self.position += 1;
                }
                b'<' => self.angle(),
                b'&' => self.entity(),
                _ if !self.reading.markdown => self.plain(byte),
                b'\\' => self.escape(),
                b'`' => self.code(),
                b'*' | b'_' | b'~' => self.run(byte),
                b'!' => self.exclamation(),
                b'[' => self.bracket(BracketKind::Link, "["),
                b']' => self.close_bracket(),
                _ => self.plain(byte),
            }
        }
        let rest = trim_end(&self.text[self.plain..self.position]);
        self.push_text(self.plain + rest.len());
        if self.reading.last {
            self.pair();
        } else {
            self.show_unfinished();
        }
    }

    /// Makes a piece of the plain text up to `to`.
    pub(super) fn push_text(&mut self, to: usize) {
        if to > self.plain {
            self.pieces.push(Piece::Text(self.plain..to));
        }
        self.plain = to;
    }

    /// Ends the plain text here and goes on behind `length` bytes.
    pub(super) fn push(&mut self, piece: Piece, length: usize) {
        self.push_text(self.position);
        self.pieces.push(piece);
        self.position += length;
        self.plain = self.position;
    }

    /// The last piece is certainly seen.
    pub(super) fn is_visible(&mut self) {
        self.visible = self.pieces.len();
    }

    /// The end of the text came too early to know what stands here: shows nothing of it.
    pub(super) fn hold(&mut self) {
        self.held = true;
    }

    /// Pairs the runs, if no bracket is open.
    pub(super) fn pair(&mut self) {
        for index in std::mem::take(&mut self.runs) {
            self.stack.take(index, &mut self.pieces);
        }
    }

    /// Marks the place as settled where it is.
    pub(super) fn settle(&mut self) {
        // Only behind what is certainly seen: then nothing before the mark is ever trimmed.
        let before = self.text.as_bytes()[..self.position].last();
        let behind_text =
            self.position > self.plain && !matches!(before, Some(b' ' | b'\t' | b'\n'));
        let behind_piece = self.position == self.plain && self.visible == self.pieces.len();
        if !(behind_text || behind_piece) || !self.brackets.is_empty() {
            return;
        }
        self.pair();
        if self.stack.is_empty() {
            self.mark = Mark { position: self.position, pieces: self.pieces.len() };
            self.open_window(self.position);
        }
    }

    /// The window is full: what still waits for its other half is text.
    pub(super) fn force(&mut self) {
        self.brackets.clear();
        self.pair();
        self.stack.drain();
        self.push_text(self.position);
        self.mark = Mark { position: self.position, pieces: self.pieces.len() };
        self.open_window(self.position);
    }

    pub(super) fn plain(&mut self, byte: u8) {
        if byte.is_ascii_alphanumeric() {
            if self.reading.markdown && self.brackets.is_empty() && self.bare_link() {
                return;
            }
            let word = self.text.as_bytes()[self.position..self.end]
                .iter()
                .take_while(|b| b.is_ascii_alphanumeric())
                .count();
            self.position += word;
            return;
        }
        let Some(c) = self.text[self.position..].chars().next() else { return };
        if is_cjk(c) {
            self.settle();
        }
        self.position += c.len_utf8();
    }

    /// Reads a bare URL or mail address, if a word begins here and is one.
    pub(super) fn bare_link(&mut self) -> bool {
        let before = self.text.as_bytes()[..self.position].last();
        if before.is_some_and(|b| b.is_ascii_alphanumeric() || b".+-".contains(b)) {
            return false;
        }
        let at = self.position;
        let found = match bare_url(self.window(), at, self.complete) {
            Guess::Open => {
                // It reaches to the end. Nothing in it is settled, and marks at its end may close
                // something.
                let url = &self.text[at..self.end];
                self.position += url.trim_end_matches(['*', '_', '~']).len();
                self.hold();
                return true;
            }
            Guess::No if at >= self.no_mail_before => {
                let body = &self.text[at..self.end];
                let length = mailbox(body);
                self.no_mail_before = at + length;
                bare_mail(body, length, self.complete)
            }
            found => found,
        };
        let Guess::Yes(Bare { length, prefix }) = found else { return false };
        let shown = &self.text[at..at + length];
        let link = Inline::Link {
            href: Some(format!("{prefix}{shown}")),
            title: String::new(),
            children: vec![Inline::Text(shown.to_owned())],
        };
        self.push(Piece::Inline(link), length);
        self.is_visible();
        true
    }

    pub(super) fn line_break(&mut self) {
        self.settle();
        if self.position + 1 >= self.end && !self.complete {
            return self.hold();
        }
        let line = &self.text[self.plain..self.position];
        let shown = line.trim_end_matches([' ', '\t']);
        let hard = self.reading.markdown && line.ends_with("  ");
        let at = self.position;
        self.push_text(self.plain + shown.len());
        self.pieces.push(match hard {
            true => Piece::Inline(Inline::HardBreak),
            false if self.reading.markdown => Piece::SoftBreak,
            false => Piece::Gap,
        });
        let indent = self.text.as_bytes()[at + 1..self.end]
            .iter()
            .take_while(|b| matches!(b, b' ' | b'\t'))
            .count();
        self.position = at + 1 + indent;
        self.plain = self.position;
    }

    pub(super) fn escape(&mut self) {
        match self.byte(self.position + 1) {
            None if !self.complete => self.hold(),
            Some(b'\n') => {
                if self.position + 2 >= self.end && !self.complete {
                    return self.hold();
                }
                self.push(Piece::Inline(Inline::HardBreak), 2);
            }
            Some(next) if next.is_ascii_punctuation() => {
                self.push_text(self.position);
                self.plain = self.position + 1;
                self.position += 2;
            }
            _ => self.position += 1,
        }
    }

    pub(super) fn entity(&mut self) {
        match entities::reference(&self.text[self.position..self.end], self.complete) {
            Reference::Found(c, length) => {
                self.push(Piece::Spelled(c.to_string()), length);
                self.is_visible();
            }
            Reference::None => self.position += 1,
            Reference::More => self.hold(),
        }
    }

    pub(super) fn code(&mut self) {
        let at = self.position;
        let length = run(&self.text[at..self.end], b'`');
        if at + length == self.end && !self.complete {
            return self.hold();
        }
        if let Some(close) = self.closing_ticks(at + length, length) {
            let code = code_text(&self.text[at + length..close]);
            self.push(Piece::Inline(Inline::Code(code)), close + length - at);
            return self.is_visible();
        }
        if self.complete {
            self.position += length;
            return;
        }
        let rest = self.text[at + length..self.end].trim_end_matches('`');
        let code = code_text(rest.trim_end_matches([' ', '\n']));
        if !code.is_empty() {
            self.push(Piece::Inline(Inline::Code(code)), 0);
        }
        self.hold();
    }

    /// The next run of exactly `length` back-ticks from `from` on that is known to end.
    pub(super) fn closing_ticks(&mut self, from: usize, length: usize) -> Option<usize> {
        let text = self.text;
        let last = self.reading.last;
        let ticks = self.ticks.get_or_insert_with(|| {
            let mut ticks = Vec::new();
            let mut at = from;
            while let Some(found) = text[at..].find('`') {
                let begin = at + found;
                let length = run(&text[begin..], b'`');
                at = begin + length;
                if at < text.len() || last {
                    ticks.push((length, begin));
                }
            }
            ticks.sort_unstable();
            ticks
        });
        let index = ticks.partition_point(|tick| *tick < (length, from));
        ticks
            .get(index)
            .filter(|(found, begin)| *found == length && begin + length <= self.end)
            .map(|(_, begin)| *begin)
    }

    pub(super) fn run(&mut self, mark: u8) {
        let at = self.position;
        let length = run(&self.text[at..self.end], mark);
        if at + length == self.end && !self.complete {
            return self.hold();
        }
        let before = self.text[..at].chars().next_back().unwrap_or('\n');
        let after = self.text[at + length..].chars().next().unwrap_or('\n');
        let run = Run::new(mark, length, before, after);
        if !run.opens && !run.closes {
            self.position += length;
            return;
        }
        self.push(Piece::Run(run), length);
        self.runs.push(self.pieces.len() - 1);
    }
}

/// A code span's text: line breaks are spaces, and one space is taken from both ends.
fn code_text(source: &str) -> String {
    let text = source.replace('\n', " ");
    match text.strip_prefix(' ').and_then(|rest| rest.strip_suffix(' ')) {
        Some(inner) if !inner.trim_matches(' ').is_empty() => inner.to_owned(),
        _ => text,
    }
}
