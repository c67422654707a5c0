//! The article as a tree of typed nodes, and the changes by which that tree grows.
//!
//! There is no node for a script, a style, a form or an event handler, so none can appear on a
//! page that is built from these nodes. A parser turns text into [`Patch`]es; a consumer — the
//! page, an HTML writer, a test — applies them in order.

use serde::{Deserialize, Serialize};

/// Names a block for as long as its parser lives. Counted from 0 in the order of opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BlockId(pub u32);

/// What a block is. What it contains follows from that, see [`Content`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BlockKind {
    /// A heading; contains inlines. `level` is 1 to 6.
    Heading {
        /// 1 to 6.
        level: u8,
    },
    /// A paragraph; contains inlines.
    Paragraph,
    /// A quotation; contains blocks.
    Quote,
    /// A list; contains items.
    List {
        /// The first number of an ordered list; `None` for bullets.
        start: Option<u64>,
        /// Whether paragraphs in items are shown without space around them.
        tight: bool,
    },
    /// An item of a list; contains blocks.
    Item {
        /// For a task: whether it is ticked.
        task: Option<bool>,
    },
    /// A block of code; contains text.
    Code {
        /// The first word of the info string, or empty. Never white space.
        language: String,
    },
    /// A table; contains rows, the first of which is the head.
    Table {
        /// One entry a column.
        alignments: Vec<Alignment>,
    },
    /// A row of a table; contains cells.
    Row {
        /// Whether it is the table's head.
        head: bool,
    },
    /// A cell of a row; contains inlines.
    Cell,
    /// A thematic break; empty.
    Rule,
    /// The text of a footnote; contains blocks. Shown at the end of the document.
    Footnote {
        /// Its label as written.
        label: String,
    },
}

/// How a column of a table is aligned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Alignment {
    /// As the language runs.
    #[default]
    None,
    /// Left.
    Left,
    /// Centred.
    Center,
    /// Right.
    Right,
}

/// A piece of running text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Inline {
    /// Text, with no two neighbours of this kind.
    Text(String),
    /// Emphasis.
    Emphasis(Vec<Inline>),
    /// Strong emphasis.
    Strong(Vec<Inline>),
    /// Struck out.
    Strike(Vec<Inline>),
    /// Code.
    Code(String),
    /// A link. `href` is `None` while the target is not known yet, and where it is refused.
    Link {
        /// The target, checked by [`is_safe_url`].
        href: Option<String>,
        /// The tool tip, or empty.
        title: String,
        /// What is shown.
        children: Vec<Inline>,
    },
    /// An image. `src` is `None` where it is refused.
    Image {
        /// The source, checked by [`is_safe_url`]; never `mailto:`.
        src: Option<String>,
        /// The text for those who do not see it.
        alt: String,
        /// The tool tip, or empty.
        title: String,
    },
    /// A line break that was asked for.
    HardBreak,
    /// A line break of the source, shown as a space (between CJK characters: as nothing).
    SoftBreak,
    /// A reference to a footnote.
    FootnoteRef {
        /// The footnote's label.
        label: String,
        /// Its number, from 1 in the order of first reference.
        number: u32,
    },
    /// One of the few harmless HTML elements that models write: `sub`, `sup`, `kbd`, `mark`, `u`.
    Html {
        /// Which.
        element: HtmlInline,
        /// What it contains.
        children: Vec<Inline>,
    },
}

/// The HTML elements of running text that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HtmlInline {
    /// `<sub>`
    Sub,
    /// `<sup>`
    Sup,
    /// `<kbd>`
    Kbd,
    /// `<mark>`
    Mark,
    /// `<u>`
    Underline,
}

impl HtmlInline {
    /// The element's name in HTML.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Sub => "sub",
            Self::Sup => "sup",
            Self::Kbd => "kbd",
            Self::Mark => "mark",
            Self::Underline => "u",
        }
    }
}

/// A block with what it contains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// What it contains.
    pub content: Content,
}

/// What a block contains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// Other blocks, in order.
    Blocks(Vec<Block>),
    /// Running text.
    Inlines(Vec<Inline>),
    /// Text as it is, lines ended by `\n`.
    Text(String),
    /// Nothing, ever.
    Empty,
}

