//! Tables (GFM, 4.10): cells, delimiter rows, and the row that is being written.

use super::super::document::{Alignment, BlockId, BlockKind};
use super::lines::trim_end;
use super::output::Output;
use super::running::RunningText;

/// The alignments that a delimiter row gives, if the line is one.
pub fn delimiter_row(line: &str) -> Option<Vec<Alignment>> {
    let line = line.trim_matches([' ', '\t']);
    let inner = line.strip_prefix('|').unwrap_or(line);
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    inner
        .split('|')
        .map(|cell| {
            let cell = cell.trim_matches([' ', '\t']);
            let left = cell.starts_with(':');
            let marks = cell.strip_prefix(':').unwrap_or(cell);
            let right = marks.ends_with(':');
            let marks = marks.strip_suffix(':').unwrap_or(marks);
            let is_cell = !marks.is_empty() && marks.bytes().all(|b| b == b'-');
            is_cell.then_some(match (left, right) {
                (true, true) => Alignment::Center,
                (true, false) => Alignment::Left,
                (false, true) => Alignment::Right,
                (false, false) => Alignment::None,
            })
        })
        .collect()
}

/// Whether the text can still become a delimiter row.
pub fn may_be_delimiter_row(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'-' | b':' | b'|' | b' ' | b'\t'))
}

/// How many cells a row has.
pub fn count_cells(line: &str) -> usize {
    let (mut splitter, mut cells, mut inside) = (Splitter::default(), 0, false);
    for c in line.chars() {
        match splitter.take(c) {
            Part::Text(..) if !inside => {
                inside = true;
                cells += 1;
            }
            Part::Text(..) | Part::Nothing => {}
            Part::End if inside => inside = false,
            Part::End => cells += 1,
        }
    }
    cells
}

/// Cuts a row into cells, one character at a time.
#[derive(Debug, Default)]
struct Splitter {
    /// Something other than white space has come in this row.
    begun: bool,
    /// Something other than white space has come in this cell.
    inside: bool,
    /// The last character was a backslash; it is part of the text unless a bar follows.
    escape: bool,
}

enum Part {
    /// Text of the current cell: a backslash that was waiting, and the character.
    Text(bool, Option<char>),
    /// The current cell ends.
    End,
    Nothing,
}

impl Splitter {
    fn take(&mut self, c: char) -> Part {
        let escaped = std::mem::take(&mut self.escape);
        match c {
            '|' if escaped => Part::Text(false, Some('|')),
            '|' => {
                self.inside = false;
                if std::mem::replace(&mut self.begun, true) { Part::End } else { Part::Nothing }
            }
            ' ' | '\t' if !self.inside => Part::Nothing,
            _ => {
                self.inside = true;
                self.begun = true;
                self.escape = c == '\\';
                Part::Text(escaped, (!self.escape).then_some(c))
            }
        }
    }
}

/// A row that is being written.
#[derive(Debug)]
pub struct Row {
    id: BlockId,
    splitter: Splitter,
    cell: Option<RunningText>,
    cells: usize,
    /// How many cells are shown; `None` while it is not known whether this is a row at all.
    columns: Option<usize>,
}

impl Row {
    pub fn new(table: BlockId, head: bool, columns: Option<usize>, output: &mut Output) -> Self {
        let id = output.open(Some(table), BlockKind::Row { head });
        Self { id, splitter: Splitter::default(), cell: None, cells: 0, columns }
    }

    pub fn push(&mut self, text: &str, output: &mut Output) {
        for c in text.chars() {
            match self.splitter.take(c) {
                Part::Nothing => {}
                Part::Text(backslash, c) => {
                    if self.cell.is_none() {
                        self.begin();
                    }
                    if let Some(cell) = &mut self.cell {
                        cell.text.extend(backslash.then_some('\\'));
                        cell.text.extend(c);
                    }
                }
                Part::End => {
                    if self.cell.is_none() {
                        self.begin();
                    }
                    self.end_cell(output);
                }
            }
        }
    }

    fn begin(&mut self) {
        self.cells += 1;
        self.cell = Some(RunningText::new(Some(self.id), BlockKind::Cell));
    }

    fn end_cell(&mut self, output: &mut Output) {
        let Some(mut cell) = self.cell.take() else { return };
        if self.columns.is_some_and(|columns| self.cells > columns) {
            return;
        }
        let id = cell.open(output);
        let end = trim_end(&cell.text).len();
        match self.columns {
            Some(_) => {
                cell.finish(end, output);
            }
            // Nothing is final in a row that may be none: only shown.
            None => {
                cell.show(end, output);
                output.close(id);
            }
        }
    }

    /// Shows the cell that is being written.
    pub fn show(&mut self, output: &mut Output) {
        if self.columns.is_some_and(|columns| self.cells > columns) {
            return;
        }
        if let Some(cell) = &mut self.cell {
            cell.open(output);
            cell.show(cell.text.len(), output);
        }
    }

    /// The line has ended: closes the row, with as many cells as there are columns.
    pub fn finish(mut self, output: &mut Output) {
        if self.splitter.escape
            && let Some(cell) = &mut self.cell
        {
            cell.text.push('\\');
        }
        self.end_cell(output);
        for _ in self.cells..self.columns.unwrap_or(0) {
            self.begin();
            self.end_cell(output);
        }
        output.close(self.id);
    }
}
