//! The scanner's constructs with two halves: links, images, references to footnotes, and tags.

use super::super::document::{HtmlInline, Inline, is_safe_url};
use super::emphasis::Stack;
use super::lines::Guess;
use super::links::{self, Target, normalize};
use super::pieces::{Opened, Piece};
use super::raw::{self, Angle};
use super::scanner::Scanner;

/// A bracket or a tag that waits for its other half.
pub(super) struct Bracket {
    /// Its index among the pieces.
    pub(super) piece: usize,
    /// How many runs lie before it.
    pub(super) runs: usize,
    /// Where its content begins.
    pub(super) content: usize,
    pub(super) kind: BracketKind,
    /// False for a link around a link.
    pub(super) active: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BracketKind {
    Link,
    Image,
    Html(HtmlInline),
}

impl<'a> Scanner<'a> {
    pub(super) fn exclamation(&mut self) {
        match self.byte(self.position + 1) {
            None if !self.complete => self.hold(),
            Some(b'[') => self.bracket(BracketKind::Image, "!["),
            _ => self.position += 1,
        }
    }

    pub(super) fn bracket(&mut self, kind: BracketKind, literal: &'static str) {
        self.push(Piece::Bracket(literal), literal.len());
        self.open_bracket(kind);
    }

    pub(super) fn open_bracket(&mut self, kind: BracketKind) {
        self.brackets.push(Bracket {
            piece: self.pieces.len() - 1,
            runs: self.runs.len(),
            content: self.position,
            kind,
            active: true,
        });
    }

    pub(super) fn close_bracket(&mut self) {
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

    pub(super) fn is_note(&self, label: &str) -> bool {
        is_note_label(label) && self.references.is_footnote(&label[1..])
    }

    /// What the `]` here links to, for a bracket whose content begins at `content`.
    pub(super) fn target(&mut self, content: usize) -> Guess<(Target, usize)> {
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

    pub(super) fn link(&mut self, index: usize, target: Target, behind: usize) {
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
    pub(super) fn enclose(&mut self, index: usize, opened: Opened) {
        let Bracket { piece, runs, .. } = self.brackets[index];
        self.brackets.truncate(index);
        let mut inside = Stack::default();
        for run in self.runs.split_off(runs) {
            inside.take(run, &mut self.pieces);
        }
        self.pieces[piece] = Piece::Open(opened);
    }

    pub(super) fn angle(&mut self) {
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
                    href: is_safe_url(&url).then_some(url),
                    title: String::new(),
                    children: vec![Inline::Text(inside.to_owned())],
                };
                self.push(Piece::Inline(link), behind - at);
            }
            Angle::Nothing => self.push(Piece::Gone, behind - at),
            Angle::Tag { name, end, empty } => self.tag(name, end, empty, behind),
        }
    }

    pub(super) fn tag(&mut self, name: &str, end: bool, empty: bool, behind: usize) {
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
    pub(super) fn show_unfinished(&mut self) {
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

    pub(super) fn begin_all(&mut self, stack: &mut Stack, runs: Vec<usize>) {
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