impl BlockKind {
    /// The empty content that fits this kind.
    pub fn empty_content(&self) -> Content {
        match self {
            Self::Heading { .. } | Self::Paragraph | Self::Cell => Content::Inlines(Vec::new()),
            Self::Code { .. } => Content::Text(String::new()),
            Self::Rule => Content::Empty,
            Self::Quote
            | Self::List { .. }
            | Self::Item { .. }
            | Self::Table { .. }
            | Self::Row { .. }
            | Self::Footnote { .. } => Content::Blocks(Vec::new()),
        }
    }
}

/// An article.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its blocks, in order; footnotes where they were written.
    pub blocks: Vec<Block>,
}

impl FromIterator<Patch> for Document {
    /// The tree that patches describe.
    fn from_iter<T: IntoIterator<Item = Patch>>(patches: T) -> Self {
        let mut builder = DocumentBuilder::default();
        patches.into_iter().for_each(|patch| builder.apply(patch));
        builder.document()
    }
}

/// One change of the tree. A consumer that applies all patches in order always holds the tree
/// that the parser means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Patch {
    /// A block begins as the last child of `parent` (`None`: of the document).
    Open {
        /// The new block.
        id: BlockId,
        /// What contains it.
        parent: Option<BlockId>,
        /// What it is.
        kind: BlockKind,
    },
    /// An open block turns out to be another kind of block (a paragraph a heading, a table head a
    /// paragraph). Its content is emptied; what it now contains follows as patches.
    Become {
        /// The block.
        id: BlockId,
        /// What it is now.
        kind: BlockKind,
    },
    /// Text is appended to an open block of code.
    AppendCode {
        /// The block.
        id: BlockId,
        /// The text.
        text: String,
    },
    /// Text is appended to the last inline of an open leaf, which is an [`Inline::Text`] at the top
    /// level of the leaf.
    AppendText {
        /// The leaf.
        id: BlockId,
        /// The text.
        text: String,
    },
    /// The inlines of an open leaf from the index `keep` on (counted at the top level of the leaf)
    /// are replaced.
    SetInlines {
        /// The leaf.
        id: BlockId,
        /// How many of the leaf's first inlines stay as they are.
        keep: usize,
        /// What follows them.
        inlines: Vec<Inline>,
    },
    /// An open list became loose.
    Loosen {
        /// The list.
        id: BlockId,
    },
    /// Nothing will change in the block any more, but for [`Patch::Mend`].
    Close {
        /// The block.
        id: BlockId,
    },
    /// A definition that came late: all inlines of a closed leaf are replaced.
    Mend {
        /// The leaf.
        id: BlockId,
        /// All of its inlines.
        inlines: Vec<Inline>,
    },
}

/// Whether a link may point there: `http`, `https`, `mailto`, or relative to the page.
///
/// Follows the URL standard in what a browser ignores (white space around, tabs and line breaks
/// inside), so that `java\nscript:` does not slip through.
pub fn is_safe_url(url: &str) -> bool {
    let seen: String = url
        .trim_matches(|c: char| c <= ' ')
        .chars()
        .filter(|c| !matches!(c, '\t' | '\n' | '\r'))
        .collect();
    let Some((scheme, _)) = seen.split_once(':') else {
        return true;
    };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    !is_scheme || ["http", "https", "mailto"].iter().any(|safe| scheme.eq_ignore_ascii_case(safe))
}

/// Applies patches to a [`Document`]: the simplest consumer, and the one that keeps the tree.
#[derive(Debug, Default)]
pub struct DocumentBuilder {
    nodes: Vec<Option<Node>>,
    roots: Vec<BlockId>,
}

#[derive(Debug)]
struct Node {
    kind: BlockKind,
    children: Vec<BlockId>,
    inlines: Vec<Inline>,
    text: String,
}

