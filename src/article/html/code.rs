//! Blocks of code: `pre`, in which only text, line breaks and the name of a language count.

use super::super::document::{BlockId, BlockKind, Patch};
use super::elements::language;
use super::tokens::StartTag;
use super::tree::Tree;

/// The block of code that text goes into.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) language: String,
    pub(super) id: Option<BlockId>,
    /// A line break that comes first is not part of it.
    pub(super) begun: bool,
    /// Something came that is part of it: its language is settled.
    pub(super) written: bool,
    /// What is not shown yet.
    pub(super) text: String,
    pub(super) ends_line: bool,
}

impl Tree {
    pub(super) fn start_code(&mut self, tag: &StartTag) {
        if !self.block_can_begin() {
            return;
        }
        self.code = Some(Code {
            language: language(tag),
            id: None,
            begun: false,
            written: false,
            text: String::new(),
            ends_line: true,
        });
    }

    pub(super) fn end_code(&mut self) {
        self.show_code(true);
        if let Some(Code { id: Some(id), .. }) = self.code.take() {
            self.patches().push(Patch::Close { id });
        }
    }

    pub(super) fn show_code(&mut self, ends: bool) {
        let Some(mut code) = self.code.take() else { return };
        let text = std::mem::take(&mut code.text);
        // A language may still come.
        if !text.is_empty() || ends {
            let id = match code.id {
                Some(id) => id,
                None => self.open(BlockKind::Code { language: code.language.clone() }),
            };
            code.id = Some(id);
            if !text.is_empty() {
                self.work += text.len() as u64;
                code.ends_line = text.ends_with('\n');
                self.patches().push(Patch::AppendCode { id, text });
            }
            if ends && !code.ends_line {
                self.patches().push(Patch::AppendCode { id, text: "\n".to_owned() });
            }
        }
        self.code = Some(code);
    }
}
