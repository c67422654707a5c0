//! The renderer for other people's pages: what `element.js` builds on.

use wasm_bindgen::prelude::*;
use web_sys::Element;

use super::DomWriter;
use crate::article::brief::Format;
use crate::article::parser::Parser;

/// Begins every name, so that no heading takes the place of something of the page's. `element.js`
/// knows it, too.
const PREFIX: &str = "ink-";

/// Sets one article in an element of a page, as its text comes.
#[wasm_bindgen]
pub struct ArticleStream {
    /// Until the text is complete.
    parser: Option<Parser>,
    dom: DomWriter,
}

#[wasm_bindgen]
impl ArticleStream {
    /// Takes the element over: what is in it goes. `format` is `markdown` or `html`; `copy_label`
    /// stands on the buttons of blocks of code.
    ///
    /// # Errors
    /// The format is another; or the browser refuses to make an element, which it never should.
    #[wasm_bindgen(constructor)]
    pub fn new(container: Element, format: &str, copy_label: &str) -> Result<Self, JsValue> {
        let Some(format) = Format::parse(format) else {
            let said = format!("format: \"{format}\" is not known; use markdown or html.");
            return Err(js_sys::RangeError::new(&said).into());
        };
        let document = container.owner_document().ok_or("the element is in no document")?;
        let dom = DomWriter::new(document, container, copy_label)?.in_groups().named(PREFIX);
        Ok(Self { parser: Some(Parser::new(format)), dom })
    }

    /// Shows more of the text. Nothing after the end.
    pub fn push(&mut self, text: &str) {
        let Some(parser) = &mut self.parser else { return };
        let mut patches = Vec::new();
        parser.push(text, &mut patches);
        self.dom.apply(patches);
        self.dom.show_cursor();
    }

    /// The text is complete.
    pub fn finish(&mut self) {
        let Some(mut parser) = self.parser.take() else { return };
        let mut patches = Vec::new();
        parser.finish(&mut patches);
        self.dom.hide_cursor();
        self.dom.apply(patches);
        self.dom.settle();
    }

    /// How many of the article's outermost blocks are closed: those never change again.
    #[wasm_bindgen(getter)]
    pub fn closed(&self) -> u32 {
        self.dom.closed_blocks()
    }
}
