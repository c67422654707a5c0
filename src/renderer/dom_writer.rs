//! Applies the parser's patches to the page, as nodes: the same structure that
//! [`crate::article::html_writer`] writes as text.
//!
//! There is no `innerHTML` here, so the model's text can only ever become text. What is closed is
//! never touched again, but for the colours of a line of code and a link that finds its target.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Element, Node, Text};

use super::code::CodeBlock;
use super::footnotes::Footnotes;
use super::groups::Groups;
use super::{inlines, warn};
use crate::article::document::{Alignment, BlockId, BlockKind, Inline, Patch};
use crate::article::event::{Highlight, OutlineEntry};
use crate::article::html_writer::tick_label;
use crate::article::measure::{Anchors, plain_text};

/// Writes an article into an element of the page.
pub struct DomWriter {
    document: Document,
    root: Element,
    blocks: Vec<Option<Block>>,
    code_blocks: Vec<CodeBlock>,
    /// Colours of lines that are not written yet.
    early: Vec<Highlight>,
    footnotes: Footnotes,
    /// `None`: the outermost blocks stand in the element itself.
    groups: Option<Groups>,
    /// What all names in the page begin with.
    prefix: &'static str,
    /// How many of the outermost blocks are closed.
    closed: u32,
    anchors: Anchors,
    outline: Vec<OutlineEntry>,
    cursor: Element,
    /// Where text was last added: the cursor stands at its end.
    pen: Option<BlockId>,
    /// What the button of a block of code says.
    copy_label: String,
}

struct Block {
    kind: BlockKind,
    parent: Option<BlockId>,
    children: Vec<BlockId>,
    /// What stands in the parent.
    outer: Element,
    /// What the content stands in.
    inner: Element,
    /// The running text while it can change.
    inlines: Vec<Inline>,
    /// Its top level's nodes, one each.
    nodes: Vec<Node>,
    /// Which block of code of the article it is.
    code: Option<usize>,
}

impl DomWriter {
    /// Takes the element over: what is in it goes.
    ///
    /// # Errors
    /// When the browser refuses to make an element, which it never should.
    pub fn new(document: Document, root: Element, copy_label: &str) -> Result<Self, JsValue> {
        root.set_text_content(None);
        let cursor = document.create_element("span")?;
        cursor.set_class_name("cursor");
        cursor.set_attribute("aria-hidden", "true")?;
        Ok(Self {
            document,
            root,
            blocks: Vec::new(),
            code_blocks: Vec::new(),
            early: Vec::new(),
            footnotes: Footnotes::default(),
            groups: None,
            prefix: "",
            closed: 0,
            anchors: Anchors::default(),
            outline: Vec::new(),
            cursor,
            pen: None,
            copy_label: copy_label.to_owned(),
        })
    }

    /// Puts the outermost blocks into groups; for an article that may become long while it is
    /// watched.
    #[must_use]
    pub fn in_groups(mut self) -> Self {
        self.groups = Some(Groups::default());
        self
    }

    /// Begins all names in the page (`id`) with this, so that none is one of the page's own.
    #[must_use]
    pub fn named(mut self, prefix: &'static str) -> Self {
        self.prefix = prefix;
        self.footnotes = Footnotes::named(prefix);
        self
    }

    /// How many of the article's outermost blocks are closed.
    pub fn closed_blocks(&self) -> u32 {
        self.closed
    }

    /// Applies patches, in order.
    pub fn apply(&mut self, patches: Vec<Patch>) {
        for patch in patches {
            if let Err(error) = self.apply_one(patch) {
                warn("a change of the article could not be shown", &error);
            }
        }
        for highlight in std::mem::take(&mut self.early) {
            self.highlight(highlight);
        }
    }

    /// Colours a line of code; one that is not there yet is coloured when it comes.
    pub fn highlight(&mut self, highlight: Highlight) {
        let block = self.code_blocks.get_mut(highlight.block as usize);
        match block.map(|block| block.color(&self.document, &highlight)) {
            Some(Ok(true)) => {}
            Some(Ok(false)) | None => self.early.push(highlight),
            Some(Err(error)) => warn("a line could not be coloured", &error),
        }
    }

