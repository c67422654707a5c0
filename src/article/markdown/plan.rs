//! What a line means for the blocks that are open: read only, decided as early as possible.
//!
//! [`plan`] looks at a line, or at the part of it that is there, and says what it does. It answers
//! [`Guess::Open`] for as long as more of the line could change the answer; so what was decided
//! from a part of the line is what the whole line would have decided.

use super::super::document::Alignment;
use super::leaf::{Leaf, Paragraph};
use super::lines::{self, Cursor, Fence, Guess, Marker};
use super::raw::{self, HtmlBlock};
use super::table;

/// Containers nest at most so deep; marks of deeper ones are text.
const DEEPEST: usize = 100;

/// What contains other blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerKind {
    Quote,
    /// The mark that the items share.
    List(u8),
    /// How far the content is indented against what contains the list.
    Item(usize),
    Footnote,
}

/// An open container, as [`plan`] has to know it.
#[derive(Clone, Copy, Debug)]
pub struct Outline {
    pub kind: ContainerKind,
    pub has_children: bool,
}

/// A container that a line opens.
#[derive(Debug, PartialEq, Eq)]
pub enum New {
    Quote,
    Item { marker: Marker, indent: usize, task: Option<bool> },
    Footnote(String),
}

/// What a line does. Unless it goes on with the open leaf, it closes that.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan {
    /// How many containers stay open.
    pub keep: usize,
    pub open: Vec<New>,
    pub line: Line,
    /// Where the line's text begins, in bytes.
    pub at: usize,
    /// Columns of a tab before it.
    pub spare: usize,
}

/// What the text of a line is.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    Blank,
    /// More of the open leaf.
    More,
    ClosingFence,
    /// Makes the open paragraph a heading.
    Underline(u8),
    /// Makes the last line of the open paragraph a table's head.
    Delimiters(Vec<Alignment>),
    Rule,
    Heading(u8),
    Fence(Fence),
    Indented,
    Html(HtmlBlock),
    Paragraph,
}

macro_rules! decide {
    ($guess:expr, $yes:pat => $then:expr) => {
        match $guess {
            Guess::Yes($yes) => $then,
            Guess::Open => return Guess::Open,
            Guess::No => {}
        }
    };
}

/// Plans a line. `complete`: the line has ended.
pub fn plan(
    containers: &[Outline],
    leaf: Option<&Leaf>,
    line: &str,
    complete: bool,
) -> Guess<Plan> {
    let mut cursor = Cursor::new(line);
    let mut keep = 0;
    for container in containers {
        let text = text(cursor);
        if text.is_empty() && !complete {
            return Guess::Open;
        }
        if !goes_on(container, &mut cursor, text) {
            break;
        }
        keep += 1;
    }
    let text = text(cursor);
    if text.is_empty() && !complete {
        return Guess::Open;
    }
    let all = keep == containers.len();
    if all && let Some(leaf) = leaf {
        decide!(verbatim(leaf, cursor, text, complete), (line, cursor) => {
            return Guess::Yes(finish(keep, Vec::new(), line, cursor));
        });
    }
    let paragraph = match leaf {
        Some(Leaf::Paragraph(paragraph)) => Some(&**paragraph),
        _ => None,
    };
    let in_table = all && matches!(leaf, Some(Leaf::Table(_)));
    let mut starts =
        Starts { containers, keep, open: Vec::new(), cursor, paragraph, all, in_table, complete };
    let found = match starts.find() {
        Guess::Open => return Guess::Open,
        Guess::Yes(line) => Some(line),
        Guess::No => None,
    };
    let Starts { open, cursor, paragraph, .. } = starts;
    if let Some(line) = found {
        let stays = matches!(line, Line::Underline(_) | Line::Delimiters(_))
            || (line == Line::Blank && open.is_empty());
        if stays {
            return Guess::Yes(finish(keep, open, line, cursor));
        }
        return Guess::Yes(finish(outside_list(containers, keep, &open), open, line, cursor));
    }
    let mut text_cursor = cursor;
    text_cursor.skip_space();
    let mut is_row = in_table && open.is_empty();
    if is_row && lines::trim_end(text_cursor.rest()) == "|" {
        if !complete {
            return Guess::Open;
        }
        is_row = false;
    }
    if is_row || paragraph.is_some() {
        // A paragraph goes on although its containers are not marked (a lazy continuation).
        return Guess::Yes(finish(containers.len(), open, Line::More, text_cursor));
    }
    keep = outside_list(containers, keep, &open);
    Guess::Yes(finish(keep, open, Line::Paragraph, text_cursor))
}

