//! A consumer that checks the contract of patches while it applies them.

use std::collections::HashMap;

use super::document::{BlockId, BlockKind, Content, Document, DocumentBuilder, Inline, Patch};

/// What is known of a block that was opened.
struct Seen {
    parent: Option<BlockId>,
    kind: BlockKind,
    closed: bool,
    open_children: usize,
    inlines: Vec<Inline>,
    text: String,
}

/// Applies patches and panics where one breaks the contract.
#[derive(Default)]
pub struct Consumer {
    builder: DocumentBuilder,
    seen: HashMap<BlockId, Seen>,
    next: u32,
    /// Patches so far.
    pub patches: usize,
    /// What they carried: bytes of text, and inlines.
    pub carried: usize,
}

impl Consumer {
    pub fn apply(&mut self, patch: Patch) {
        self.patches += 1;
        self.check(&patch);
        self.builder.apply(patch);
    }

    pub fn document(&self) -> Document {
        self.builder.document()
    }

    fn open(&mut self, id: BlockId, patch: &Patch) -> &mut Seen {
        let seen = self.seen.get_mut(&id).unwrap_or_else(|| panic!("unknown block: {patch:?}"));
        assert!(!seen.closed, "touches a closed block: {patch:?}");
        seen
    }

    fn check(&mut self, patch: &Patch) {
        match patch {
            Patch::Open { id, parent, kind } => {
                assert_eq!(id.0, self.next, "ids are counted in the order of opening");
                self.next += 1;
                if let Some(parent) = parent {
                    let seen = self.open(*parent, patch);
                    seen.open_children += 1;
                    let content = seen.kind.empty_content();
                    assert!(matches!(content, Content::Blocks(_)), "no container: {patch:?}");
                    let fits = match seen.kind {
                        BlockKind::List { .. } => matches!(kind, BlockKind::Item { .. }),
                        BlockKind::Table { .. } => matches!(kind, BlockKind::Row { .. }),
                        BlockKind::Row { .. } => *kind == BlockKind::Cell,
                        _ => !matches!(
                            kind,
                            BlockKind::Item { .. } | BlockKind::Row { .. } | BlockKind::Cell
                        ),
                    };
                    assert!(fits, "cannot stand there: {patch:?}");
                }
                self.seen.insert(
                    *id,
                    Seen {
                        parent: *parent,
                        kind: kind.clone(),
                        closed: false,
                        open_children: 0,
                        inlines: Vec::new(),
                        text: String::new(),
                    },
                );
            }
            Patch::Become { id, kind } => {
                let seen = self.open(*id, patch);
                seen.kind = kind.clone();
                seen.inlines.clear();
                seen.open_children = 0;
                self.forget_children(*id);
            }
            Patch::AppendCode { id, text } => {
                self.carried += text.len();
                let seen = self.open(*id, patch);
                assert!(matches!(seen.kind, BlockKind::Code { .. }) && !text.is_empty());
                seen.text.push_str(text);
            }
            Patch::AppendText { id, text } => {
                self.carried += text.len();
                assert!(!text.is_empty(), "appends nothing");
                match self.open(*id, patch).inlines.last_mut() {
                    Some(Inline::Text(last)) => last.push_str(text),
                    other => panic!("{patch:?} to {other:?}"),
                }
            }
            Patch::SetInlines { id, keep, inlines } => {
                self.carried += inlines.iter().map(weight).sum::<usize>();
                let seen = self.open(*id, patch);
                assert!(matches!(seen.kind.empty_content(), Content::Inlines(_)));
                assert!(*keep <= seen.inlines.len(), "keeps more than there is: {patch:?}");
                assert!(*keep < seen.inlines.len() || !inlines.is_empty(), "changes nothing");
                seen.inlines.truncate(*keep);
                seen.inlines.extend(inlines.iter().cloned());
            }
            Patch::Loosen { id } => {
                assert!(matches!(self.open(*id, patch).kind, BlockKind::List { .. }));
            }
            Patch::Close { id } => {
                let seen = self.open(*id, patch);
                assert_eq!(seen.open_children, 0, "closes a block around an open one");
                seen.closed = true;
                assert_no_neighbours(&seen.inlines);
                if let Some(parent) = seen.parent {
                    self.open(parent, patch).open_children -= 1;
                }
            }
            Patch::Mend { id, inlines } => {
                self.carried += inlines.iter().map(weight).sum::<usize>();
                assert_no_neighbours(inlines);
                let seen = self.seen.get_mut(id).expect("mends a block that is there");
                assert!(seen.closed, "mends an open block");
                seen.inlines = inlines.clone();
            }
        }
    }

