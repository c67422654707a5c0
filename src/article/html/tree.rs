//! Makes blocks of tags, as forgivingly as browsers do: what is missing is supplied, what cannot be
//! there is its content.

use super::super::document::{Alignment, BlockId, BlockKind, Inline, Patch};
use super::code::Code;
use super::elements::{address, classes, inline, is_block, is_part_of_table, language, words};
use super::running::{Format, Running};
use super::table::Held;
use super::tokens::StartTag;

/// So many blocks within one another.
const DEEPEST: usize = 100;

/// So many elements of running text that go on from one block to the next.
const FORMATS: usize = 64;

/// A block that holds others.
#[derive(Debug)]
pub(super) struct Container {
    pub(super) kind: BlockKind,
    /// Opened when something comes into it.
    pub(super) id: Option<BlockId>,
    /// Of a list that says itself how it is spaced, as ours do.
    pub(super) spaced: bool,
}

/// The block that text goes into.
#[derive(Debug)]
pub(super) struct Leaf {
    pub(super) kind: BlockKind,
    /// Opened when something comes into it.
    pub(super) id: Option<BlockId>,
    pub(super) text: Running,
    /// Whether a tag began it; without one it is a paragraph that any block ends.
    pub(super) named: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Tree {
    pub patches: Vec<Patch>,
    pub(super) containers: Vec<Container>,
    pub(super) leaf: Option<Leaf>,
    pub(super) code: Option<Code>,
    /// Elements of running text that were begun outside of any text, or go on in the next.
    pub(super) formats: Vec<Format>,
    pub(super) held: Option<Held>,
    /// In the head of a table.
    pub(super) in_head: bool,
    /// Behind the heads of a table.
    pub(super) in_body: bool,
    /// In the first row of a table, or before it.
    pub(super) first_row: bool,
    /// In the caption of a table of which nothing else has come: it stands before the table, within so
    /// many blocks.
    pub(super) in_title: Option<usize>,
    /// In the caption of a block of code that says its language.
    in_caption: bool,
    next: u32,
    pub(super) work: u64,
}

impl Tree {
    pub fn work(&self) -> u64 {
        self.work
    }

    /// Text between tags.
    pub fn text(&mut self, text: &str) {
        if self.in_caption {
            return;
        }
        if let Some(code) = &mut self.code {
            let mut text = text;
            if !code.begun {
                code.begun = true;
                text = text.strip_prefix('\n').unwrap_or(text);
            }
            code.written |= !text.is_empty();
            code.text.push_str(text);
            return;
        }
        let blank = text.bytes().all(|byte| byte.is_ascii_whitespace());
        if blank && self.leaf.is_none() {
            return;
        }
        self.leaf().text.text(text);
    }

    /// The leaf that text goes into, made where there is none.
    fn leaf(&mut self) -> &mut Leaf {
        if self.leaf.is_none() {
            self.place_for_text();
        }
        let formats = &self.formats;
        self.leaf.get_or_insert_with(|| Leaf {
            kind: BlockKind::Paragraph,
            id: None,
            text: Running::within(formats),
            named: false,
        })
    }

    /// Text stands in items and cells, not in lists and tables.
    pub(super) fn place_for_text(&mut self) {
        match self.containers.last().map(|it| &it.kind) {
            Some(BlockKind::List { .. }) => self.open_item(),
            Some(BlockKind::Table { .. }) => {
                self.open_row(false);
                self.open_cell(Alignment::None);
            }
            Some(BlockKind::Row { .. }) => self.open_cell(Alignment::None),
            _ => {}
        }
    }

    /// Ends the text before a block. In a cell there are none: it is a new line of it.
    pub(super) fn block_can_begin(&mut self) -> bool {
        self.break_text();
        if !self.in_cell() {
            self.place_for_text();
        }
        !self.in_cell()
    }

    pub(super) fn in_cell(&self) -> bool {
        matches!(self.leaf, Some(Leaf { kind: BlockKind::Cell, .. }))
    }

    pub(super) fn in_table(&self) -> bool {
        self.containers.iter().any(|it| matches!(it.kind, BlockKind::Table { .. }))
    }

