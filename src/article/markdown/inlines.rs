//! Running text: from the source of a leaf to inlines, from a settled place on.
//!
//! A place is *settled* when no mark before it waits for its other half: whatever follows, what
//! comes before it reads the same. A caller that keeps what is settled reads only the rest again
//! when more text comes. Whether a place is settled depends on the text before it alone, so every
//! cutting of the text settles the same places.
//!
//! What lies between two settled places is at most [`WINDOW`] bytes long: marks that wait longer
//! than that are text. So the work per byte is bounded whatever is written.

use super::super::document::Inline;
use super::super::measure::is_cjk;
use super::bare::{Bare, bare_mail, bare_url, mailbox};
use super::emphasis::{Run, Stack};
use super::entities::{self, Reference};
use super::lines::{Guess, run, trim_end};
use super::links::{self, Target, normalize};
use super::pieces::{Opened, Piece, append_text, tree};
use super::raw::{self, Angle};
use super::references::{Notices, References};
use super::super::document::HtmlInline;

/// The farthest that two halves of one construct can be apart, in bytes.
pub const WINDOW: usize = 4096;

/// How a text is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// Nothing will be added to the text.
    pub last: bool,
    /// False in a block of raw HTML, where only tags and character references mean anything.
    pub markdown: bool,
    /// Nothing that is shown comes before the text.
    pub lead: bool,
}

/// What was read.
#[derive(Debug)]
pub struct Read {
    /// Inlines that stay as they are, whatever follows; only a text at their end may grow.
    pub settled: Vec<Inline>,
    /// Where they end in the text, in bytes.
    pub settled_to: usize,
    /// The rest, as it is shown for the time being.
    pub open: Vec<Inline>,
    /// What the settled part refers to.
    pub notices: Notices,
}

/// Reads `text` from the settled place `from` on.
pub fn read(text: &str, from: usize, reading: Reading, references: &mut References) -> Read {
    let mut scanner = Scanner::new(text, from, reading, references);
    scanner.scan();
    let Scanner { pieces, mark, missing, .. } = scanner;
    let (mut before, mut after) = (pieces, Vec::new());
    let mut settled_to = text.len();
    if !reading.last {
        settled_to = mark.position;
        after = before.split_off(mark.pieces.min(before.len()));
        if let Some(Piece::Text(range)) = after.first_mut()
            && range.start < settled_to
        {
            before.push(Piece::Text(range.start..settled_to.min(range.end)));
            range.start = settled_to.min(range.end);
        }
    }
    let mut notices = Notices::default();
    notices.missing =
        missing.into_iter().filter(|(at, _)| *at < settled_to).map(|(_, label)| label).collect();
    let notes = &mut notices.notes;
    let settled = tree(text, before.into_iter(), reading.lead, true, |label| {
        let (written, number) = references.number(label);
        notes.push((label.to_owned(), number));
        (written, number)
    });
    let mut seen = Vec::new();
    let lead = reading.lead && settled.is_empty();
    let open = tree(text, after.into_iter(), lead, false, |label| {
        references.likely_number(label, &mut seen)
    });
    Read { settled, settled_to, open, notices }
}

/// Joins what is settled and what is open to one list.
pub fn join(mut settled: Vec<Inline>, open: &[Inline]) -> Vec<Inline> {
    let mut open = open.iter();
    if let Some(first) = open.next() {
        match first {
            Inline::Text(text) => append_text(&mut settled, text),
            other => settled.push(other.clone()),
        }
    }
    settled.extend(open.cloned());
    settled
}

/// A settled place.
#[derive(Clone, Copy)]
struct Mark {
    position: usize,
    /// How many pieces lie before it, a text that goes on over it not counted.
    pieces: usize,
}

