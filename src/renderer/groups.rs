//! The outermost blocks of an article, in groups that the browser need not lay out while they are
//! out of sight (`content-visibility`).
//!
//! In a flat page of thousands of blocks the layout after a token grows with the page. A block is
//! born in its group, so that nothing is ever moved; the group that still fills is always laid out.

use wasm_bindgen::JsValue;
use web_sys::{Document, Element};

/// How many blocks a group has.
const SIZE: u32 = 24;

/// The groups of an article.
#[derive(Default)]
pub(super) struct Groups {
    /// The one that fills.
    open: Option<Element>,
}

impl Groups {
    /// The group of the next block, made where there is room for none. New ones stand before
    /// `end`.
    pub(super) fn next(
        &mut self,
        document: &Document,
        root: &Element,
        end: Option<&Element>,
    ) -> Result<Element, JsValue> {
        if let Some(open) = &self.open {
            if open.child_element_count() < SIZE {
                return Ok(open.clone());
            }
            open.set_class_name("group full");
        }
        let group = document.create_element("section")?;
        group.set_class_name("group");
        root.insert_before(&group, end.map(|end| &**end))?;
        self.open = Some(group.clone());
        Ok(group)
    }
}
