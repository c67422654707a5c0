//! Colours code on the server, line by line, so that the browser needs no grammars and a line is
//! coloured once, when it is complete.
//!
//! The grammars are loaded at the first coloured line, which takes a tenth of a second, and each
//! language's expressions are compiled as they are first used. All of this runs on the caller's
//! thread: a server calls [`warm_up`] on a blocking thread when it starts.

mod classes;
mod languages;
mod lines;
mod script;

use std::collections::HashMap;

use crate::article::brief::Format;
use crate::article::document::{Block, BlockId, BlockKind, Content, Document, Patch};
use crate::article::event::Highlight;
use crate::article::parser::Parser;

use lines::{BlockColourer, MAX_LINE, TimeSpent};

/// Loads the grammars, so that the first block of code does not wait for it. Blocks.
pub fn warm_up() {
    languages::grammars();
}

/// Colours the code in a text that is still being written.
#[derive(Debug)]
pub struct LiveHighlighter {
    parser: Parser,
    /// Kept for its capacity.
    patches: Vec<Patch>,
    code: CodeBlocks,
}

impl LiveHighlighter {
    /// For a text that begins.
    pub fn new(format: Format) -> Self {
        Self {
            parser: Parser::blocks_only(format),
            patches: Vec::new(),
            code: CodeBlocks::default(),
        }
    }

    /// Takes more of the text, cut anywhere, and gives the colours of the lines of code that it
    /// completes. Lines without any colour, and code in an unknown language, have none.
    pub fn push(&mut self, text: &str) -> Vec<Highlight> {
        self.parser.push(text, &mut self.patches);
        self.apply()
    }

    /// The text has ended: gives the colours of a last line that nothing completed.
    pub fn finish(&mut self) -> Vec<Highlight> {
        self.parser.finish(&mut self.patches);
        let mut highlights = self.apply();
        self.code.close_all(&mut highlights);
        highlights
    }

    fn apply(&mut self) -> Vec<Highlight> {
        let mut highlights = Vec::new();
        for patch in self.patches.drain(..) {
            self.code.apply(patch, &mut highlights);
        }
        highlights
    }
}

/// Colours the code of a finished document, as [`LiveHighlighter`] does.
pub fn highlight_document(document: &Document) -> Vec<Highlight> {
    highlight_edited(document, &Coloured::default())
}

/// Colours the code of a document, but for the blocks that a text before it had: those keep their
/// colours. Finding new ones is by far the longest part of storing an edit.
pub fn highlight_edited(document: &Document, before: &Coloured<'_>) -> Vec<Highlight> {
    let mut spent = TimeSpent::default();
    let mut highlights = Vec::new();
    for (block, (language, code)) in (0..).zip(code_blocks(document)) {
        if let Some(lines) = before.blocks.get(&(language, code)) {
            highlights.extend(lines.iter().map(|line| Highlight { block, ..line.clone() }));
            continue;
        }
        let Some(mut colourer) = BlockColourer::new(language) else { continue };
        for (line, code) in (0..).zip(code.split_inclusive('\n')) {
            if let Some(spans) = colourer.line(code, &mut spent) {
                highlights.push(Highlight { block, line, spans });
            }
        }
    }
    highlights
}

/// The blocks of a text that have colours, by language and code.
#[derive(Debug, Default)]
pub struct Coloured<'a> {
    blocks: HashMap<(&'a str, &'a str), &'a [Highlight]>,
}

impl<'a> Coloured<'a> {
    /// Of a text's document and its colours, in the document's order.
    pub fn new(document: &'a Document, highlights: &'a [Highlight]) -> Self {
        let code = code_blocks(document);
        let of_blocks = highlights.chunk_by(|one, next| one.block == next.block);
        let with_code = |lines: &'a [Highlight]| {
            let block = lines.first()?.block;
            Some((*code.get(block as usize)?, lines))
        };
        let mut blocks: HashMap<_, &[Highlight]> = HashMap::new();
        for (code, lines) in of_blocks.filter_map(with_code) {
            // Of two that are alike, the one that has more of its colours.
            let known = blocks.entry(code).or_insert(lines);
            if known.len() < lines.len() {
                *known = lines;
            }
        }
        Self { blocks }
    }
}

