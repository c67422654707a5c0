//! Runs of `*`, `_` and `~`: which may open, which may close, and which belong together.

use super::super::measure::is_cjk;
use super::pieces::Piece;
use super::punctuation::is_punctuation;

/// What a matched pair of runs makes of the text between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    Emphasis,
    Strong,
    Strike,
}

/// A run of one mark.
#[derive(Debug)]
pub struct Run {
    pub mark: u8,
    /// Marks as written.
    pub length: usize,
    /// Marks that belong to no pair (yet).
    pub left: usize,
    pub opens: bool,
    pub closes: bool,
    /// Spans that end here, innermost first.
    pub ends: Vec<Span>,
    /// Spans that begin here, innermost first.
    pub starts: Vec<Span>,
}

impl Run {
    /// A run of `length` marks between two characters (line breaks at the ends of the text).
    pub fn new(mark: u8, length: usize, before: char, after: char) -> Self {
        let (opens, closes) = match (mark, length) {
            (b'~', 1) => (flanks_word(before, after), flanks_word(after, before)),
            (b'~', 2) => (!after.is_whitespace(), flanks(after, before, true)),
            (b'~', _) => (false, false),
            (b'_', _) => {
                let left = flanks(before, after, false);
                let right = flanks(after, before, false);
                let opens = left && (!right || is_punctuation(before));
                (opens, right && (!left || is_punctuation(after)))
            }
            _ => (flanks(before, after, true), flanks(after, before, true)),
        };
        Self { mark, length, left: length, opens, closes, ends: Vec::new(), starts: Vec::new() }
    }

    /// Begins what the run would begin if all of its marks were closed later on.
    pub fn begin_all(&mut self) {
        let pairs = if self.mark == b'~' { 0 } else { (self.left / 2).min(2) };
        self.starts.extend(std::iter::repeat_n(Span::Strong, pairs));
        match self.mark {
            b'~' => self.starts.push(Span::Strike),
            _ if self.left % 2 == 1 => self.starts.push(Span::Emphasis),
            _ => {}
        }
        self.left = 0;
    }
}

/// Whether a run between `outside` and `inside` is flanking towards `inside` (CommonMark 0.31.2,
/// 6.2).
///
/// With `cjk`, full-width punctuation counts as a letter and a CJK character outside as a space:
/// Chinese and Japanese write no spaces, and the strict rule leaves `**注意：**这里` literal. The
/// rule is that of the `markdown-cjk-friendly` specification; it changes nothing where no CJK
/// character touches the run.
fn flanks(outside: char, inside: char, cjk: bool) -> bool {
    !inside.is_whitespace()
        && (!is_punctuation(inside)
            || outside.is_whitespace()
            || is_punctuation(outside)
            || (cjk && (is_wide(inside) || is_wide(outside))))
}

/// A single tilde strikes whole words only: `3~5` is a range.
fn flanks_word(outside: char, inside: char) -> bool {
    !inside.is_whitespace() && (outside.is_whitespace() || is_punctuation(outside))
}

fn is_wide(c: char) -> bool {
    is_cjk(c) || matches!(u32::from(c), 0x1100..=0x11FF | 0x3130..=0x318F | 0xAC00..=0xD7FF)
}

/// Runs that wait for their other half, outermost first.
#[derive(Debug, Default)]
pub struct Stack {
    /// Indices of pieces.
    openers: Vec<usize>,
    /// For each kind of closer the height below which no opener fits it.
    floors: [usize; 18],
}

impl Stack {
    pub fn is_empty(&self) -> bool {
        self.openers.is_empty()
    }

    /// Forgets all openers and tells which they were.
    pub fn drain(&mut self) -> Vec<usize> {
        self.floors = [0; 18];
        std::mem::take(&mut self.openers)
    }

    /// Takes in the next run: closes what it can, and keeps it where it can open.
    pub fn take(&mut self, index: usize, pieces: &mut [Piece]) {
        while let Some(closer) = run(pieces, index).filter(|run| run.closes && run.left > 0) {
            let (mark, length, both, left) =
                (closer.mark, closer.length, closer.opens, closer.left);
            let kind = [b'*', b'_', b'~'].iter().position(|m| *m == mark).unwrap_or(0);
            let key = kind * 6 + usize::from(both) * 3 + length % 3;
            let fits = |opener: &Run| {
                opener.mark == mark
                    && if mark == b'~' {
                        opener.length == length
                    } else {
                        !(both || opener.closes)
                            || !(opener.length + length).is_multiple_of(3)
                            || (opener.length.is_multiple_of(3) && length.is_multiple_of(3))
                    }
            };
            let floor = if mark == b'~' { 0 } else { self.floors[key].min(self.openers.len()) };
            let found = (floor..self.openers.len())
                .rev()
                .find(|at| run(pieces, self.openers[*at]).is_some_and(|run| fits(run)));
            let Some(at) = found else {
                self.floors[key] = self.openers.len();
                break;
            };
            let opener_index = self.openers[at];
            self.openers.truncate(at + 1);
            let Some(opener) = run(pieces, opener_index) else { break };
            let used = match mark {
                b'~' => length,
                _ if opener.left >= 2 && left >= 2 => 2,
                _ => 1,
            };
            let span = match (mark, used) {
                (b'~', _) => Span::Strike,
                (_, 2) => Span::Strong,
                _ => Span::Emphasis,
            };
            opener.left -= used;
            opener.starts.push(span);
            if opener.left == 0 {
                self.openers.pop();
            }
            let height = self.openers.len();
            for floor in &mut self.floors {
                *floor = (*floor).min(height);
            }
            if let Some(closer) = run(pieces, index) {
                closer.left -= used;
                closer.ends.push(span);
            }
        }
        if run(pieces, index).is_some_and(|run| run.opens && run.left > 0) {
            self.openers.push(index);
        }
    }
}

fn run(pieces: &mut [Piece], index: usize) -> Option<&mut Run> {
    match pieces.get_mut(index) {
        Some(Piece::Run(run)) => Some(run),
        _ => None,
    }
}
