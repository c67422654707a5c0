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
use super::pieces::{Piece, append_text, tree};
use super::references::{Notices, References};
use super::scanner::Scanner;

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
    let missing =
        missing.into_iter().filter(|(at, _)| *at < settled_to).map(|(_, label)| label).collect();
    let mut notices = Notices { missing, notes: Vec::new() };
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