fn finish(keep: usize, open: Vec<New>, line: Line, cursor: Cursor<'_>) -> Plan {
    Plan { keep, open, line, at: cursor.position(), spare: cursor.spare() }
}

fn text(cursor: Cursor<'_>) -> &str {
    cursor.rest().trim_start_matches([' ', '\t'])
}

/// A list contains items only: leaves it, unless the next thing is an item of it.
fn outside_list(containers: &[Outline], keep: usize, open: &[New]) -> usize {
    let Some(Outline { kind: ContainerKind::List(mark), .. }) =
        keep.checked_sub(1).and_then(|last| containers.get(last))
    else {
        return keep;
    };
    match open.first() {
        Some(New::Item { marker, .. }) if marker.mark == *mark => keep,
        _ => keep - 1,
    }
}

/// Whether a line whose unread text is `text` goes on with the container; reads over its mark.
fn goes_on(container: &Outline, cursor: &mut Cursor<'_>, text: &str) -> bool {
    let indent = cursor.indent();
    match container.kind {
        ContainerKind::List(_) => true,
        ContainerKind::Quote => {
            let marked = indent < 4 && text.starts_with('>');
            if marked {
                cursor.skip_space();
                cursor.skip_marks(1);
                cursor.advance(1);
            }
            marked
        }
        ContainerKind::Item(needed) => {
            let blank = text.is_empty();
            if blank && !container.has_children {
                return false;
            }
            indented(cursor, indent, needed, blank)
        }
        ContainerKind::Footnote => indented(cursor, indent, 4, text.is_empty()),
    }
}

fn indented(cursor: &mut Cursor<'_>, indent: usize, needed: usize, blank: bool) -> bool {
    let goes_on = blank || indent >= needed;
    if goes_on {
        cursor.advance(needed.min(indent));
    }
    goes_on
}

/// A line in a leaf whose lines are taken as they are.
fn verbatim<'a>(
    leaf: &Leaf,
    mut cursor: Cursor<'a>,
    text: &str,
    complete: bool,
) -> Guess<(Line, Cursor<'a>)> {
    let indent = cursor.indent();
    match leaf {
        Leaf::Fenced(code) => {
            if indent < 4 {
                decide!(lines::closing_fence(text, code.fence, complete), () => {
                    return Guess::Yes((Line::ClosingFence, cursor));
                });
            }
            cursor.advance(indent.min(code.fence.indent));
            Guess::Yes((Line::More, cursor))
        }
        Leaf::Html(html) if !html.ends_at_blank() || !text.is_empty() => {
            cursor.skip_space();
            Guess::Yes((Line::More, cursor))
        }
        Leaf::Indented(_) if indent >= 4 || text.is_empty() => {
            cursor.advance(4);
            Guess::Yes((Line::More, cursor))
        }
        _ => Guess::No,
    }
}

/// The search for what a line begins.
struct Starts<'a> {
    containers: &'a [Outline],
    keep: usize,
    open: Vec<New>,
    cursor: Cursor<'a>,
    /// The open paragraph, for as long as the line may go on with it.
    paragraph: Option<&'a Paragraph>,
    /// All containers went on.
    all: bool,
    /// The line may be a row of the open table.
    in_table: bool,
    complete: bool,
}

