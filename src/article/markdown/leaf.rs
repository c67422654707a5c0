//! The open leaf: the one block whose own text is being written.

use super::super::document::{Alignment, BlockId, BlockKind, Patch};
use super::entities::unescape;
use super::lines::{Fence, Guess, atx_text, is_blank, trim_end};
use super::links::{self, Target};
use super::output::Output;
use super::raw::HtmlBlock;
use super::running::RunningText;
use super::table::{Row, count_cells};

/// A definition that takes longer than this is none.
const LONGEST_DEFINITION: usize = 4096;

/// The open leaf.
#[derive(Debug)]
pub enum Leaf {
    Paragraph(Box<Paragraph>),
    /// A heading of one line.
    Heading(RunningText),
    Fenced(Fenced),
    Indented(Indented),
    Html(Html),
    Table(Table),
}

/// A paragraph, or what still may be one.
#[derive(Debug)]
pub struct Paragraph {
    text: RunningText,
    /// Where its last line begins.
    line: usize,
    /// Whether it may begin with (more) definitions of links.
    defining: bool,
    /// How long the text was when a definition was last looked for.
    tried: usize,
    /// Shown as a table's head for as long as it is one line.
    head: Option<Head>,
}

#[derive(Debug)]
struct Head {
    table: BlockId,
    row: Row,
    /// How much of the text the row has.
    read: usize,
}

impl Paragraph {
    /// `defining`: it may begin with definitions of links.
    pub fn new(parent: Option<BlockId>, defining: bool) -> Self {
        Self {
            text: RunningText::new(parent, BlockKind::Paragraph),
            line: 0,
            defining,
            tried: 0,
            head: None,
        }
    }

    fn start(&self) -> &str {
        &self.text.text[self.text.start()..]
    }

