//! The running text of one leaf: what was written, what is settled, what is shown.

use super::super::document::{BlockId, BlockKind, Inline, Patch};
use super::inlines::{self, Reading, join};
use super::lines::trim_end;
use super::output::Output;
use super::references::Notices;

/// The text of a heading, a paragraph or a cell while it grows.
#[derive(Debug)]
pub struct RunningText {
    pub text: String,
    parent: Option<BlockId>,
    kind: BlockKind,
    id: Option<BlockId>,
    markdown: bool,
    /// Where the text begins that is shown: behind definitions.
    start: usize,
    /// Everything before this place is settled.
    settled: usize,
    /// How many inlines are settled, in part or as a whole.
    count: usize,
    /// The settled part of the last settled inline, where that is a text, which may still grow.
    last_text: Option<String>,
    /// What is shown behind the settled part.
    open: Vec<Inline>,
    notices: Notices,
}

impl RunningText {
    pub fn new(parent: Option<BlockId>, kind: BlockKind) -> Self {
        Self {
            text: String::new(),
            parent,
            kind,
            id: None,
            markdown: true,
            start: 0,
            settled: 0,
            count: 0,
            last_text: None,
            open: Vec::new(),
            notices: Notices::default(),
        }
    }

    /// The text of a block of raw HTML.
    pub fn html(parent: Option<BlockId>) -> Self {
        Self { markdown: false, ..Self::new(parent, BlockKind::Paragraph) }
    }

    pub fn id(&self) -> Option<BlockId> {
        self.id
    }

    pub fn parent(&self) -> Option<BlockId> {
        self.parent
    }

    /// Where the text begins that is shown.
    pub fn start(&self) -> usize {
        self.start
    }

    /// What stands before `start` is never shown. Only before anything is shown.
    pub fn skip_to(&mut self, start: usize) {
        self.start = start;
        self.settled = start;
    }

    /// Opens the block, if it is not open yet.
    pub fn open(&mut self, output: &mut Output) -> BlockId {
        match self.id {
            Some(id) => id,
            None => {
                let id = output.open(self.parent, self.kind.clone());
                self.id = Some(id);
                id
            }
        }
    }

    /// Gives the block that is shown already another kind, and shows nothing in it.
    pub fn become_kind(&mut self, id: Option<BlockId>, kind: BlockKind, output: &mut Output) {
        self.kind = kind.clone();
        if let Some(id) = id {
            output.patches.push(Patch::Become { id, kind });
            self.id = Some(id);
        }
        self.settled = self.start;
        self.count = 0;
        self.last_text = None;
        self.open.clear();
        self.notices = Notices::default();
    }

    /// Shows nothing of the text any more, to show a part of it anew.
    pub fn rewind(&mut self, output: &mut Output) {
        if let Some(id) = self.id {
            output.patches.push(Patch::SetInlines { id, keep: 0, inlines: Vec::new() });
        }
        self.become_kind(None, self.kind.clone(), output);
    }

    /// Shows the text up to `end`, as far as it can be shown while more may come.
    pub fn show(&mut self, end: usize, output: &mut Output) {
        self.read(end, false, output);
    }

    /// Shows the text up to `end`, to which nothing will be added, and closes the block. A block
    /// in which nothing is shown does not come into being.
    pub fn finish(mut self, end: usize, output: &mut Output) -> Option<BlockId> {
        self.read(end, true, output);
        let id = self.id?;
        output.close(id);
        if !self.notices.is_empty() {
            let Self { mut text, start, markdown, notices, .. } = self;
            text.truncate(end);
            output.references.remember(id, text, start, markdown, notices);
        }
        Some(id)
    }

    fn read(&mut self, end: usize, last: bool, output: &mut Output) {
        if end < self.settled {
            return;
        }
        if !output.inlines {
            if !trim_end(&self.text[self.settled..end]).is_empty() {
                self.open(output);
            }
            return;
        }
        output.work += (end - self.settled) as u64;
        let lead = self.count == 0;
        let reading = Reading { last, markdown: self.markdown, lead };
        let read = inlines::read(&self.text[..end], self.settled, reading, &mut output.references);
        let shown = std::mem::take(&mut self.open);
        self.settled = read.settled_to;
        self.notices.append(read.notices);
        let next = join(read.settled.clone(), &read.open);
        if !next.is_empty() || !shown.is_empty() {
            let id = self.open(output);
            self.change(id, &shown, next, &mut output.patches);
        }
        self.settle(read.settled);
        self.open = read.open;
    }

    /// Writes the patches that lead from the inlines shown to the next ones, both counted from the
    /// settled part on.
    fn change(&self, id: BlockId, shown: &[Inline], next: Vec<Inline>, patches: &mut Vec<Patch>) {
        let Some(settled) = &self.last_text else {
            return change_list(id, self.count, shown, next, patches);
        };
        let (old_text, old_rest) = split_text(shown);
        let (new_text, new_rest) = split_text(&next);
        let new_rest = new_rest.to_vec();
        match new_text.strip_prefix(old_text) {
            Some("") => change_list(id, self.count, old_rest, new_rest, patches),
            Some(added) => {
                if !old_rest.is_empty() {
                    patches.push(Patch::SetInlines { id, keep: self.count, inlines: Vec::new() });
                }
                patches.push(Patch::AppendText { id, text: added.to_owned() });
                if !new_rest.is_empty() {
                    patches.push(Patch::SetInlines { id, keep: self.count, inlines: new_rest });
                }
            }
            None => {
                let mut inlines = vec![Inline::Text(format!("{settled}{new_text}"))];
                inlines.extend(new_rest);
                patches.push(Patch::SetInlines { id, keep: self.count - 1, inlines });
            }
        }
    }

    /// Counts in what has been settled.
    fn settle(&mut self, settled: Vec<Inline>) {
        let length = settled.len();
        let joins = self.last_text.is_some() && matches!(settled.first(), Some(Inline::Text(_)));
        self.count += length - usize::from(joins && length > 0);
        match settled.into_iter().next_back() {
            Some(Inline::Text(text)) => match &mut self.last_text {
                Some(last) if joins && length == 1 => last.push_str(&text),
                last => *last = Some(text),
            },
            Some(_) => self.last_text = None,
            None => {}
        }
    }
}

/// The text that inlines begin with, and the rest.
fn split_text(inlines: &[Inline]) -> (&str, &[Inline]) {
    match inlines.split_first() {
        Some((Inline::Text(text), rest)) => (text, rest),
        _ => ("", inlines),
    }
}

fn change_list(
    id: BlockId,
    before: usize,
    shown: &[Inline],
    mut next: Vec<Inline>,
    patches: &mut Vec<Patch>,
) {
    let same = shown.iter().zip(&next).take_while(|(old, new)| old == new).count();
    if same == shown.len() && same == next.len() {
        return;
    }
    let mut keep = same;
    if let (Some(Inline::Text(old)), Some(Inline::Text(new))) = (shown.get(same), next.get(same))
        && same + 1 == shown.len()
        && let Some(added) = new.strip_prefix(old.as_str())
    {
        patches.push(Patch::AppendText { id, text: added.to_owned() });
        keep += 1;
        if keep == next.len() {
            return;
        }
    }
    let inlines = next.split_off(keep);
    patches.push(Patch::SetInlines { id, keep: before + keep, inlines });
}
