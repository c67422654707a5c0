//! The second opinion: pulldown-cmark's reading of a text as a [`Document`], and what has to be
//! levelled out before two readings can be compared.

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

use crate::article::document::{
    Alignment, Block, BlockKind, Content, Document, Inline, is_safe_url,
};
use crate::article::measure::plain_text;

/// An element that is open: what it becomes, and its children so far.
struct Open {
    end: Option<TagEnd>,
    kind: Kind,
    blocks: Vec<Block>,
    inlines: Vec<Inline>,
    text: String,
    /// Running text stood directly in an item.
    tight: bool,
}

enum Kind {
    Root,
    Block(BlockKind),
    Emphasis,
    Strong,
    Strike,
    Link(String, String),
    Image(String, String),
}

/// How pulldown-cmark reads the text; `None` where it finds raw HTML, which we read differently.
pub fn read(text: &str) -> Option<Document> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES;
    let mut stack = vec![open(None, Kind::Root)];
    let mut labels: Vec<String> = Vec::new();
    for event in Parser::new_ext(text, options) {
        match event {
            Event::Html(_) | Event::InlineHtml(_) => return None,
            Event::Start(Tag::HtmlBlock) => return None,
            Event::Start(tag) => {
                let end = tag.to_end();
                if is_block(&tag) {
                    flush(stack.last_mut()?);
                }
                stack.push(open(Some(end), kind(tag)));
            }
            Event::End(end) => {
                let done = stack.pop()?;
                assert_eq!(done.end, Some(end));
                close(done, stack.last_mut()?);
            }
            Event::Text(text) => {
                let top = stack.last_mut()?;
                match top.kind {
                    Kind::Block(BlockKind::Code { .. }) => top.text.push_str(&text),
                    _ => push_text(&mut top.inlines, &text),
                }
            }
            Event::Code(code) => stack.last_mut()?.inlines.push(Inline::Code(code.to_string())),
            Event::SoftBreak => stack.last_mut()?.inlines.push(Inline::SoftBreak),
            Event::HardBreak => stack.last_mut()?.inlines.push(Inline::HardBreak),
            Event::Rule => {
                let top = stack.last_mut()?;
                flush(top);
                top.blocks.push(Block { kind: BlockKind::Rule, content: Content::Empty });
            }
            Event::FootnoteReference(label) => {
                let known = labels.iter().position(|known| *known == *label);
                let index = known.unwrap_or_else(|| {
                    labels.push(label.to_string());
                    labels.len() - 1
                });
                let (label, number) = (label.to_string(), index as u32 + 1);
                stack.last_mut()?.inlines.push(Inline::FootnoteRef { label, number });
            }
            Event::TaskListMarker(done) => {
                let item = stack.iter_mut().rev().find_map(|open| match &mut open.kind {
                    Kind::Block(BlockKind::Item { task }) => Some(task),
                    _ => None,
                });
                *item? = Some(done);
            }
            other => panic!("unexpected {other:?}"),
        }
    }
    let mut root = stack.pop()?;
    flush(&mut root);
    Some(Document { blocks: root.blocks })
}

fn open(end: Option<TagEnd>, kind: Kind) -> Open {
    Open { end, kind, blocks: Vec::new(), inlines: Vec::new(), text: String::new(), tight: false }
}

fn is_block(tag: &Tag<'_>) -> bool {
    !matches!(
        tag,
        Tag::Emphasis | Tag::Strong | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. }
    )
}

fn kind(tag: Tag<'_>) -> Kind {
    Kind::Block(match tag {
        Tag::Paragraph => BlockKind::Paragraph,
        Tag::Heading { level, .. } => BlockKind::Heading { level: level as u8 },
        Tag::BlockQuote(_) => BlockKind::Quote,
        Tag::CodeBlock(CodeBlockKind::Indented) => BlockKind::Code { language: String::new() },
        Tag::CodeBlock(CodeBlockKind::Fenced(info)) => BlockKind::Code {
            language: info.split_whitespace().next().unwrap_or_default().to_owned(),
        },
        Tag::List(start) => BlockKind::List { start, tight: false },
        Tag::Item => BlockKind::Item { task: None },
        Tag::FootnoteDefinition(label) => BlockKind::Footnote { label: label.to_string() },
        Tag::Table(alignments) => BlockKind::Table {
            alignments: alignments
                .into_iter()
                .map(|alignment| match alignment {
                    pulldown_cmark::Alignment::None => Alignment::None,
                    pulldown_cmark::Alignment::Left => Alignment::Left,
                    pulldown_cmark::Alignment::Center => Alignment::Center,
                    pulldown_cmark::Alignment::Right => Alignment::Right,
                })
                .collect(),
        },
        Tag::TableHead => BlockKind::Row { head: true },
        Tag::TableRow => BlockKind::Row { head: false },
        Tag::TableCell => BlockKind::Cell,
        Tag::Emphasis => return Kind::Emphasis,
        Tag::Strong => return Kind::Strong,
        Tag::Strikethrough => return Kind::Strike,
        Tag::Link { link_type, dest_url, title, .. } => {
            let prefix = if link_type == LinkType::Email { "mailto:" } else { "" };
            return Kind::Link(format!("{prefix}{dest_url}"), title.to_string());
        }
        Tag::Image { dest_url, title, .. } => {
            return Kind::Image(dest_url.to_string(), title.to_string());
        }
        other => panic!("unexpected {other:?}"),
    })
}