impl DocumentBuilder {
    /// Applies one patch. A patch that names a block which is not there changes nothing.
    pub fn apply(&mut self, patch: Patch) {
        match patch {
            Patch::Open { id, parent, kind } => {
                let index = id.0 as usize;
                if self.nodes.len() <= index {
                    self.nodes.resize_with(index + 1, || None);
                }
                self.nodes[index] = Some(Node {
                    kind,
                    children: Vec::new(),
                    inlines: Vec::new(),
                    text: String::new(),
                });
                match parent {
                    None => self.roots.push(id),
                    Some(parent) => {
                        if let Some(parent) = self.node(parent) {
                            parent.children.push(id);
                        }
                    }
                }
            }
            Patch::Become { id, kind } => {
                if let Some(node) = self.node(id) {
                    node.kind = kind;
                    node.inlines.clear();
                    node.text.clear();
                    for child in std::mem::take(&mut node.children) {
                        self.forget(child);
                    }
                }
            }
            Patch::AppendCode { id, text } => {
                if let Some(node) = self.node(id) {
                    node.text.push_str(&text);
                }
            }
            Patch::AppendText { id, text } => {
                if let Some(Inline::Text(last)) = self.node(id).and_then(|n| n.inlines.last_mut()) {
                    last.push_str(&text);
                }
            }
            Patch::SetInlines { id, keep, inlines } => {
                if let Some(node) = self.node(id) {
                    node.inlines.truncate(keep);
                    node.inlines.extend(inlines);
                }
            }
            Patch::Loosen { id } => {
                if let Some(Node { kind: BlockKind::List { tight, .. }, .. }) = self.node(id) {
                    *tight = false;
                }
            }
            Patch::Close { .. } => {}
            Patch::Mend { id, inlines } => {
                if let Some(node) = self.node(id) {
                    node.inlines = inlines;
                }
            }
        }
    }

    /// The tree as it stands.
    pub fn document(&self) -> Document {
        Document { blocks: self.roots.iter().filter_map(|id| self.block(*id)).collect() }
    }

    fn node(&mut self, id: BlockId) -> Option<&mut Node> {
        self.nodes.get_mut(id.0 as usize)?.as_mut()
    }

    fn forget(&mut self, id: BlockId) {
        if let Some(node) = self.nodes.get_mut(id.0 as usize).and_then(Option::take) {
            for child in node.children {
                self.forget(child);
            }
        }
    }

    fn block(&self, id: BlockId) -> Option<Block> {
        let node = self.nodes.get(id.0 as usize)?.as_ref()?;
        let content = match node.kind.empty_content() {
            Content::Blocks(_) => {
                Content::Blocks(node.children.iter().filter_map(|id| self.block(*id)).collect())
            }
            Content::Inlines(_) => Content::Inlines(node.inlines.clone()),
            Content::Text(_) => Content::Text(node.text.clone()),
            Content::Empty => Content::Empty,
        };
        Some(Block { kind: node.kind.clone(), content })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_harmless_urls_are_safe() {
        for url in ["https://a.b", "HTTP://a", "mailto:a@b", "/a:b", "#a", "a?b=c:d", "1:2", ""] {
            assert!(is_safe_url(url), "{url}");
        }
        for url in
            ["javascript:a", " \u{1}java\nscript:a", "data:text/html,a", "vbscript:a", "file:///a"]
        {
            assert!(!is_safe_url(url), "{url}");
        }
    }

    #[test]
    fn patches_build_the_tree_they_describe() {
        let mut builder = DocumentBuilder::default();
        let (list, item, text) = (BlockId(0), BlockId(1), BlockId(2));
        for patch in [
            Patch::Open {
                id: list,
                parent: None,
                kind: BlockKind::List { start: None, tight: true },
            },
            Patch::Open { id: item, parent: Some(list), kind: BlockKind::Item { task: None } },
            Patch::Open { id: text, parent: Some(item), kind: BlockKind::Paragraph },
            Patch::SetInlines { id: text, keep: 0, inlines: vec![Inline::Text("a".to_owned())] },
            Patch::AppendText { id: text, text: "b".to_owned() },
            Patch::Loosen { id: list },
        ] {
            builder.apply(patch);
        }
        let paragraph = Block {
            kind: BlockKind::Paragraph,
            content: Content::Inlines(vec![Inline::Text("ab".to_owned())]),
        };
        let item = Block {
            kind: BlockKind::Item { task: None },
            content: Content::Blocks(vec![paragraph]),
        };
        assert_eq!(
            builder.document().blocks,
            [Block {
                kind: BlockKind::List { start: None, tight: false },
                content: Content::Blocks(vec![item]),
            }]
        );
    }
}