    fn forget_children(&mut self, id: BlockId) {
        let children: Vec<BlockId> = self
            .seen
            .iter()
            .filter(|(_, seen)| seen.parent == Some(id))
            .map(|(child, _)| *child)
            .collect();
        for child in children {
            self.forget_children(child);
            self.seen.remove(&child);
        }
    }

    /// Checks that nothing is left open.
    pub fn finish(&self) {
        assert!(self.seen.values().all(|seen| seen.closed), "a block is left open");
    }
}

/// Bytes of text and inlines together.
fn weight(inline: &Inline) -> usize {
    1 + match inline {
        Inline::Text(text) | Inline::Code(text) => text.len(),
        Inline::Emphasis(children)
        | Inline::Strong(children)
        | Inline::Strike(children)
        | Inline::Link { children, .. }
        | Inline::Html { children, .. } => children.iter().map(weight).sum(),
        _ => 0,
    }
}

fn assert_no_neighbours(inlines: &[Inline]) {
    for pair in inlines.windows(2) {
        assert!(!matches!(pair, [Inline::Text(_), Inline::Text(_)]), "{inlines:?}");
    }
    for inline in inlines {
        match inline {
            Inline::Text(text) => assert!(!text.is_empty(), "{inlines:?}"),
            Inline::Emphasis(children)
            | Inline::Strong(children)
            | Inline::Strike(children)
            | Inline::Link { children, .. }
            | Inline::Html { children, .. } => assert_no_neighbours(children),
            _ => {}
        }
    }
}

/// A parser, as the consumer sees it.
pub trait Parser {
    fn push(&mut self, text: &str, patches: &mut Vec<Patch>);
    fn finish(&mut self, patches: &mut Vec<Patch>);
}

macro_rules! parser {
    ($parser:ty) => {
        impl Parser for $parser {
            fn push(&mut self, text: &str, patches: &mut Vec<Patch>) {
                self.push(text, patches);
            }
            fn finish(&mut self, patches: &mut Vec<Patch>) {
                self.finish(patches);
            }
        }
    };
}

parser!(super::markdown::MarkdownParser);
parser!(super::html::HtmlParser);

/// Streams the chunks through a parser and a checking consumer.
pub fn stream<'a>(
    mut parser: impl Parser,
    chunks: impl IntoIterator<Item = &'a str>,
) -> (Document, Consumer) {
    let mut consumer = Consumer::default();
    let mut patches = Vec::new();
    for chunk in chunks {
        parser.push(chunk, &mut patches);
        patches.drain(..).for_each(|patch| consumer.apply(patch));
    }
    parser.finish(&mut patches);
    patches.drain(..).for_each(|patch| consumer.apply(patch));
    consumer.finish();
    (consumer.document(), consumer)
}

/// The text in pieces of one character.
pub fn characters(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(|_| true)
}

/// The text in pieces of so many characters, again and again.
pub fn pieces<'t>(text: &'t str, sizes: &[usize]) -> Vec<&'t str> {
    let mut pieces = Vec::new();
    let (mut rest, mut sizes) = (text, sizes.iter().cycle());
    while let (false, Some(size)) = (rest.is_empty(), sizes.next()) {
        let at = rest.char_indices().nth(*size).map_or(rest.len(), |(at, _)| at);
        pieces.push(&rest[..at]);
        rest = &rest[at..];
    }
    pieces
}