    /// The headings so far, of levels 2 and 3.
    pub fn outline(&self) -> &[OutlineEntry] {
        &self.outline
    }

    /// The cursor, to see where the end of the text is.
    pub fn cursor(&self) -> &Element {
        &self.cursor
    }

    /// Numbers the footnotes and puts them in order: the text is complete.
    pub fn settle(&mut self) {
        if let Err(error) = self.footnotes.settle(&self.document, &self.root) {
            warn("the footnotes could not be put in order", &error);
        }
    }

    /// Moves the cursor to where text was last added. Most often it is there: text that is added to
    /// a node before it moves it along.
    pub fn show_cursor(&self) {
        let place = match self.pen.and_then(|id| self.block(id)) {
            Some(block) => &block.inner,
            None => &self.root,
        };
        if place.last_child().as_deref() == Some(&**self.cursor) {
            return;
        }
        if let Err(error) = place.append_child(&self.cursor) {
            warn("the cursor could not be moved", &error);
        }
    }

    /// Takes the cursor off the page.
    pub fn hide_cursor(&self) {
        self.cursor.remove();
    }

    fn block(&self, id: BlockId) -> Option<&Block> {
        self.blocks.get(id.0 as usize)?.as_ref()
    }

    fn block_mut(&mut self, id: BlockId) -> Option<&mut Block> {
        self.blocks.get_mut(id.0 as usize)?.as_mut()
    }

    fn apply_one(&mut self, patch: Patch) -> Result<(), JsValue> {
        match patch {
            Patch::Open { id, parent, kind } => self.open(id, parent, kind)?,
            Patch::Become { id, kind } => self.become_another(id, kind)?,
            Patch::AppendCode { id, text } => {
                self.pen = Some(id);
                if let Some(code) = self.block(id).and_then(|block| block.code) {
                    self.code_blocks[code].append(&self.document, &text)?;
                }
            }
            Patch::AppendText { id, text } => {
                self.pen = Some(id);
                if let Some(block) = self.block_mut(id)
                    && let Some(Inline::Text(last)) = block.inlines.last_mut()
                    && let Some(node) = block.nodes.last().and_then(|it| it.dyn_ref::<Text>())
                {
                    last.push_str(&text);
                    node.append_data(&text)?;
                }
            }
            Patch::SetInlines { id, keep, inlines } => {
                self.pen = Some(id);
                self.set_inlines(id, keep, inlines)?;
            }
            Patch::Mend { id, inlines } => self.mend(id, inlines)?,
            Patch::Loosen { id } => {
                if let Some(block) = self.block_mut(id) {
                    block.outer.set_class_name("loose");
                    if let BlockKind::List { tight, .. } = &mut block.kind {
                        *tight = false;
                    }
                }
            }
            Patch::Close { id } => self.close(id)?,
        }
        Ok(())
    }

    fn open(
        &mut self,
        id: BlockId,
        parent: Option<BlockId>,
        kind: BlockKind,
    ) -> Result<(), JsValue> {
        let (outer, inner) = self.element(parent, &kind)?;
        // The notes stay at the end, whatever comes after the first of them.
        let end = self.footnotes.section();
        let (place, before) = match (&kind, parent.and_then(|parent| self.block(parent))) {
            (BlockKind::Footnote { label }, _) => {
                (self.footnotes.open(&self.document, &self.root, label, &outer)?, None)
            }
            (BlockKind::Row { head }, Some(table)) => (self.row_group(&table.inner, *head)?, None),
            (_, Some(parent)) => (parent.inner.clone(), None),
            (_, None) => match &mut self.groups {
                Some(groups) => (groups.next(&self.document, &self.root, end)?, None),
                None => (self.root.clone(), end.cloned()),
            },
        };
        place.insert_before(&outer, before.as_deref())?;
        if let Some(parent) = parent.and_then(|parent| self.block_mut(parent)) {
            parent.children.push(id);
        }
        self.remember(id, parent, kind, outer, inner);
        Ok(())
    }

    fn become_another(&mut self, id: BlockId, kind: BlockKind) -> Result<(), JsValue> {
        let Some(block) = self.block(id) else {
            return Ok(());
        };
        let (parent, children, old) = (block.parent, block.children.clone(), block.outer.clone());
        for child in children {
            self.forget(child);
        }
        let (outer, inner) = self.element(parent, &kind)?;
        old.replace_with_with_node_1(&outer)?;
        self.forget_code(id);
        self.remember(id, parent, kind, outer, inner);
        Ok(())
    }