    /// A start tag.
    pub fn start(&mut self, tag: &StartTag) {
        let name = tag.name.as_str();
        self.in_caption &= name != "pre";
        if self.in_caption {
            return;
        }
        if let Some(code) = &mut self.code {
            code.begun = true;
            match name {
                "br" => {
                    code.written = true;
                    code.text.push('\n');
                }
                "code" if code.language.is_empty() && !code.written => {
                    code.language = language(tag);
                }
                _ => {}
            }
            return;
        }
        if self.in_title.is_some() && (is_part_of_table(name) || name == "table") {
            self.end_title();
        }
        match name {
            "br" => self.leaf().text.push(Inline::HardBreak),
            "img" => self.image(tag),
            "input" => self.checkbox(tag),
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "dt" | "dd" | "summary"
            | "figcaption" | "caption" => {
                // Ours, which says once more what the block of code says.
                if name == "figcaption" && classes(tag).any(|class| class == "language") {
                    self.in_caption = true;
                } else {
                    self.start_leaf(name);
                }
            }
            "pre" => self.start_code(tag),
            "ul" | "ol" | "menu" | "dir" => self.start_list(tag),
            "li" => self.start_item(),
            "blockquote" => {
                if self.block_can_begin() {
                    self.push(BlockKind::Quote);
                }
            }
            "hr" => {
                if self.block_can_begin() {
                    let id = self.open(BlockKind::Rule);
                    self.patches().push(Patch::Close { id });
                }
            }
            "table" => self.start_table(),
            "thead" | "tbody" | "tfoot" if self.in_table() => {
                self.end_row();
                self.in_head = name == "thead";
            }
            "tr" if self.in_table() => self.end_row(),
            "td" | "th" if self.in_table() => self.start_cell(tag),
            _ if is_block(name) => self.break_text(),
            _ => {
                if let Some(inline) = inline(tag) {
                    self.start_inline(name, inline);
                }
            }
        }
    }

    /// An end tag.
    pub fn end(&mut self, name: &str) {
        if self.in_caption {
            self.in_caption = !matches!(name, "figcaption" | "figure");
            return;
        }
        if self.code.is_some() {
            if name == "pre" {
                self.end_code();
            }
            return;
        }
        if self.in_title.is_some()
            && (is_part_of_table(name) || matches!(name, "caption" | "table"))
        {
            self.end_title();
        }
        match name {
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "dt" | "dd" | "summary"
            | "figcaption" | "caption" => match self.in_cell() {
                true => self.break_text(),
                false => self.end_leaf(),
            },
            "pre" => self.break_text(),
            "ul" | "ol" | "menu" | "dir" => {
                self.end_container(|kind| matches!(kind, BlockKind::List { .. }))
            }
            "li" => self.end_container(|kind| matches!(kind, BlockKind::Item { .. })),
            "blockquote" => self.end_container(|kind| matches!(kind, BlockKind::Quote)),
            "table" => self.end_container(|kind| matches!(kind, BlockKind::Table { .. })),
            "thead" | "tbody" | "tfoot" | "tr" if self.in_table() => {
                self.end_row();
                self.in_head &= name == "tr";
            }
            "td" | "th" if self.in_cell() => self.end_leaf(),
            _ if is_block(name) => self.break_text(),
            _ => self.end_inline(name),
        }
    }

    fn start_leaf(&mut self, name: &str) {
        self.break_text();
        if name == "caption" {
            let table = self
                .containers
                .pop_if(|it| matches!(it.kind, BlockKind::Table { .. }) && it.id.is_none());
            self.in_title = table.map(|_| self.containers.len()).or(self.in_title);
        }
        if !self.block_can_begin() {
            return;
        }
        let kind = match name.strip_prefix('h').and_then(|level| level.parse().ok()) {
            Some(level) => BlockKind::Heading { level },
            None => BlockKind::Paragraph,
        };
        if name == "p" {
            self.loosen();
        }
        let mut formats = self.formats.clone();
        if matches!(name, "dt" | "summary") {
            let inline = Inline::Strong(Vec::new());
            formats.push(Format { name: "b".to_owned(), inline, depth: self.depth() + 1 });
        }
        let text = Running::within(&formats);
        self.leaf = Some(Leaf { kind, id: None, text, named: true });
    }

