//! Footnotes: at the end of the article, in the order of their numbers once the text is complete.

use std::collections::HashMap;

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Document, Element};

/// The notes of an article.
#[derive(Default)]
pub(super) struct Footnotes {
    /// What all names begin with.
    prefix: &'static str,
    /// The section and the list in it, made with the first note.
    place: Option<(Element, Element)>,
    notes: Vec<(String, Element)>,
    numbers: HashMap<String, u32>,
}

impl Footnotes {
    /// For an article whose names begin with this.
    pub(super) fn named(prefix: &'static str) -> Self {
        Self { prefix, ..Self::default() }
    }

    /// The address of a note within the page.
    pub(super) fn address(&self, number: u32) -> String {
        format!("#{}fn-{number}", self.prefix)
    }

    /// The section of the notes; everything else of the article stands before it.
    pub(super) fn section(&self) -> Option<&Element> {
        self.place.as_ref().map(|(section, _)| section)
    }

    /// A reference was written.
    pub(super) fn refer(&mut self, label: &str, number: u32) {
        if !self.numbers.contains_key(label) {
            self.numbers.insert(label.to_owned(), number);
        }
    }

    /// A note begins; gives the list that it stands in.
    pub(super) fn open(
        &mut self,
        document: &Document,
        root: &Element,
        label: &str,
        note: &Element,
    ) -> Result<Element, JsValue> {
        self.notes.push((label.to_owned(), note.clone()));
        if let Some((_, list)) = &self.place {
            return Ok(list.clone());
        }
        let (section, list) = (document.create_element("section")?, document.create_element("ol")?);
        section.set_attribute("role", "doc-endnotes")?;
        list.set_class_name("loose");
        section.append_child(&list)?;
        root.append_child(&section)?;
        self.place = Some((section, list.clone()));
        Ok(list)
    }

    /// Puts the notes in the order of their numbers and links them with their references.
    pub(super) fn settle(&mut self, document: &Document, root: &Element) -> Result<(), JsValue> {
        self.name_references(root)?;
        let Some((_, list)) = &self.place else {
            return Ok(());
        };
        let mut seen = Vec::new();
        let mut notes = Vec::new();
        for (label, note) in self.notes.drain(..) {
            let number = self.numbers.get(&label).copied();
            // The first definition of a label counts.
            if number.is_some() && seen.contains(&number) {
                note.remove();
                continue;
            }
            seen.push(number);
            notes.push((number, note));
        }
        notes.sort_by_key(|(number, _)| number.unwrap_or(u32::MAX));
        for (number, note) in notes {
            list.append_child(&note)?;
            if let Some(number) = number {
                note.set_id(&format!("{}fn-{number}", self.prefix));
                add_way_back(document, &note, self.prefix, number)?;
            }
        }
        Ok(())
    }

    fn name_references(&self, root: &Element) -> Result<(), JsValue> {
        let references = root.query_selector_all("a[role=doc-noteref]")?;
        let mut times: HashMap<String, u32> = HashMap::new();
        for index in 0..references.length() {
            let Some(link) = references.get(index).and_then(|it| it.dyn_into::<Element>().ok())
            else {
                continue;
            };
            let number = link.text_content().unwrap_or_default();
            let times = times.entry(number.clone()).or_default();
            *times += 1;
            let prefix = self.prefix;
            link.set_id(&match times {
                1 => format!("{prefix}fnref-{number}"),
                times => format!("{prefix}fnref-{number}-{times}"),
            });
        }
        Ok(())
    }
}

fn add_way_back(
    document: &Document,
    note: &Element,
    prefix: &str,
    number: u32,
) -> Result<(), JsValue> {
    let back = document.create_element("a")?;
    back.set_attribute("href", &format!("#{prefix}fnref-{number}"))?;
    back.set_attribute("role", "doc-backlink")?;
    back.set_attribute("aria-label", &format!("↩ {number}"))?;
    back.set_text_content(Some("↩"));
    let last = note.last_element_child().filter(|last| last.tag_name() == "P");
    let place = match last {
        Some(paragraph) => paragraph,
        None => {
            let paragraph = document.create_element("p")?;
            note.append_child(&paragraph)?;
            paragraph
        }
    };
    place.append_child(&document.create_text_node(" "))?;
    place.append_child(&back)?;
    Ok(())
}
