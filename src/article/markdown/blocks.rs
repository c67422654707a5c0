//! The blocks that are open, and what each line does to them.

use super::super::document::{BlockId, BlockKind, Patch};
use super::leaf::{Leaf, Paragraph};
use super::lines::{Guess, is_blank};
use super::output::Output;
use super::plan::{ContainerKind, Line, New, Outline, Plan, plan};

/// The open blocks of a document.
#[derive(Debug)]
pub struct Blocks {
    pub output: Output,
    /// Outermost first.
    containers: Vec<Outline>,
    ids: Vec<BlockId>,
    leaf: Option<Leaf>,
    /// Behind a blank line: the containers from here on were lists and items only, so that the
    /// line lies between children of any of them.
    blank: Option<usize>,
}

impl Blocks {
    pub fn new(inlines: bool) -> Self {
        Self {
            output: Output::new(inlines),
            containers: Vec::new(),
            ids: Vec::new(),
            leaf: None,
            blank: None,
        }
    }

    /// Begins a line with what is there of it. False: too little to know what it is.
    pub fn begin_line(&mut self, line: &str, complete: bool) -> bool {
        self.output.work += line.len() as u64;
        match plan(&self.containers, self.leaf.as_ref(), line, complete) {
            Guess::Yes(plan) => {
                self.carry_out(plan, line);
                true
            }
            Guess::Open | Guess::No => false,
        }
    }

    /// More of a line that has begun.
    pub fn push(&mut self, text: &str) {
        if let Some(leaf) = &mut self.leaf {
            leaf.push(text, &mut self.output);
        }
    }

    /// A line that has begun ends.
    pub fn end_line(&mut self) {
        if let Some(mut leaf) = self.leaf.take() {
            if leaf.end_line(&mut self.output) {
                self.leaf = Some(leaf);
            } else {
                leaf.finish(&mut self.output);
            }
        }
    }

    /// Shows what has come so far.
    pub fn show(&mut self) {
        if let Some(leaf) = &mut self.leaf {
            leaf.show(&mut self.output);
        }
    }

    /// The document ends.
    pub fn finish(&mut self) {
        self.close_to(0);
        let Output { references, patches, .. } = &mut self.output;
        references.mend(patches);
    }

    fn carry_out(&mut self, plan: Plan, line: &str) {
        let Plan { keep, open, line: kind, at, spare } = plan;
        let rest = &line[at..];
        match kind {
            Line::More => {
                let is_code = matches!(self.leaf, Some(Leaf::Fenced(_) | Leaf::Indented(_)));
                let between = matches!(self.leaf, Some(Leaf::Indented(_))) && is_blank(rest);
                self.blank = between.then(|| self.floor());
                if let Some(leaf) = &mut self.leaf {
                    leaf.begin_line(&mut self.output);
                    if is_code {
                        leaf.push(&"   "[..spare], &mut self.output);
                    }
                    leaf.push(rest, &mut self.output);
                }
                return;
            }
            Line::Underline(level) => {
                if let Some(leaf) = self.leaf.take() {
                    leaf.underline(level, &mut self.output);
                }
                self.blank = None;
                return;
            }
            Line::Delimiters(alignments) => {
                let leaf = self.leaf.take();
                self.leaf = leaf.and_then(|leaf| leaf.tabulate(alignments, &mut self.output));
                self.blank = None;
                return;
            }
            _ => self.close_to(keep),
        }
        let opens = !open.is_empty();
        let is_task = matches!(open.last(), Some(New::Item { task: Some(_), .. }));
        for new in open {
            self.open_container(new);
        }
        self.open_leaf(&kind, rest, spare, is_task);
        let between = kind == Line::Blank && !opens;
        self.blank = between.then(|| self.floor());
    }

    fn open_leaf(&mut self, kind: &Line, rest: &str, spare: usize, is_task: bool) {
        if matches!(kind, Line::Blank | Line::ClosingFence) {
            return;
        }
        self.note_child();
        let parent = self.ids.last().copied();
        let output = &mut self.output;
        let mut leaf = match *kind {
            Line::Rule => {
                let id = output.open(parent, BlockKind::Rule);
                output.close(id);
                return;
            }
            Line::Fence(fence) => {
                self.leaf = Some(Leaf::fenced(parent, fence, rest, output));
                return;
            }
            Line::Heading(level) => Leaf::heading(parent, level, output),
            Line::Indented => Leaf::indented(parent, output),
            Line::Html(block) => Leaf::html(parent, block),
            // A task's text begins with its box, and so with no definition.
            _ => Leaf::Paragraph(Box::new(Paragraph::new(parent, !is_task))),
        };
        if *kind == Line::Indented {
            leaf.push(&"   "[..spare], output);
        }
        leaf.push(rest, output);
        self.leaf = Some(leaf);
    }

    fn open_container(&mut self, new: New) {
        let (container, kind) = match new {
            New::Quote => (ContainerKind::Quote, BlockKind::Quote),
            New::Footnote(label) => {
                // A footnote that begins in a footnote begins beside it.
                if self.containers.last().is_some_and(|c| c.kind == ContainerKind::Footnote) {
                    self.close_to(self.containers.len() - 1);
                }
                self.output.references.define_footnote(&label);
                (ContainerKind::Footnote, BlockKind::Footnote { label })
            }
            New::Item { marker, indent, task } => {
                let list = ContainerKind::List(marker.mark);
                if self.containers.last().is_none_or(|last| last.kind != list) {
                    let kind = BlockKind::List { start: marker.number, tight: true };
                    self.push_container(list, kind);
                }
                (ContainerKind::Item(indent), BlockKind::Item { task })
            }
        };
        self.push_container(container, kind);
    }

    fn push_container(&mut self, container: ContainerKind, kind: BlockKind) {
        self.note_child();
        let id = self.output.open(self.ids.last().copied(), kind);
        self.ids.push(id);
        self.containers.push(Outline { kind: container, has_children: false });
    }

    /// The innermost container gets another child: a list becomes loose, if a blank line lies
    /// between its items or between the children of one.
    fn note_child(&mut self) {
        let depth = self.containers.len();
        let Some(parent) = self.containers.last_mut() else { return };
        let had_children = std::mem::replace(&mut parent.has_children, true);
        if !had_children || self.blank.is_none_or(|floor| depth < floor) {
            return;
        }
        let list = match parent.kind {
            ContainerKind::List(_) => depth - 1,
            ContainerKind::Item(_) => depth - 2,
            ContainerKind::Quote | ContainerKind::Footnote => return,
        };
        self.output.patches.push(Patch::Loosen { id: self.ids[list] });
    }

    /// The depth from which on all containers are lists and items.
    fn floor(&self) -> usize {
        self.containers
            .iter()
            .rposition(|container| {
                matches!(container.kind, ContainerKind::Quote | ContainerKind::Footnote)
            })
            .map_or(0, |last| last + 1)
    }

    /// Closes the leaf and all containers but the outermost `keep`.
    fn close_to(&mut self, keep: usize) {
        if let Some(leaf) = self.leaf.take() {
            leaf.finish(&mut self.output);
        }
        self.containers.truncate(keep);
        while self.ids.len() > keep
            && let Some(id) = self.ids.pop()
        {
            self.output.close(id);
        }
    }
}