    fn remember(
        &mut self,
        id: BlockId,
        parent: Option<BlockId>,
        kind: BlockKind,
        outer: Element,
        inner: Element,
    ) {
        let code = matches!(kind, BlockKind::Code { .. }).then(|| {
            self.code_blocks.push(CodeBlock::new(inner.clone()));
            self.code_blocks.len() - 1
        });
        let index = id.0 as usize;
        if self.blocks.len() <= index {
            self.blocks.resize_with(index + 1, || None);
        }
        self.blocks[index] = Some(Block {
            kind,
            parent,
            children: Vec::new(),
            outer,
            inner,
            inlines: Vec::new(),
            nodes: Vec::new(),
            code,
        });
    }

    fn forget(&mut self, id: BlockId) {
        self.forget_code(id);
        if self.pen == Some(id) {
            self.pen = None;
        }
        if let Some(block) = self.blocks.get_mut(id.0 as usize).and_then(Option::take) {
            for child in block.children {
                self.forget(child);
            }
        }
    }

    /// Blocks of code are counted over the whole article, and one that was a mistake does not count.
    fn forget_code(&mut self, id: BlockId) {
        let Some(code) = self.block_mut(id).and_then(|block| block.code.take()) else {
            return;
        };
        self.code_blocks.remove(code);
        for later in self.blocks.iter_mut().flatten().filter_map(|block| block.code.as_mut()) {
            if *later > code {
                *later -= 1;
            }
        }
    }

    fn close(&mut self, id: BlockId) -> Result<(), JsValue> {
        let Some(block) = self.block_mut(id) else {
            return Ok(());
        };
        let inlines = std::mem::take(&mut block.inlines);
        let is_outermost = block.parent.is_none();
        let heading = match block.kind {
            BlockKind::Heading { level } => Some((level, block.outer.clone())),
            _ => None,
        };
        self.closed += u32::from(is_outermost);
        let Some((level, heading)) = heading else {
            return Ok(());
        };
        let text = plain_text(&inlines);
        let anchor = self.anchors.next(&text);
        heading.set_id(&format!("{}{anchor}", self.prefix));
        if matches!(level, 2 | 3) {
            self.outline.push(OutlineEntry { level, text, anchor });
        }
        Ok(())
    }

    fn set_inlines(
        &mut self,
        id: BlockId,
        keep: usize,
        inlines: Vec<Inline>,
    ) -> Result<(), JsValue> {
        let Some(Some(block)) = self.blocks.get_mut(id.0 as usize) else {
            return Ok(());
        };
        block.inlines.truncate(keep);
        let keep = block.inlines.len();
        block.inlines.extend(inlines);
        for old in block.nodes.drain(keep.min(block.nodes.len())..) {
            block.inner.remove_child(&old)?;
        }
        for index in keep..block.inlines.len() {
            let node = inlines::node(&self.document, &block.inlines, index, &mut self.footnotes)?;
            block.inner.append_child(&node)?;
            block.nodes.push(node);
        }
        Ok(())
    }

    /// A closed leaf forgets its inlines, so all of its nodes go.
    fn mend(&mut self, id: BlockId, inlines: Vec<Inline>) -> Result<(), JsValue> {
        if let Some(block) = self.block_mut(id) {
            block.inlines.clear();
        }
        self.set_inlines(id, 0, inlines)
    }

    fn create(&self, name: &str) -> Result<Element, JsValue> {
        self.document.create_element(name)
    }

