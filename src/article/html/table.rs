//! Tables, whose parts may be missing, and whose columns are known when their first row has ended.

use super::super::document::{Alignment, BlockKind, Patch};
use super::elements::{alignment, classes};
use super::running::Running;
use super::tokens::StartTag;
use super::tree::{Container, Leaf, Tree};

/// A table whose columns are not known before its first row has ended: nothing of it is shown until
/// then.
#[derive(Debug)]
pub(super) struct Held {
    /// The first of them opens the table.
    pub(super) patches: Vec<Patch>,
    pub(super) alignments: Vec<Alignment>,
}

impl Tree {
    pub(super) fn start_table(&mut self) {
        if self.in_table() {
            // One within another goes on as the outer one, or in its cell.
            self.break_text();
            return;
        }
        if !self.block_can_begin() {
            return;
        }
        self.push(BlockKind::Table { alignments: Vec::new() });
        self.in_head = false;
        self.in_body = false;
        self.first_row = true;
    }

    pub(super) fn end_title(&mut self) {
        let Some(depth) = self.in_title.take() else { return };
        self.close_to(depth);
        self.place_for_text();
        self.push(BlockKind::Table { alignments: Vec::new() });
    }

    pub(super) fn open_row(&mut self, heads: bool) {
        if !matches!(self.containers.last(), Some(Container { kind: BlockKind::Table { .. }, .. }))
        {
            return;
        }
        // Heads come first.
        let head = !self.in_body && (self.in_head || (self.first_row && heads));
        self.in_body |= !head;
        self.push(BlockKind::Row { head });
    }

    pub(super) fn start_cell(&mut self, tag: &StartTag) {
        let head = tag.name == "th";
        // A nested list or quotation in a table, but in no cell, cannot be.
        if self.in_cell() {
            self.end_leaf();
        }
        if matches!(self.containers.last(), Some(Container { kind: BlockKind::Table { .. }, .. })) {
            self.end_leaf();
            self.open_row(head);
        }
        let class = classes(tag).find_map(alignment);
        let align = class.or_else(|| tag.attribute("align").and_then(alignment));
        let style = || {
            let style = tag.attribute("style")?.to_ascii_lowercase();
            let (_, value) = style.split_once("text-align")?;
            alignment(value.trim_start_matches([':', ' ']).split([';', ' ']).next()?)
        };
        self.open_cell(align.or_else(style).unwrap_or_default());
    }

    pub(super) fn open_cell(&mut self, alignment: Alignment) {
        if !matches!(self.containers.last(), Some(Container { kind: BlockKind::Row { .. }, .. })) {
            return;
        }
        self.end_leaf();
        if self.first_row {
            self.open_containers();
            if let Some(held) = &mut self.held {
                held.alignments.push(alignment);
            }
        }
        let text = Running::within(&self.formats);
        self.leaf = Some(Leaf { kind: BlockKind::Cell, id: None, text, named: true });
    }

    pub(super) fn end_row(&mut self) {
        let row = self.containers.iter().rposition(|it| matches!(it.kind, BlockKind::Row { .. }));
        match row {
            Some(at) => self.close_to(at),
            None => {
                if !self.in_cell() {
                    self.end_leaf();
                }
            }
        }
    }

    /// The columns of the table are known.
    pub(super) fn release(&mut self) {
        let Some(Held { mut patches, alignments: known }) = self.held.take() else { return };
        if let Some(Patch::Open { kind: BlockKind::Table { alignments }, .. }) = patches.first_mut()
        {
            *alignments = known;
        }
        self.patches.append(&mut patches);
    }
}