/// Running text directly in a container is a paragraph of a tight list.
fn flush(open: &mut Open) {
    let is_container = matches!(
        open.kind,
        Kind::Root
            | Kind::Block(BlockKind::Item { .. } | BlockKind::Quote | BlockKind::Footnote { .. })
    );
    if is_container && !open.inlines.is_empty() {
        open.tight = true;
        let content = Content::Inlines(std::mem::take(&mut open.inlines));
        open.blocks.push(Block { kind: BlockKind::Paragraph, content });
    }
}

fn close(mut done: Open, parent: &mut Open) {
    flush(&mut done);
    let inline = match done.kind {
        Kind::Root => return,
        Kind::Block(mut kind) => {
            if matches!(kind, BlockKind::Item { .. }) {
                parent.tight |= done.tight;
            }
            if let BlockKind::List { tight, .. } = &mut kind {
                *tight = done.tight;
            }
            let content = match kind.empty_content() {
                Content::Blocks(_) => Content::Blocks(done.blocks),
                Content::Inlines(_) => Content::Inlines(done.inlines),
                Content::Text(_) => Content::Text(done.text),
                Content::Empty => Content::Empty,
            };
            parent.blocks.push(Block { kind, content });
            return;
        }
        Kind::Emphasis => Inline::Emphasis(done.inlines),
        Kind::Strong => Inline::Strong(done.inlines),
        Kind::Strike => Inline::Strike(done.inlines),
        Kind::Link(url, title) => {
            let href = is_safe_url(&url).then_some(url);
            Inline::Link { href, title, children: done.inlines }
        }
        Kind::Image(url, title) => {
            let src = (is_safe_url(&url) && !url.starts_with("mailto:")).then_some(url);
            Inline::Image { src, alt: plain_text(&done.inlines), title }
        }
    };
    parent.inlines.push(inline);
}

fn push_text(inlines: &mut Vec<Inline>, text: &str) {
    match inlines.last_mut() {
        Some(Inline::Text(last)) => last.push_str(text),
        _ => inlines.push(Inline::Text(text.to_owned())),
    }
}

/// Levels out what is not to be compared: links that show their own target (pulldown-cmark reads
/// no bare ones), whether a list without paragraphs is tight, and white space at the ends of text.
pub fn level(mut document: Document) -> Document {
    level_blocks(&mut document.blocks);
    document
}

fn level_blocks(blocks: &mut Vec<Block>) {
    for block in blocks.iter_mut() {
        match &mut block.content {
            Content::Blocks(children) => {
                level_blocks(children);
                if let BlockKind::List { tight, .. } = &mut block.kind {
                    let is_paragraph = |block: &Block| block.kind == BlockKind::Paragraph;
                    *tight &= children.iter().any(|item| match &item.content {
                        Content::Blocks(blocks) => blocks.iter().any(is_paragraph),
                        _ => false,
                    });
                }
            }
            Content::Inlines(inlines) => {
                *inlines = level_inlines(std::mem::take(inlines));
                if let Some(Inline::Text(last)) = inlines.last_mut() {
                    last.truncate(last.trim_end_matches([' ', '\t']).len());
                }
                if inlines.last() == Some(&Inline::Text(String::new())) {
                    inlines.pop();
                }
            }
            Content::Text(_) | Content::Empty => {}
        }
        if let BlockKind::Footnote { label } = &mut block.kind {
            *label = label.to_lowercase();
        }
    }
    blocks.retain(|block| {
        block.kind != BlockKind::Paragraph || block.content != Content::Inlines(Vec::new())
    });
}

fn level_inlines(inlines: Vec<Inline>) -> Vec<Inline> {
    let mut result = Vec::new();
    for inline in inlines {
        match inline {
            Inline::Text(text) => push_text(&mut result, &text),
            Inline::Emphasis(children) => result.push(Inline::Emphasis(level_inlines(children))),
            Inline::Strong(children) => result.push(Inline::Strong(level_inlines(children))),
            Inline::Strike(children) => result.push(Inline::Strike(level_inlines(children))),
            Inline::Link { href, title, children } => {
                let shown = plain_text(&children);
                let own = href.as_ref().is_none_or(|href| {
                    [&shown, &format!("http://{shown}"), &format!("mailto:{shown}")].contains(&href)
                });
                if own && title.is_empty() {
                    push_text(&mut result, &shown);
                } else {
                    result.push(Inline::Link { href, title, children: level_inlines(children) });
                }
            }
            Inline::Code(code) => {
                result.push(Inline::Code(
                    code.split(' ').filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" "),
                ));
            }
            // pulldown-cmark gives a reference's label as the reference writes it.
            Inline::FootnoteRef { label, number } => {
                result.push(Inline::FootnoteRef { label: label.to_lowercase(), number });
            }
            other => result.push(other),
        }
    }
    result
}