    /// A paragraph of an item's own makes the list loose.
    fn loosen(&mut self) {
        let [.., list, item] = &mut self.containers[..] else { return };
        if let (BlockKind::List { tight, .. }, BlockKind::Item { .. }) =
            (&mut list.kind, &item.kind)
            && !list.spaced
            && std::mem::replace(tight, false)
            && let Some(id) = list.id
        {
            self.patches().push(Patch::Loosen { id });
        }
    }

    fn start_list(&mut self, tag: &StartTag) {
        if !self.block_can_begin() {
            return;
        }
        let start = (tag.name == "ol").then(|| {
            let start = tag.attribute("start").and_then(|start| start.trim().parse::<u64>().ok());
            start.filter(|start| *start <= 999_999_999).unwrap_or(1)
        });
        let tight = !classes(tag).any(|class| class == "loose");
        self.push(BlockKind::List { start, tight });
        if let Some(list @ Container { kind: BlockKind::List { .. }, .. }) =
            self.containers.last_mut()
        {
            list.spaced = classes(tag).any(|class| matches!(class, "tight" | "loose"));
        }
    }

    fn start_item(&mut self) {
        self.break_text();
        if self.in_cell() {
            return;
        }
        // The nearest list, unless a quotation or a table lies between.
        let near =
            self.containers.iter().rposition(|it| !matches!(it.kind, BlockKind::Item { .. }));
        match near.map(|at| (at, &self.containers[at].kind)) {
            Some((at, BlockKind::List { .. })) => self.close_to(at + 1),
            _ => {
                if !self.block_can_begin() {
                    return;
                }
                self.push(BlockKind::List { start: None, tight: true });
            }
        }
        self.open_item();
    }

    fn open_item(&mut self) {
        if matches!(self.containers.last(), Some(Container { kind: BlockKind::List { .. }, .. })) {
            self.push(BlockKind::Item { task: None });
        }
    }

    fn checkbox(&mut self, tag: &StartTag) {
        let is_box =
            tag.attribute("type").is_some_and(|kind| kind.eq_ignore_ascii_case("checkbox"));
        let empty = self.leaf.as_ref().is_none_or(|leaf| leaf.text.is_empty());
        if let (true, true, Some(Container { kind: BlockKind::Item { task }, id: None, .. })) =
            (is_box, empty, self.containers.last_mut())
        {
            *task = Some(tag.attribute("checked").is_some());
        }
    }

    fn image(&mut self, tag: &StartTag) {
        let src = address(tag, "src").filter(|src| {
            let is_mail = src.to_ascii_lowercase().starts_with("mailto:");
            !src.is_empty() && !is_mail
        });
        let image = Inline::Image { src, alt: words(tag, "alt"), title: words(tag, "title") };
        self.leaf().text.push(image);
    }

    fn start_inline(&mut self, name: &str, inline: Inline) {
        let is_link = name == "a";
        if is_link {
            self.end_inline("a");
        }
        let named = self.leaf.as_ref().is_some_and(|leaf| leaf.named);
        let depth = self.depth() + usize::from(named);
        let format = Format { name: name.to_owned(), inline, depth };
        match &mut self.leaf {
            Some(leaf) => _ = leaf.text.begin(format),
            None if self.formats.len() < FORMATS => self.formats.push(format),
            None => {}
        }
    }

    fn end_inline(&mut self, name: &str) {
        match &mut self.leaf {
            Some(leaf) => leaf.text.end(name),
            None => {
                if let Some(at) = self.formats.iter().rposition(|format| format.name == name) {
                    self.formats.remove(at);
                }
            }
        }
    }

    fn depth(&self) -> usize {
        self.containers.len()
    }

    /// A block begins or ends here: a paragraph is over, and in a cell a line.
    pub(super) fn break_text(&mut self) {
        if self.in_cell() {
            if let Some(leaf) = self.leaf.as_mut().filter(|leaf| !leaf.text.is_empty()) {
                leaf.text.line();
            }
        } else {
            self.end_leaf();
        }
    }

    pub(super) fn end_leaf(&mut self) {
        let Some(mut leaf) = self.leaf.take() else { return };
        let depth = self.depth();
        // What was begun in the text itself ends with it, if a tag began the text.
        self.formats = leaf.text.formats();
        self.formats.retain(|format| format.depth <= depth);
        leaf.text.close();
        if !leaf.text.is_visible() && leaf.id.is_none() && leaf.kind != BlockKind::Cell {
            return;
        }
        let id = self.open_leaf(&mut leaf);
        let mut patches = std::mem::take(self.patches());
        self.work += leaf.text.show(id, &mut patches);
        patches.push(Patch::Close { id });
        *self.patches() = patches;
    }

