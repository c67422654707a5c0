//! What links and footnotes refer to, and the references that came before their definitions.

use std::collections::HashMap;

use super::super::document::{BlockId, Patch};
use super::inlines::{self, Reading};
use super::links::{Target, normalize};

/// The definitions of a document, as far as it was read.
#[derive(Debug, Default)]
pub struct References {
    links: HashMap<String, Target>,
    /// The label as the definition writes it, by the normalized label.
    footnotes: HashMap<String, String>,
    /// The number of each footnote by its normalized label, in the order of first reference.
    numbers: HashMap<String, u32>,
    /// The document has ended: what is not defined now, never will be.
    complete: bool,
    waiting: Vec<Waiting>,
}

/// A closed leaf that later definitions may mend.
#[derive(Debug)]
struct Waiting {
    id: BlockId,
    text: String,
    start: usize,
    markdown: bool,
    notices: Notices,
}

/// What a stretch of running text refers to.
#[derive(Debug, Default)]
pub struct Notices {
    /// Normalized labels of links without a definition so far.
    pub missing: Vec<String>,
    /// Labels of footnotes as written, with the numbers that they were given.
    pub notes: Vec<(String, u32)>,
}

impl Notices {
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.notes.is_empty()
    }

    pub fn append(&mut self, mut other: Self) {
        self.missing.append(&mut other.missing);
        self.notes.append(&mut other.notes);
    }
}

impl References {
    /// Defines a link. The first definition of a label counts.
    pub fn define_link(&mut self, label: String, target: Target) {
        self.links.entry(label).or_insert(target);
    }

    /// Defines a footnote. The first definition of a label counts.
    pub fn define_footnote(&mut self, label: &str) {
        self.footnotes.entry(normalize(label)).or_insert_with(|| label.to_owned());
    }

    pub fn link(&self, label: &str) -> Option<&Target> {
        self.links.get(label)
    }

    /// Whether `[^label]` is a reference. While the document grows every one is: its definition
    /// comes last as a rule, and a reader should not see the brackets until then.
    pub fn is_footnote(&self, label: &str) -> bool {
        !self.complete || self.footnotes.contains_key(&normalize(label))
    }

    /// A footnote's label as defined and its number, given at the first call.
    pub fn number(&mut self, label: &str) -> (String, u32) {
        let name = normalize(label);
        let next = self.numbers.len() as u32 + 1;
        let written = self.footnotes.get(&name).cloned().unwrap_or_else(|| label.to_owned());
        (written, *self.numbers.entry(name).or_insert(next))
    }

    /// The same for text that may still be read differently: gives no number away. `seen` holds
    /// the new labels of that text.
    pub fn likely_number(&self, label: &str, seen: &mut Vec<String>) -> (String, u32) {
        let name = normalize(label);
        let written = self.footnotes.get(&name).cloned().unwrap_or_else(|| label.to_owned());
        if let Some(number) = self.numbers.get(&name) {
            return (written, *number);
        }
        let index = seen.iter().position(|known| *known == name).unwrap_or_else(|| {
            seen.push(name);
            seen.len() - 1
        });
        (written, (self.numbers.len() + index) as u32 + 1)
    }

    /// Remembers a closed leaf whose text, from `start` on, refers to something.
    pub fn remember(
        &mut self,
        id: BlockId,
        text: String,
        start: usize,
        markdown: bool,
        notices: Notices,
    ) {
        self.waiting.push(Waiting { id, text, start, markdown, notices });
    }

    /// The document has ended: mends the leaves that read differently now, each once.
    pub fn mend(&mut self, patches: &mut Vec<Patch>) {
        self.complete = true;
        let waiting = std::mem::take(&mut self.waiting);
        self.renumber(&waiting);
        for leaf in waiting {
            let found = leaf.notices.missing.iter().any(|label| self.links.contains_key(label));
            let changed = leaf.notices.notes.iter().any(|(label, number)| {
                let name = normalize(label);
                self.footnotes.get(&name) != Some(label) || self.numbers.get(&name) != Some(number)
            });
            if found || changed {
                let reading = Reading { last: true, markdown: leaf.markdown, lead: true };
                let read = inlines::read(&leaf.text, leaf.start, reading, self);
                patches.push(Patch::Mend { id: leaf.id, inlines: read.settled });
            }
        }
    }

    /// Gives numbers to the footnotes that exist, and to no others.
    fn renumber(&mut self, waiting: &[Waiting]) {
        self.numbers.clear();
        for (label, _) in waiting.iter().flat_map(|leaf| &leaf.notices.notes) {
            if self.is_footnote(label) {
                self.number(label);
            }
        }
    }
}
