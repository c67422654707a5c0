//! The text of the editor as an article, beside it.
//!
//! The whole text is parsed and built out of the page; then only the blocks that differ are put
//! into it. So what did not change keeps its nodes, and nothing flickers.

use std::cell::RefCell;
use std::collections::HashMap;

use leptos::logging::warn;
use leptos::prelude::document;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, Node};

use crate::article::event::Highlight;
use crate::article::markdown::MarkdownParser;
use crate::renderer::DomWriter;

/// See the module.
pub struct Preview {
    root: Element,
    pane: Element,
    copy_label: &'static str,
    /// The colours of the blocks of code that the server has seen, by their code.
    colours: HashMap<String, Vec<Highlight>>,
    /// Where the text changed last.
    place: RefCell<Option<Element>>,
}

impl Preview {
    /// Shows `text` in `root`, which scrolls within `pane`. `highlights` are the colours of its
    /// code.
    ///
    /// # Errors
    /// When the browser refuses to make an element.
    pub fn new(
        root: Element,
        pane: Element,
        copy_label: &'static str,
        text: &str,
        highlights: &[Highlight],
    ) -> Result<Self, JsValue> {
        let mut preview =
            Self { root, pane, copy_label, colours: HashMap::new(), place: RefCell::default() };
        let (plain, _) = preview.build(text)?;
        for (ordinal, code) in (0..).zip(codes(&plain)?) {
            let lines = highlights.iter().filter(|line| line.block == ordinal).cloned().collect();
            preview.colours.entry(code).or_insert(lines);
        }
        Ok(preview)
    }

    /// Shows a text; where it differs from what is there comes into view.
    pub fn show(&self, text: &str) {
        if let Err(error) = self.try_show(text) {
            warn!("the preview could not be drawn: {error:?}");
        }
    }

    fn try_show(&self, text: &str) -> Result<(), JsValue> {
        let (fresh, mut writer) = self.build(text)?;
        for (ordinal, code) in (0..).zip(codes(&fresh)?) {
            for line in self.colours.get(&code).into_iter().flatten() {
                writer.highlight(Highlight { block: ordinal, ..line.clone() });
            }
        }
        let (old, new) = (children(&self.root), children(&fresh));
        let same = |(a, b): &(&Node, &Node)| a.is_equal_node(Some(b));
        let head = old.iter().zip(&new).take_while(same).count();
        let rest = old.len().min(new.len()) - head;
        let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(same).count();
        let behind = old.get(old.len() - tail);
        for gone in &old[head..old.len() - tail] {
            self.root.remove_child(gone)?;
        }
        for added in &new[head..new.len() - tail] {
            self.root.insert_before(added, behind)?;
        }
        let changed = new[head..new.len() - tail].first().or(behind);
        if old.is_empty() || (head == old.len() && head == new.len()) {
            return Ok(());
        }
        self.place.replace(changed.and_then(|node| node.dyn_ref::<Element>()).cloned());
        self.reveal();
        Ok(())
    }

    /// Brings the place that changed last into view.
    pub fn reveal(&self) {
        if let Some(place) = &*self.place.borrow() {
            self.bring_into_view(place);
        }
    }

    fn build(&self, text: &str) -> Result<(Element, DomWriter), JsValue> {
        let fresh = document().create_element("article")?;
        let mut writer = DomWriter::new(document(), fresh.clone(), self.copy_label)?;
        let mut patches = Vec::new();
        let mut parser = MarkdownParser::new();
        parser.push(text, &mut patches);
        parser.finish(&mut patches);
        writer.apply(patches);
        writer.settle();
        Ok((fresh, writer))
    }

    /// Only the pane scrolls, never the page, and only where the place cannot be seen.
    fn bring_into_view(&self, place: &Element) {
        let (pane, place) =
            (self.pane.get_bounding_client_rect(), place.get_bounding_client_rect());
        if place.top() < pane.top() || place.top() > pane.bottom() - pane.height() / 4.0 {
            let shift = place.top() - pane.top() - pane.height() / 3.0;
            #[expect(clippy::cast_possible_truncation, reason = "whole pixels")]
            self.pane.set_scroll_top(self.pane.scroll_top() + shift as i32);
        }
    }
}

fn children(element: &Element) -> Vec<Node> {
    let nodes = element.child_nodes();
    (0..nodes.length()).filter_map(|index| nodes.get(index)).collect()
}

/// The code of every block of code, in order.
fn codes(article: &Element) -> Result<Vec<String>, JsValue> {
    let found = article.query_selector_all("figure.code code")?;
    let code = |index| found.get(index).and_then(|code| code.text_content()).unwrap_or_default();
    Ok((0..found.length()).map(code).collect())
}