    fn open_leaf(&mut self, leaf: &mut Leaf) -> BlockId {
        match leaf.id {
            Some(id) => id,
            None => {
                let id = self.open(leaf.kind.clone());
                leaf.id = Some(id);
                id
            }
        }
    }

    /// Where patches go now.
    pub(super) fn patches(&mut self) -> &mut Vec<Patch> {
        match &mut self.held {
            Some(held) => &mut held.patches,
            None => &mut self.patches,
        }
    }

    /// A container begins, where there are not too many.
    pub(super) fn push(&mut self, kind: BlockKind) {
        // A list is nothing without an item, a table without a row and a cell.
        let needed = match kind {
            BlockKind::Table { .. } => 3,
            BlockKind::List { .. } => 2,
            _ => 1,
        };
        if self.containers.len() + needed <= DEEPEST {
            self.containers.push(Container { kind, id: None, spaced: false });
        }
    }

    /// Opens a block in the innermost container.
    pub(super) fn open(&mut self, kind: BlockKind) -> BlockId {
        let parent = self.open_containers();
        self.open_in(parent, kind)
    }

    fn open_in(&mut self, parent: Option<BlockId>, kind: BlockKind) -> BlockId {
        let id = BlockId(self.next);
        self.next += 1;
        self.patches().push(Patch::Open { id, parent, kind });
        id
    }

    /// Opens the containers that were waiting for content; gives the innermost.
    pub(super) fn open_containers(&mut self) -> Option<BlockId> {
        let mut parent = None;
        for at in 0..self.containers.len() {
            let id = match self.containers[at].id {
                Some(id) => id,
                None => {
                    let kind = self.containers[at].kind.clone();
                    if matches!(kind, BlockKind::Table { .. }) {
                        self.held = Some(Held { patches: Vec::new(), alignments: Vec::new() });
                    }
                    let id = self.open_in(parent, kind);
                    self.containers[at].id = Some(id);
                    id
                }
            };
            parent = Some(id);
        }
        parent
    }

    /// Ends the nearest container of a kind with all in it; nothing where there is none.
    fn end_container(&mut self, is_it: impl Fn(&BlockKind) -> bool) {
        if self.in_cell()
            && !self
                .containers
                .iter()
                .any(|it| matches!(it.kind, BlockKind::Table { .. }) && is_it(&it.kind))
        {
            self.break_text();
            return;
        }
        match self.containers.iter().rposition(|it| is_it(&it.kind)) {
            Some(at) => self.close_to(at),
            None => self.break_text(),
        }
    }

    /// Closes the containers from this place on.
    pub(super) fn close_to(&mut self, at: usize) {
        self.end_leaf();
        while self.containers.len() > at {
            let is_empty_item = matches!(
                self.containers.last(),
                Some(Container { kind: BlockKind::Item { .. }, id: None, .. })
            );
            if is_empty_item {
                self.open_containers();
            }
            let Some(container) = self.containers.pop() else { break };
            if let Some(id) = container.id {
                self.patches().push(Patch::Close { id });
            }
            if matches!(container.kind, BlockKind::Row { .. } | BlockKind::Table { .. }) {
                self.first_row &= container.id.is_none();
                self.release();
            }
        }
        let depth = self.depth();
        self.formats.retain(|format| format.depth <= depth);
    }

    /// Shows what can be shown.
    pub fn show(&mut self) {
        if self.held.is_some() {
            return;
        }
        self.show_code(false);
        let Some(mut leaf) = self.leaf.take() else { return };
        if leaf.text.is_visible() {
            let id = self.open_leaf(&mut leaf);
            if self.held.is_none() {
                self.work += leaf.text.show(id, &mut self.patches);
            }
        }
        self.leaf = Some(leaf);
    }

    /// Nothing more comes.
    pub fn finish(&mut self) {
        if self.code.is_some() {
            self.end_code();
        }
        self.close_to(0);
        self.release();
    }
}