impl Starts<'_> {
    /// What the line begins; [`Guess::No`] if it is text of a paragraph.
    fn find(&mut self) -> Guess<Line> {
        loop {
            let text = text(self.cursor);
            let complete = self.complete;
            if text.is_empty() {
                return if complete { Guess::Yes(Line::Blank) } else { Guess::Open };
            }
            let indent = self.cursor.indent();
            if indent >= 4 {
                let in_table = self.in_table && self.open.is_empty();
                let lone_bar = lines::trim_end(text) == "|";
                if in_table && lone_bar && !complete {
                    return Guess::Open;
                }
                if self.paragraph.is_some() || (in_table && !lone_bar) {
                    return Guess::No;
                }
                self.cursor.advance(4);
                return Guess::Yes(Line::Indented);
            }
            // The paragraph itself, and not only lazily.
            let own = self.paragraph.filter(|_| self.all);
            if let Some(paragraph) = own
                && table::may_be_delimiter_row(text)
            {
                if !complete {
                    return Guess::Open;
                }
                if lines::setext_underline(text, true) == Guess::No
                    && let Some(alignments) = table::delimiter_row(text)
                    && paragraph.is_head_of(text, alignments.len())
                {
                    return Guess::Yes(Line::Delimiters(alignments));
                }
            }
            if self.containers.len().max(self.keep + 2 * self.open.len()) + 2 < DEEPEST {
                match self.container(text, indent, own) {
                    Guess::Yes(true) => return Guess::No,
                    Guess::Yes(false) => continue,
                    Guess::Open => return Guess::Open,
                    Guess::No => {}
                }
            }
            return self.leaf(text, indent, own);
        }
    }

    /// Opens a container, if one begins here. Yes(true): what follows is a paragraph.
    fn container(&mut self, text: &str, indent: usize, own: Option<&Paragraph>) -> Guess<bool> {
        let complete = self.complete;
        if text.starts_with('>') {
            self.cursor.skip_space();
            self.cursor.skip_marks(1);
            self.cursor.advance(1);
            self.begin(New::Quote);
            return Guess::Yes(false);
        }
        decide!(lines::footnote(text, complete), (label, length) => {
            self.cursor.skip_space();
            self.cursor.skip_marks(length);
            self.cursor.skip_space();
            self.begin(New::Footnote(label.to_owned()));
            return Guess::Yes(false);
        });
        if own.is_some() {
            decide!(lines::setext_underline(text, complete), _ => return Guess::No);
        }
        decide!(lines::thematic_break(text, complete), () => return Guess::No);
        decide!(lines::list_marker(text, own.is_some(), complete), marker => {
            return self.item(marker, indent);
        });
        Guess::No
    }

    fn item(&mut self, marker: Marker, indent: usize) -> Guess<bool> {
        self.cursor.skip_space();
        self.cursor.skip_marks(marker.length);
        let space = self.cursor.indent();
        let rest = text(self.cursor);
        let space = if rest.is_empty() || space > 4 { 1 } else { space };
        let mut task = None;
        let content = self.cursor.indent() == space;
        if content {
            decide!(lines::task(rest, self.complete), ticked => task = Some(ticked));
        }
        self.cursor.advance(space);
        if task.is_some() {
            self.cursor.skip_marks(3);
        }
        self.begin(New::Item { marker, indent: indent + marker.length + space, task });
        // A task's text is never another block.
        Guess::Yes(task.is_some() && !text(self.cursor).is_empty())
    }

    fn begin(&mut self, new: New) {
        self.open.push(new);
        self.paragraph = None;
    }

    fn leaf(&mut self, text: &str, indent: usize, own: Option<&Paragraph>) -> Guess<Line> {
        let complete = self.complete;
        decide!(lines::atx_heading(text, complete), level => {
            self.cursor.skip_space();
            self.cursor.skip_marks(usize::from(level));
            self.cursor.skip_space();
            return Guess::Yes(Line::Heading(level));
        });
        decide!(lines::opening_fence(text, indent, complete), fence => {
            self.cursor.skip_space();
            self.cursor.skip_marks(fence.length);
            return Guess::Yes(Line::Fence(fence));
        });
        decide!(raw::html_block(text, self.paragraph.is_some(), complete), html => {
            self.cursor.skip_space();
            return Guess::Yes(Line::Html(html));
        });
        if let Some(paragraph) = own {
            decide!(lines::setext_underline(text, complete), level => {
                if paragraph.has_text() {
                    return Guess::Yes(Line::Underline(level));
                }
            });
        }
        decide!(lines::thematic_break(text, complete), () => return Guess::Yes(Line::Rule));
        Guess::No
    }
}
