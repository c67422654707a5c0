//! What elements and their attributes mean.

use super::super::document::{Alignment, HtmlInline, Inline, is_safe_url};
use super::tokens::StartTag;

pub(super) fn classes(tag: &StartTag) -> impl Iterator<Item = &str> {
    tag.attribute("class").unwrap_or_default().split_ascii_whitespace()
}

/// Longer ones are none, in bytes: what carries them is written again with every piece of its text.
const LONGEST: usize = 2_048;

/// An address that may be followed, as browsers read it: without white space around it and without
/// line breaks.
pub(super) fn address(tag: &StartTag, name: &str) -> Option<String> {
    let address = tag.attribute(name)?.trim();
    let address = address.replace(['\t', '\n', '\r'], "");
    (address.len() <= LONGEST && is_safe_url(&address)).then_some(address)
}

/// Words that stand in an attribute, in one line.
pub(super) fn words(tag: &StartTag, name: &str) -> String {
    let words = tag.attribute(name).filter(|words| words.len() <= LONGEST).unwrap_or_default();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(super) fn language(tag: &StartTag) -> String {
    let named = classes(tag)
        .find_map(|class| class.strip_prefix("language-").or_else(|| class.strip_prefix("lang-")));
    named.unwrap_or_default().to_owned()
}

pub(super) fn alignment(name: &str) -> Option<Alignment> {
    match name.to_ascii_lowercase().as_str() {
        "left" => Some(Alignment::Left),
        "center" => Some(Alignment::Center),
        "right" => Some(Alignment::Right),
        _ => None,
    }
}

pub(super) fn is_part_of_table(name: &str) -> bool {
    matches!(name, "colgroup" | "col" | "thead" | "tbody" | "tfoot" | "tr" | "td" | "th")
}

/// An element of running text, empty.
pub(super) fn inline(tag: &StartTag) -> Option<Inline> {
    let html = |element| Inline::Html { element, children: Vec::new() };
    Some(match tag.name.as_str() {
        "em" | "i" | "cite" | "dfn" | "var" => Inline::Emphasis(Vec::new()),
        "strong" | "b" => Inline::Strong(Vec::new()),
        "del" | "s" | "strike" => Inline::Strike(Vec::new()),
        "code" | "samp" | "tt" => Inline::Code(String::new()),
        "sub" => html(HtmlInline::Sub),
        "sup" => html(HtmlInline::Sup),
        "kbd" => html(HtmlInline::Kbd),
        "mark" => html(HtmlInline::Mark),
        "u" | "ins" => html(HtmlInline::Underline),
        "a" => Inline::Link {
            href: address(tag, "href"),
            title: words(tag, "title"),
            children: Vec::new(),
        },
        _ => return None,
    })
}

/// Blocks that are their content.
#[rustfmt::skip]
pub(super) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address" | "article" | "aside" | "body" | "center" | "col" | "colgroup" | "details" | "dialog" | "div" | "dl"
        | "fieldset" | "footer" | "form" | "head" | "header" | "hgroup" | "html" | "legend" | "main" | "nav"
        | "optgroup" | "option" | "search" | "section" | "tbody" | "td" | "tfoot" | "th" | "thead" | "tr"
    )
}