/// A bracket or a tag that waits for its other half.
struct Bracket {
    /// Its index among the pieces.
    piece: usize,
    /// How many runs lie before it.
    runs: usize,
    /// Where its content begins.
    content: usize,
    kind: BracketKind,
    /// False for a link around a link.
    active: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum BracketKind {
    Link,
    Image,
    Html(HtmlInline),
}

struct Scanner<'a> {
    text: &'a str,
    reading: Reading,
    references: &'a References,
    position: usize,
    /// Where reading stops for now: the end of the text or of the window.
    end: usize,
    /// Whether nothing behind `end` can change how the text before it reads.
    complete: bool,
    /// Where the text that is not a piece yet begins.
    plain: usize,
    pieces: Vec<Piece>,
    /// Runs that are not paired yet, because a bracket before them is open.
    runs: Vec<usize>,
    stack: Stack,
    brackets: Vec<Bracket>,
    mark: Mark,
    /// Runs of back-ticks, by their length: where they begin, in order. Filled when first needed.
    ticks: Option<Vec<(usize, usize)>>,
    missing: Vec<(usize, String)>,
    /// No mail address begins before this place; so no word is searched twice for one.
    no_mail_before: usize,
    /// How many pieces there were behind the last one that is certainly seen.
    visible: usize,
    /// The rest is held back.
    held: bool,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, from: usize, reading: Reading, references: &'a References) -> Self {
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

    fn open_window(&mut self, from: usize) {
        let mut end = (from + WINDOW).min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        self.end = end;
        self.complete = self.reading.last || end < self.text.len();
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied().filter(|_| at < self.end)
    }

