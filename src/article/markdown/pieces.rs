//! The flat list that running text is read into, and the tree that it makes.

use std::ops::Range;

use super::super::document::{HtmlInline, Inline, is_safe_url};
use super::super::measure::plain_text;
use super::emphasis::{Run, Span};
use super::links::Target;

/// Inlines nest at most so deep; what is deeper shows its text without the mark-up.
const DEEPEST: usize = 64;

/// A piece of running text.
#[derive(Debug)]
pub enum Piece {
    /// Bytes of the source as they are.
    Text(Range<usize>),
    /// Text that the source spells differently.
    Spelled(String),
    /// A finished inline.
    Inline(Inline),
    SoftBreak,
    /// What separates words but is no break of its own: a tag of a block.
    Gap,
    Run(Run),
    /// A bracket, literal for as long as it is not [`Piece::Open`].
    Bracket(&'static str),
    /// What follows, up to [`Piece::Close`], is inside.
    Open(Opened),
    Close,
    /// A reference to a footnote, by its label.
    Note(String),
    /// A tag that shows nothing.
    Gone,
}

/// What can contain other pieces, besides spans of emphasis.
#[derive(Debug)]
pub enum Opened {
    Link(Target),
    /// A link whose target is not known yet.
    Unfinished,
    Image(Target),
    Html(HtmlInline),
}

enum Frame {
    Top,
    Span(Span),
    Opened(Opened),
    /// Too deep.
    Flat,
}

/// Makes the tree. `number` gives a footnote's number by its label; `lead` says that nothing comes
/// before these pieces; `finished` is false where spans may still be open at the end.
pub fn tree(
    text: &str,
    pieces: impl Iterator<Item = Piece>,
    lead: bool,
    finished: bool,
    mut number: impl FnMut(&str) -> (String, u32),
) -> Vec<Inline> {
    let mut stack: Vec<(Frame, Vec<Inline>)> = vec![(Frame::Top, Vec::new())];
    for piece in pieces {
        match piece {
            Piece::Text(range) => push_text(&mut stack, &text[range]),
            Piece::Spelled(spelled) => push_text(&mut stack, &spelled),
            Piece::Bracket(literal) => push_text(&mut stack, literal),
            Piece::Gone => {}
            Piece::SoftBreak | Piece::Gap => {
                let gap = matches!(piece, Piece::Gap);
                let nested = stack.len() > 1;
                if let Some((_, inlines)) = stack.last_mut() {
                    match inlines.last() {
                        None if (lead && !nested) || (gap && nested) => {}
                        Some(Inline::SoftBreak | Inline::HardBreak) if gap => {}
                        _ => inlines.push(Inline::SoftBreak),
                    }
                }
            }
            Piece::Inline(Inline::Link { children, .. })
                if stack
                    .iter()
                    .any(|(frame, _)| matches!(frame, Frame::Opened(Opened::Link(_)))) =>
            {
                push_text(&mut stack, &plain_text(&children));
            }
            Piece::Inline(inline) => push(&mut stack, inline),
            Piece::Note(label) => {
                let (label, number) = number(&label);
                push(&mut stack, Inline::FootnoteRef { label, number });
            }
            Piece::Open(opened) => open(&mut stack, Frame::Opened(opened)),
            Piece::Close => close(&mut stack, finished),
            Piece::Run(run) => {
                for _ in &run.ends {
                    close(&mut stack, finished);
                }
                if run.left > 0 {
                    let marks = char::from(run.mark).to_string().repeat(run.left);
                    push_text(&mut stack, &marks);
                }
                for span in run.starts.iter().rev() {
                    open(&mut stack, Frame::Span(*span));
                }
            }
        }
    }
    while stack.len() > 1 {
        close(&mut stack, finished);
    }
    let mut inlines = stack.pop().map(|(_, inlines)| inlines).unwrap_or_default();
    while inlines.last() == Some(&Inline::SoftBreak) {
        inlines.pop();
    }
    inlines
}

fn push(stack: &mut [(Frame, Vec<Inline>)], inline: Inline) {
    if let Some((_, inlines)) = stack.last_mut() {
        inlines.push(inline);
    }
}

fn push_text(stack: &mut [(Frame, Vec<Inline>)], text: &str) {
    if let Some((_, inlines)) = stack.last_mut() {
        append_text(inlines, text);
    }
}

/// Appends text to inlines so that no two texts become neighbours.
pub fn append_text(inlines: &mut Vec<Inline>, text: &str) {
    if text.is_empty() {
        return;
    }
    match inlines.last_mut() {
        Some(Inline::Text(last)) => last.push_str(text),
        _ => inlines.push(Inline::Text(text.to_owned())),
    }
}

fn open(stack: &mut Vec<(Frame, Vec<Inline>)>, frame: Frame) {
    let frame = if stack.len() > DEEPEST { Frame::Flat } else { frame };
    stack.push((frame, Vec::new()));
}

fn close(stack: &mut Vec<(Frame, Vec<Inline>)>, finished: bool) {
    if stack.len() < 2 {
        return;
    }
    let Some((frame, children)) = stack.pop() else { return };
    let keep_empty = finished && matches!(frame, Frame::Opened(Opened::Link(_) | Opened::Image(_)));
    if children.is_empty() && !keep_empty && !matches!(frame, Frame::Opened(Opened::Image(_))) {
        return;
    }
    let inline = match frame {
        Frame::Top | Frame::Flat => {
            for child in children {
                match child {
                    Inline::Text(text) => push_text(stack, &text),
                    other => push(stack, other),
                }
            }
            return;
        }
        Frame::Span(Span::Emphasis) => Inline::Emphasis(children),
        Frame::Span(Span::Strong) => Inline::Strong(children),
        Frame::Span(Span::Strike) => Inline::Strike(children),
        Frame::Opened(Opened::Html(element)) => Inline::Html { element, children },
        Frame::Opened(Opened::Unfinished) => {
            Inline::Link { href: None, title: String::new(), children }
        }
        Frame::Opened(Opened::Link(Target { url, title })) => {
            Inline::Link { href: is_safe_url(&url).then_some(url), title, children }
        }
        Frame::Opened(Opened::Image(Target { url, title })) => {
            let shown = is_safe_url(&url) && !is_mail(&url);
            Inline::Image { src: shown.then_some(url), alt: plain_text(&children), title }
        }
    };
    push(stack, inline);
}

/// A browser ignores white space before a scheme, and tabs and line breaks within it.
fn is_mail(url: &str) -> bool {
    let seen: String = url.chars().filter(|c| *c > ' ').take("mailto:".len()).collect();
    seen.eq_ignore_ascii_case("mailto:")
}