/// Language and code of each block of code, in the document's order.
fn code_blocks(document: &Document) -> Vec<(&str, &str)> {
    fn walk<'a>(blocks: &'a [Block], found: &mut Vec<(&'a str, &'a str)>) {
        for block in blocks {
            match (&block.kind, &block.content) {
                (BlockKind::Code { language }, Content::Text(code)) => found.push((language, code)),
                (_, Content::Blocks(children)) => walk(children, found),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    walk(&document.blocks, &mut found);
    found
}

/// The blocks of code of a growing tree.
#[derive(Debug, Default)]
struct CodeBlocks {
    /// What contains each block, by its id; needed to know what goes with a block that goes.
    parents: Vec<Option<BlockId>>,
    /// All blocks of code, in the document's order: their places are their ordinals.
    ordinals: Vec<BlockId>,
    /// Those that still grow and whose language is known; hardly ever more than one.
    open: Vec<OpenBlock>,
    spent: TimeSpent,
}

#[derive(Debug)]
struct OpenBlock {
    id: BlockId,
    ordinal: u32,
    colourer: BlockColourer,
    /// The line that is not complete; once it is too long to be coloured it grows no more.
    line: String,
    /// The number of that line.
    number: u32,
}

impl CodeBlocks {
    fn apply(&mut self, patch: Patch, highlights: &mut Vec<Highlight>) {
        match patch {
            Patch::Open { id, parent, kind } => {
                let index = id.0 as usize;
                if self.parents.len() <= index {
                    self.parents.resize(index + 1, None);
                }
                self.parents[index] = parent;
                self.open(id, &kind);
            }
            Patch::Become { id, kind } => {
                self.forget(id);
                self.open(id, &kind);
            }
            Patch::AppendCode { id, text } => {
                if let Some(block) = self.open.iter_mut().find(|block| block.id == id) {
                    block.append(&text, &mut self.spent, highlights);
                }
            }
            Patch::Close { id } => {
                if let Some(at) = self.open.iter().position(|block| block.id == id) {
                    self.open.swap_remove(at).end(&mut self.spent, highlights);
                }
            }
            Patch::AppendText { .. }
            | Patch::SetInlines { .. }
            | Patch::Loosen { .. }
            | Patch::Mend { .. } => {}
        }
    }

    fn open(&mut self, id: BlockId, kind: &BlockKind) {
        if let BlockKind::Code { language } = kind {
            let ordinal = u32::try_from(self.ordinals.len()).unwrap_or(u32::MAX);
            self.ordinals.push(id);
            if let Some(colourer) = BlockColourer::new(language) {
                self.open.push(OpenBlock { id, ordinal, colourer, line: String::new(), number: 0 });
            }
        }
    }

    /// The block, with all that is in it, is not there any more.
    fn forget(&mut self, id: BlockId) {
        let parents = &self.parents;
        let is_in = |mut block: BlockId| loop {
            if block == id {
                return true;
            }
            match parents.get(block.0 as usize).copied().flatten() {
                Some(parent) => block = parent,
                None => return false,
            }
        };
        self.ordinals.retain(|block| !is_in(*block));
        self.open.retain(|block| !is_in(block.id));
    }

    fn close_all(&mut self, highlights: &mut Vec<Highlight>) {
        for block in self.open.drain(..) {
            block.end(&mut self.spent, highlights);
        }
    }
}

impl OpenBlock {
    fn append(&mut self, text: &str, spent: &mut TimeSpent, highlights: &mut Vec<Highlight>) {
        for piece in text.split_inclusive('\n') {
            if self.line.len() <= MAX_LINE {
                self.line.push_str(piece);
            }
            if piece.ends_with('\n') {
                self.end_line(spent, highlights);
            }
        }
    }

    fn end_line(&mut self, spent: &mut TimeSpent, highlights: &mut Vec<Highlight>) {
        if let Some(spans) = self.colourer.line(&self.line, spent) {
            highlights.push(Highlight { block: self.ordinal, line: self.number, spans });
        }
        self.line.clear();
        self.number += 1;
    }

    fn end(mut self, spent: &mut TimeSpent, highlights: &mut Vec<Highlight>) {
        if !self.line.is_empty() {
            self.end_line(spent, highlights);
        }
    }
}

#[cfg(test)]
mod tests;