    /// The definition at `at`: label, target, and where the next line begins. `last`: the paragraph
    /// ends.
    fn definition(&self, at: usize, last: bool) -> Guess<(String, Target, usize)> {
        let text = &self.text.text;
        let mut end = (at + LONGEST_DEFINITION).min(text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        let cut = end < text.len();
        match links::definition(&text[..end], at, last && !cut) {
            Guess::Open if cut => Guess::No,
            found => found,
        }
    }

    /// Where the text begins behind the definitions, were the paragraph to end now.
    fn behind_definitions(&self) -> usize {
        let mut at = self.text.start();
        while self.defining
            && let Guess::Yes((_, _, next)) = self.definition(at, true)
        {
            at = next;
        }
        at
    }

    /// Whether it has text besides definitions.
    pub fn has_text(&self) -> bool {
        !trim_end(&self.text.text[self.behind_definitions()..]).is_empty()
    }

    /// Whether its last line is a table's head over this delimiter row.
    pub fn is_head_of(&self, delimiters: &str, columns: usize) -> bool {
        let head = &self.text.text[self.line..];
        head.contains('|')
            && delimiters.contains('|')
            && count_cells(head) == columns
            && self.behind_definitions() <= self.line
    }

    fn begin_line(&mut self, output: &mut Output) {
        self.drop_head(output);
        self.text.text.push('\n');
        self.define(false, output);
        self.line = self.text.text.len();
    }

    /// It is no table after all.
    fn drop_head(&mut self, output: &mut Output) {
        if let Some(head) = self.head.take() {
            self.text.become_kind(Some(head.table), BlockKind::Paragraph, output);
        }
    }

    /// Takes definitions of links from the start of the text. `last`: the paragraph ends.
    fn define(&mut self, last: bool, output: &mut Output) {
        while self.defining {
            let length = self.start().len();
            if !last && (length == 0 || (self.tried > 64 && length < self.tried * 3 / 2)) {
                return;
            }
            match self.definition(self.text.start(), last) {
                Guess::Yes((label, target, next)) => {
                    output.references.define_link(label, target);
                    self.text.skip_to(next);
                    self.tried = 0;
                }
                Guess::Open => {
                    self.tried = length;
                    return;
                }
                Guess::No => self.defining = false,
            }
        }
    }

    fn show(&mut self, output: &mut Output) {
        self.define(false, output);
        if self.defining {
            return;
        }
        if self.line == 0 && self.start().starts_with('|') {
            return self.show_head(output);
        }
        let end = match self.text.text[self.line..].starts_with('|') && self.line > 0 {
            // It may be a table's head; the next line decides.
            true => self.line - 1,
            false => self.text.text.len(),
        };
        self.text.show(end, output);
    }

    fn show_head(&mut self, output: &mut Output) {
        if trim_end(&self.text.text).len() < 2 {
            return;
        }
        let (parent, text) = (self.text.parent(), &self.text.text);
        let head = self.head.get_or_insert_with(|| {
            let table = output.open(parent, BlockKind::Table { alignments: Vec::new() });
            Head { table, row: Row::new(table, true, None, output), read: 0 }
        });
        // Footnotes get their numbers when it is certain where they stand.
        let from = head.read.saturating_sub(1);
        let note = text.as_bytes()[from..].windows(2).position(|pair| pair == b"[^");
        let end = note.map_or(text.len(), |found| from + found);
        if end > head.read {
            head.row.push(&text[head.read..end], output);
            head.read = end;
        }
        head.row.show(output);
    }

    fn finish(mut self, output: &mut Output) {
        self.drop_head(output);
        self.define(true, output);
        let end = trim_end(&self.text.text).len().max(self.text.start());
        self.text.finish(end, output);
    }

    fn into_heading(mut self, level: u8, output: &mut Output) {
        self.drop_head(output);
        self.define(true, output);
        let kind = BlockKind::Heading { level };
        self.text.become_kind(self.text.id(), kind, output);
        self.text.open(output);
        let end = trim_end(&self.text.text).len();
        self.text.finish(end, output);
    }

    fn into_table(mut self, alignments: Vec<Alignment>, output: &mut Output) -> Table {
        self.define(true, output);
        let columns = alignments.len();
        let kind = BlockKind::Table { alignments };
        let parent = self.text.parent();
        let head = self.text.text[self.line..].to_owned();
        let shown = self.head.map(|head| head.table).or(self.text.id());
        let id = if self.line > self.text.start() {
            self.text.rewind(output);
            let end = trim_end(&self.text.text[..self.line]).len();
            self.text.finish(end, output);
            output.open(parent, kind)
        } else if let Some(id) = shown {
            output.patches.push(Patch::Become { id, kind });
            id
        } else {
            output.open(parent, kind)
        };
        let mut row = Row::new(id, true, Some(columns), output);
        row.push(&head, output);
        row.finish(output);
        Table { id, columns, row: None }
    }
}

/// A fenced block of code.
#[derive(Debug)]
pub struct Fenced {
    pub fence: Fence,
    id: BlockId,
    /// Not yet sent.
    text: String,
    /// The current line is the fence's own.
    opening: bool,
}

/// An indented block of code.
#[derive(Debug)]
pub struct Indented {
    id: BlockId,
    text: String,
    /// Blank lines that belong to the code only if more of it comes.
    blank: String,
    /// The current line is none of those.
    in_text: bool,
}

/// A block of raw HTML.
#[derive(Debug)]
pub struct Html {
    block: HtmlBlock,
    text: RunningText,
    /// The current line.
    line: String,
}

impl Html {
    pub fn ends_at_blank(&self) -> bool {
        self.block.ends.is_empty()
    }
}

/// A table behind its delimiter row.
#[derive(Debug)]
pub struct Table {
    id: BlockId,
    columns: usize,
    row: Option<Row>,
}

impl Leaf {
    pub fn fenced(parent: Option<BlockId>, fence: Fence, info: &str, output: &mut Output) -> Self {
        let info = unescape(info.trim());
        let language = info.split_whitespace().next().unwrap_or_default().to_owned();
        let id = output.open(parent, BlockKind::Code { language });
        Self::Fenced(Fenced { fence, id, text: String::new(), opening: true })
    }

    pub fn indented(parent: Option<BlockId>, output: &mut Output) -> Self {
        let id = output.open(parent, BlockKind::Code { language: String::new() });
        Self::Indented(Indented { id, text: String::new(), blank: String::new(), in_text: false })
    }

    pub fn heading(parent: Option<BlockId>, level: u8, output: &mut Output) -> Self {
        let mut text = RunningText::new(parent, BlockKind::Heading { level });
        text.open(output);
        Self::Heading(text)
    }

    pub fn html(parent: Option<BlockId>, block: HtmlBlock) -> Self {
        Self::Html(Html { block, text: RunningText::html(parent), line: String::new() })
    }

