//! Running text as nodes of the page.

use wasm_bindgen::JsValue;
use web_sys::{Document, Element, Node};

use crate::article::document::Inline;

/// One node for each inline.
pub(super) fn nodes(document: &Document, inlines: &[Inline]) -> Result<Vec<Node>, JsValue> {
    inlines.iter().map(|inline| node(document, inline)).collect()
}

/// The `id` of a footnote's text.
pub(super) fn note_id(label: &str) -> String {
    format!("fn-{label}")
}

fn node(document: &Document, inline: &Inline) -> Result<Node, JsValue> {
    let around = |name: &str, children: &[Inline]| -> Result<Node, JsValue> {
        let element = document.create_element(name)?;
        fill(document, &element, children)?;
        Ok(element.into())
    };
    Ok(match inline {
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
                link.set_attribute("rel", "noopener nofollow ugc")?;
            }
            if !title.is_empty() {
                link.set_attribute("title", title)?;
            }
            fill(document, &link, children)?;
            link.into()
        }
        Inline::Image { src, alt, title } => {
            let image = document.create_element("img")?;
            if let Some(src) = src {
                image.set_attribute("src", src)?;
                image.set_attribute("loading", "lazy")?;
            }
            image.set_attribute("alt", alt)?;
            if !title.is_empty() {
                image.set_attribute("title", title)?;
            }
            image.into()
        }
        Inline::HardBreak => document.create_element("br")?.into(),
        Inline::SoftBreak => document.create_text_node("\n").into(),
        Inline::FootnoteRef { label, number } => {
            let (mark, link) = (document.create_element("sup")?, document.create_element("a")?);
            link.set_attribute("href", &format!("#{}", note_id(label)))?;
            link.set_text_content(Some(&number.to_string()));
            mark.append_child(&link)?;
            mark.into()
        }
    })
}

fn fill(document: &Document, element: &Element, children: &[Inline]) -> Result<(), JsValue> {
    for child in children {
        element.append_child(&node(document, child)?)?;
    }
    Ok(())
}