    /// The element of a block, and the one in it that holds its content.
    fn element(
        &self,
        parent: Option<BlockId>,
        kind: &BlockKind,
    ) -> Result<(Element, Element), JsValue> {
        let single = |element: Element| (element.clone(), element);
        Ok(match kind {
            BlockKind::Heading { level } => {
                single(self.create(&format!("h{}", (*level).clamp(1, 6)))?)
            }
            BlockKind::Paragraph => single(self.create("p")?),
            BlockKind::Quote => single(self.create("blockquote")?),
            BlockKind::List { start, tight } => {
                let list = self.create(if start.is_some() { "ol" } else { "ul" })?;
                list.set_class_name(if *tight { "tight" } else { "loose" });
                if let Some(start) = start.filter(|start| *start != 1) {
                    list.set_attribute("start", &start.to_string())?;
                }
                single(list)
            }
            BlockKind::Item { task } => single(self.item(*task)?),
            BlockKind::Code { language } => self.code_element(language)?,
            BlockKind::Table { .. } => {
                let outer = self.create("div")?;
                outer.set_class_name("table");
                make_scrollable(&outer)?;
                let table = self.create("table")?;
                outer.append_child(&table)?;
                (outer, table)
            }
            BlockKind::Row { .. } => single(self.create("tr")?),
            BlockKind::Cell => single(self.cell(parent)?),
            BlockKind::Rule => single(self.create("hr")?),
            BlockKind::Footnote { .. } => single(self.create("li")?),
        })
    }

    fn item(&self, task: Option<bool>) -> Result<Element, JsValue> {
        let item = self.create("li")?;
        if let Some(ticked) = task {
            item.set_class_name("task");
            let tick = self.create("input")?;
            tick.set_attribute("aria-label", tick_label(ticked))?;
            for name in ["type", "disabled", "checked"] {
                if name != "checked" || ticked {
                    tick.set_attribute(name, if name == "type" { "checkbox" } else { "" })?;
                }
            }
            item.append_child(&tick)?;
        }
        Ok(item)
    }

    fn code_element(&self, language: &str) -> Result<(Element, Element), JsValue> {
        let (figure, caption) = (self.create("figure")?, self.create("figcaption")?);
        let (pre, code) = (self.create("pre")?, self.create("code")?);
        figure.set_class_name("code");
        make_scrollable(&pre)?;
        if !language.is_empty() {
            code.set_class_name(&format!("language-{language}"));
        }
        caption.set_text_content(Some(language));
        caption.set_class_name("language");
        // Not a word of the article.
        caption.set_attribute("data-chrome", "")?;
        let button = copy_button(&self.document, &self.copy_label)?;
        caption.append_child(&button)?;
        pre.append_child(&code)?;
        figure.append_child(&caption)?;
        figure.append_child(&pre)?;
        Ok((figure, code))
    }

    fn row_group(&self, table: &Element, head: bool) -> Result<Element, JsValue> {
        let name = if head { "thead" } else { "tbody" };
        if let Some(group) = table.last_element_child()
            && group.tag_name().eq_ignore_ascii_case(name)
        {
            return Ok(group);
        }
        let group = self.create(name)?;
        table.append_child(&group)?;
        Ok(group)
    }

    fn cell(&self, row: Option<BlockId>) -> Result<Element, JsValue> {
        let row = row.and_then(|row| self.block(row));
        let head = matches!(row, Some(Block { kind: BlockKind::Row { head: true }, .. }));
        let cell = self.create(if head { "th" } else { "td" })?;
        let table = row.and_then(|row| self.block(row.parent?));
        if let (Some(row), Some(Block { kind: BlockKind::Table { alignments }, .. })) = (row, table)
        {
            let class = match alignments.get(row.children.len()).copied().unwrap_or_default() {
                Alignment::None => None,
                Alignment::Left => Some("left"),
                Alignment::Center => Some("center"),
                Alignment::Right => Some("right"),
            };
            if let Some(class) = class {
                cell.set_class_name(class);
            }
        }
        Ok(cell)
    }
}

/// Lets the keyboard reach what can be wider than the page, to scroll it.
///
/// # Errors
/// When the browser refuses to set an attribute.
pub fn make_scrollable(element: &Element) -> Result<(), JsValue> {
    element.set_attribute("tabindex", "0")
}

/// A button that copies the block of code that it stands over.
///
/// # Errors
/// When the browser refuses to make an element.
pub fn copy_button(document: &Document, label: &str) -> Result<Element, JsValue> {
    let button = document.create_element("button")?;
    button.set_attribute("type", "button")?;
    button.set_attribute("data-copy", "")?;
    button.set_class_name("btn quiet");
    button.set_text_content(Some(label));
    Ok(button)
}