    /// The next line of the same leaf begins.
    pub fn begin_line(&mut self, output: &mut Output) {
        match self {
            Self::Paragraph(paragraph) => paragraph.begin_line(output),
            Self::Table(table) => {
                table.row = Some(Row::new(table.id, false, Some(table.columns), output));
            }
            Self::Html(html) => html.text.text.push('\n'),
            Self::Heading(_) | Self::Fenced(_) | Self::Indented(_) => {}
        }
    }

    /// More of the current line.
    pub fn push(&mut self, text: &str, output: &mut Output) {
        match self {
            Self::Paragraph(paragraph) => paragraph.text.text.push_str(text),
            Self::Heading(heading) => heading.text.push_str(text),
            Self::Fenced(code) => code.text.push_str(text),
            Self::Indented(code) => {
                if !code.in_text && !is_blank(text) {
                    code.in_text = true;
                    code.text.push_str(&std::mem::take(&mut code.blank));
                }
                let place = if code.in_text { &mut code.text } else { &mut code.blank };
                place.push_str(text);
            }
            Self::Html(html) => {
                if !html.block.ends.is_empty() {
                    html.line.push_str(text);
                }
                if !html.block.hidden {
                    html.text.text.push_str(text);
                }
            }
            Self::Table(table) => {
                if let Some(row) = &mut table.row {
                    row.push(text, output);
                }
            }
        }
    }

    /// The line has ended. False: the leaf with it.
    pub fn end_line(&mut self, output: &mut Output) -> bool {
        match self {
            Self::Paragraph(_) => true,
            Self::Heading(_) => false,
            Self::Fenced(code) => {
                if !std::mem::take(&mut code.opening) {
                    code.text.push('\n');
                }
                true
            }
            Self::Indented(code) => {
                let in_text = std::mem::take(&mut code.in_text);
                let place = if in_text { &mut code.text } else { &mut code.blank };
                place.push('\n');
                true
            }
            Self::Html(html) => {
                let line = std::mem::take(&mut html.line);
                html.ends_at_blank() || !html.block.ends_with(&line)
            }
            Self::Table(table) => {
                if let Some(row) = table.row.take() {
                    row.finish(output);
                }
                true
            }
        }
    }

    /// Shows what has come.
    pub fn show(&mut self, output: &mut Output) {
        match self {
            Self::Paragraph(paragraph) => paragraph.show(output),
            Self::Heading(heading) => heading.show(atx_text(&heading.text).len(), output),
            Self::Fenced(Fenced { id, text, .. }) | Self::Indented(Indented { id, text, .. }) => {
                send_code(*id, text, output);
            }
            Self::Html(html) => html.text.show(html.text.text.len(), output),
            Self::Table(table) => {
                if let Some(row) = &mut table.row {
                    row.show(output);
                }
            }
        }
    }

    /// Shows everything and closes the block.
    pub fn finish(self, output: &mut Output) {
        match self {
            Self::Paragraph(paragraph) => paragraph.finish(output),
            Self::Heading(heading) => {
                let end = atx_text(&heading.text).len();
                heading.finish(end, output);
            }
            Self::Fenced(Fenced { id, mut text, .. })
            | Self::Indented(Indented { id, mut text, .. }) => {
                send_code(id, &mut text, output);
                output.close(id);
            }
            Self::Html(html) => {
                let end = trim_end(&html.text.text).len();
                html.text.finish(end, output);
            }
            Self::Table(table) => {
                if let Some(row) = table.row {
                    row.finish(output);
                }
                output.close(table.id);
            }
        }
    }

    /// A line under the paragraph makes it a heading.
    pub fn underline(self, level: u8, output: &mut Output) {
        if let Self::Paragraph(paragraph) = self {
            paragraph.into_heading(level, output);
        }
    }

    /// A line under the paragraph makes its last line a table's head.
    pub fn tabulate(self, alignments: Vec<Alignment>, output: &mut Output) -> Option<Self> {
        match self {
            Self::Paragraph(paragraph) => {
                Some(Self::Table(paragraph.into_table(alignments, output)))
            }
            _ => None,
        }
    }
}

fn send_code(id: BlockId, text: &mut String, output: &mut Output) {
    if !text.is_empty() {
        output.patches.push(Patch::AppendCode { id, text: std::mem::take(text) });
    }
}
