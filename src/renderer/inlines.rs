//! Running text as nodes of the page.

use wasm_bindgen::JsValue;
use web_sys::{Document, Element, Node};

use super::footnotes::Footnotes;
use crate::article::document::Inline;
use crate::article::html_writer::is_absolute;
use crate::article::measure::soft_break;

/// The node of one inline among its neighbours.
pub(super) fn node(
    document: &Document,
    inlines: &[Inline],
    index: usize,
    footnotes: &mut Footnotes,
) -> Result<Node, JsValue> {
    let mut around = |name: &str, children: &[Inline]| -> Result<Node, JsValue> {
        let element = document.create_element(name)?;
        fill(document, &element, children, footnotes)?;
        Ok(element.into())
    };
    Ok(match &inlines[index] {
        Inline::Text(text) => document.create_text_node(text).into(),
        Inline::Emphasis(children) => around("em", children)?,
        Inline::Strong(children) => around("strong", children)?,
        Inline::Strike(children) => around("del", children)?,
        Inline::Html { element, children } => around(element.tag(), children)?,
        Inline::Code(code) => {
            let element = document.create_element("code")?;
            element.set_text_content(Some(code));
            element.into()
        }
        Inline::Link { href, title, children } => {
            let link = document.create_element("a")?;
            if let Some(href) = href {
                link.set_attribute("href", href)?;
                if is_absolute(href) {
                    link.set_attribute("rel", "noopener noreferrer nofollow")?;
                }
            }
            set_title(&link, title)?;
            fill(document, &link, children, footnotes)?;
            link.into()
        }
        Inline::Image { src: None, alt, .. } => {
            let text = document.create_element("span")?;
            text.set_class_name("image");
            text.set_text_content(Some(alt));
            text.into()
        }
        Inline::Image { src: Some(src), alt, title } => {
            let image = document.create_element("img")?;
            // Before the source, or it is loaded at once.
            image.set_attribute("loading", "lazy")?;
            image.set_attribute("src", src)?;
            image.set_attribute("alt", alt)?;
            set_title(&image, title)?;
            image.into()
        }
        Inline::HardBreak => document.create_element("br")?.into(),
        Inline::SoftBreak => document.create_text_node(soft_break(inlines, index)).into(),
        Inline::FootnoteRef { label, number } => {
            footnotes.refer(label, *number);
            let (mark, link) = (document.create_element("sup")?, document.create_element("a")?);
            link.set_attribute("href", &footnotes.address(*number))?;
            link.set_attribute("role", "doc-noteref")?;
            link.set_text_content(Some(&number.to_string()));
            mark.append_child(&link)?;
            mark.into()
        }
    })
}

fn fill(
    document: &Document,
    element: &Element,
    children: &[Inline],
    footnotes: &mut Footnotes,
) -> Result<(), JsValue> {
    for index in 0..children.len() {
        element.append_child(&node(document, children, index, footnotes)?)?;
    }
    Ok(())
}

fn set_title(element: &Element, title: &str) -> Result<(), JsValue> {
    if title.is_empty() { Ok(()) } else { element.set_attribute("title", title) }
}
