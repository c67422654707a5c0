//! Where patches are collected, and what all blocks of a document share.

use super::super::document::{BlockId, BlockKind, Patch};
use super::references::References;

/// Collects patches and gives out ids.
#[derive(Debug)]
pub struct Output {
    pub patches: Vec<Patch>,
    pub references: References,
    /// Whether running text is read at all.
    pub inlines: bool,
    /// Bytes that were read, as often as they were.
    pub work: u64,
    next: u32,
}

impl Output {
    pub fn new(inlines: bool) -> Self {
        Self { patches: Vec::new(), references: References::default(), inlines, work: 0, next: 0 }
    }

    pub fn open(&mut self, parent: Option<BlockId>, kind: BlockKind) -> BlockId {
        let id = BlockId(self.next);
        self.next += 1;
        self.patches.push(Patch::Open { id, parent, kind });
        id
    }

    pub fn close(&mut self, id: BlockId) {
        self.patches.push(Patch::Close { id });
    }
}