    fn window(&self) -> &'a str {
        &self.text[..self.end]
    }

    fn scan(&mut self) {
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
    fn push_text(&mut self, to: usize) {
        if to > self.plain {
            self.pieces.push(Piece::Text(self.plain..to));
        }
        self.plain = to;
    }

    /// Ends the plain text here and goes on behind `length` bytes.
    fn push(&mut self, piece: Piece, length: usize) {
        self.push_text(self.position);
        self.pieces.push(piece);
        self.position += length;
        self.plain = self.position;
    }

    /// The last piece is certainly seen.
    fn is_visible(&mut self) {
        self.visible = self.pieces.len();
    }

    /// The end of the text came too early to know what stands here: shows nothing of it.
    fn hold(&mut self) {
        self.held = true;
    }

    /// Pairs the runs, if no bracket is open.
    fn pair(&mut self) {
        for index in std::mem::take(&mut self.runs) {
            self.stack.take(index, &mut self.pieces);
        }
    }

    /// Marks the place as settled where it is.
    fn settle(&mut self) {
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
    fn force(&mut self) {
        self.brackets.clear();
        self.pair();
        self.stack.drain();
        self.push_text(self.position);
        self.mark = Mark { position: self.position, pieces: self.pieces.len() };
        self.open_window(self.position);
    }

    fn plain(&mut self, byte: u8) {
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
    fn bare_link(&mut self) -> bool {
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

    fn line_break(&mut self) {
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

    fn escape(&mut self) {
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

    fn entity(&mut self) {
        match entities::reference(&self.text[self.position..self.end], self.complete) {
            Reference::Found(c, length) => {
                self.push(Piece::Spelled(c.to_string()), length);
                self.is_visible();
            }
            Reference::None => self.position += 1,
            Reference::More => self.hold(),
        }
    }

    fn code(&mut self) {
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
    fn closing_ticks(&mut self, from: usize, length: usize) -> Option<usize> {
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

    fn run(&mut self, mark: u8) {
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

    fn exclamation(&mut self) {
        match self.byte(self.position + 1) {
            None if !self.complete => self.hold(),
            Some(b'[') => self.bracket(BracketKind::Image, "!["),
            _ => self.position += 1,
        }
    }

    fn bracket(&mut self, kind: BracketKind, literal: &'static str) {
        self.push(Piece::Bracket(literal), literal.len());
        self.open_bracket(kind);
    }

    fn open_bracket(&mut self, kind: BracketKind) {
        self.brackets.push(Bracket {
            piece: self.pieces.len() - 1,
            runs: self.runs.len(),
            content: self.position,
            kind,
            active: true,
        });
    }

    fn close_bracket(&mut self) {
        let is_html = |bracket: &Bracket| matches!(bracket.kind, BracketKind::Html(_));
        let Some(index) = self.brackets.iter().rposition(|bracket| !is_html(bracket)) else {
            self.position += 1;
            return;
        };
        if !self.brackets[index].active {
            self.brackets.remove(index);
            self.position += 1;
            return;
        }
        match self.target(self.brackets[index].content) {
            Guess::Yes((target, behind)) => self.link(index, target, behind),
            Guess::Open => self.hold(),
            Guess::No => {
                let bracket = self.brackets.remove(index);
                let label = &self.text[bracket.content..self.position];
                if self.is_note(label) {
                    self.pieces.truncate(bracket.piece);
                    if bracket.kind == BracketKind::Image {
                        self.pieces.push(Piece::Spelled("!".to_owned()));
                    }
                    self.runs.truncate(bracket.runs);
                    self.brackets.truncate(index);
                    // It is a link itself, so nothing around it is one.
                    for outer in &mut self.brackets {
                        outer.active &= matches!(outer.kind, BracketKind::Html(_));
                    }
                    self.pieces.push(Piece::Note(label[1..].to_owned()));
                    self.is_visible();
                    self.position += 1;
                    self.plain = self.position;
                } else {
                    self.position += 1;
                }
            }
        }
    }

    fn is_note(&self, label: &str) -> bool {
        is_note_label(label) && self.references.is_footnote(&label[1..])
    }

    /// What the `]` here links to, for a bracket whose content begins at `content`.
    fn target(&mut self, content: usize) -> Guess<(Target, usize)> {
        let (window, complete) = (self.window(), self.complete);
        let behind = self.position + 1;
        if behind >= self.end && !complete {
            return Guess::Open;
        }
        match links::inline_target(window, behind, complete) {
            Guess::No => {}
            found => return found,
        }
        let own = || match links::label(window, content - 1, true) {
            Guess::Yes((label, end)) if end == behind => normalize(label),
            _ => String::new(),
        };
        let (label, behind) = match links::label(window, behind, complete) {
            Guess::Open => return Guess::Open,
            Guess::Yes(("", end)) => (own(), end),
            Guess::Yes((label, end)) if !is_note_label(label) && !label.trim().is_empty() => {
                (normalize(label), end)
            }
            Guess::Yes(_) | Guess::No => (own(), behind),
        };
        match self.references.link(&label) {
            Some(target) => Guess::Yes((target.clone(), behind)),
            None => {
                if !label.is_empty() && !self.is_note(&label) {
                    self.missing.push((self.position, label));
                }
                Guess::No
            }
        }
    }

    fn link(&mut self, index: usize, target: Target, behind: usize) {
        self.push(Piece::Close, 0);
        let kind = self.brackets[index].kind;
        let opened = if kind == BracketKind::Image { Opened::Image } else { Opened::Link };
        self.enclose(index, opened(target));
        self.is_visible();
        self.position = behind;
        self.plain = behind;
        if kind == BracketKind::Link {
            for outer in &mut self.brackets {
                outer.active &= outer.kind != BracketKind::Link;
            }
            if self.brackets.iter().all(|bracket| !bracket.active) {
                self.brackets.clear();
            }
        }
    }

    /// The bracket at `index` has found its other half, the last piece.
    fn enclose(&mut self, index: usize, opened: Opened) {
        let Bracket { piece, runs, .. } = self.brackets[index];
        self.brackets.truncate(index);
        let mut inside = Stack::default();
        for run in self.runs.split_off(runs) {
            inside.take(run, &mut self.pieces);
        }
        self.pieces[piece] = Piece::Open(opened);
    }

    fn angle(&mut self) {
        let at = self.position;
        let (angle, behind) = match raw::angle(self.window(), at, self.complete) {
            Guess::Yes(found) => found,
            Guess::No => {
                self.position += 1;
                return;
            }
            Guess::Open => return self.hold(),
        };
        match angle {
            Angle::Link { inside, mail } => {
                let prefix = if mail { "mailto:" } else { "" };
                let url = format!("{prefix}{inside}");
                let link = Inline::Link {
                    href: super::super::document::is_safe_url(&url).then_some(url),
                    title: String::new(),
                    children: vec![Inline::Text(inside.to_owned())],
                };
                self.push(Piece::Inline(link), behind - at);
            }
            Angle::Nothing => self.push(Piece::Gone, behind - at),
            Angle::Tag { name, end, empty } => self.tag(name, end, empty, behind),
        }
    }

    fn tag(&mut self, name: &str, end: bool, empty: bool, behind: usize) {
        let length = behind - self.position;
        if name.eq_ignore_ascii_case("br") {
            return self.push(Piece::Inline(Inline::HardBreak), length);
        }
        if raw::is_dropped(name) && !end && !empty {
            return match raw::behind_end_tag(self.window(), behind, name) {
                Some(behind) => self.push(Piece::Gone, behind - self.position),
                None if self.complete => self.push(Piece::Gone, self.end - self.position),
                None => self.hold(),
            };
        }
        match raw::kept(name) {
            Some(_) if empty => self.push(Piece::Gone, length),
            Some(element) if end => {
                let kind = BracketKind::Html(element);
                self.push(Piece::Close, length);
                match self.brackets.iter().rposition(|bracket| bracket.kind == kind) {
                    Some(index) => self.enclose(index, Opened::Html(element)),
                    None => {
                        self.pieces.pop();
                    }
                }
            }
            Some(element) => {
                self.push(Piece::Gone, length);
                self.open_bracket(BracketKind::Html(element));
            }
            None if raw::is_phrasing(name) => self.push(Piece::Gone, length),
            None => {
                let line = self.text[self.plain..self.position].trim_end_matches([' ', '\t']);
                self.push_text(self.plain + line.len());
                self.plain = self.position;
                self.push(Piece::Gap, length);
            }
        }
    }

    /// Shows what still waits for its other half as if it came at the end.
    fn show_unfinished(&mut self) {
        while let Some(bracket) = self.brackets.pop() {
            let inside = self.runs.split_off(bracket.runs);
            let content = &self.text[bracket.content..self.position];
            let opened = match bracket.kind {
                BracketKind::Html(element) => Opened::Html(element),
                BracketKind::Link if content.starts_with('^') || content.is_empty() => {
                    self.pieces.truncate(bracket.piece);
                    continue;
                }
                BracketKind::Image if bracket.active && !content.contains('\n') => {
                    self.pieces.truncate(bracket.piece);
                    continue;
                }
                BracketKind::Link if bracket.active => Opened::Unfinished,
                _ => {
                    self.runs.extend(inside);
                    continue;
                }
            };
            let mut stack = Stack::default();
            self.begin_all(&mut stack, inside);
            self.pieces[bracket.piece] = Piece::Open(opened);
        }
        let runs = std::mem::take(&mut self.runs);
        let mut stack = std::mem::take(&mut self.stack);
        self.begin_all(&mut stack, runs);
    }

    fn begin_all(&mut self, stack: &mut Stack, runs: Vec<usize>) {
        for run in runs {
            if run < self.pieces.len() {
                stack.take(run, &mut self.pieces);
            }
        }
        for index in stack.drain() {
            if let Some(Piece::Run(run)) = self.pieces.get_mut(index) {
                run.begin_all();
            }
        }
    }
}

/// Whether a bracket with this content can be a reference to a footnote.
fn is_note_label(label: &str) -> bool {
    label.strip_prefix('^').is_some_and(|name| {
        !name.is_empty()
            && !name.contains(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | '\\'))
    })
}

/// A code span's text: line breaks are spaces, and one space is taken from both ends.
fn code_text(source: &str) -> String {
    let text = source.replace('\n', " ");
    match text.strip_prefix(' ').and_then(|rest| rest.strip_suffix(' ')) {
        Some(inner) if !inner.trim_matches(' ').is_empty() => inner.to_owned(),
        _ => text,
    }
}
