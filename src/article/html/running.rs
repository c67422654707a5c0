//! The running text of one leaf while it grows: white space, elements within one another, and what
//! of it is shown already.

use super::super::document::{BlockId, Inline, Patch};
use super::super::measure::{joins, plain_text};

/// After so many bytes an element of running text is cut in two.
const LONGEST: usize = 4_096;
/// So many elements within one another.
const DEEPEST: usize = 64;

/// An element of running text that holds others.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Format {
    /// Its tag.
    pub name: String,
    /// Itself, empty.
    pub inline: Inline,
    /// How many blocks stood around it where it began.
    pub depth: usize,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Running {
    /// What is closed at the top level.
    top: Vec<Inline>,
    /// The elements that are open, each with what is closed in it.
    open: Vec<(Format, Vec<Inline>)>,
    /// Bytes in the outermost open element.
    in_open: usize,
    /// White space that came last: shown when something follows. `true`: with a line break.
    space: Option<bool>,
    /// What follows stands in another line.
    broken: bool,
    /// The last character, where text came last.
    last: Option<char>,
    /// How many of `top` are shown, and how many bytes of the last of them where that is a text.
    shown: usize,
    shown_text: usize,
    /// Whether something of the open elements is shown behind them.
    tail_shown: bool,
    /// Whether the open elements have changed since they were shown.
    changed: bool,
}

impl Running {
    /// In a leaf that begins within these elements.
    pub fn within(formats: &[Format]) -> Self {
        let open = formats.iter().cloned().map(|format| (format, Vec::new())).collect();
        Self { open, ..Self::default() }
    }

    /// Whether there is nothing yet.
    pub fn is_empty(&self) -> bool {
        self.last.is_none() && self.top.is_empty() && self.open.iter().all(|(_, it)| it.is_empty())
    }

    /// Text with its references replaced; white space is not yet what it will be.
    pub fn text(&mut self, text: &str) {
        let mut from = 0;
        while let Some(length) = text[from..].find(|c| !is_space(c)) {
            let (space, rest) = text[from..].split_at(length);
            self.white_space(space);
            let end = rest.find(is_space).unwrap_or(rest.len());
            self.word(&rest[..end]);
            from += length + end;
        }
        self.white_space(&text[from..]);
    }

    fn white_space(&mut self, space: &str) {
        if !space.is_empty() && !self.at_line_start() && self.last != Some(' ') {
            let breaks = space.contains(['\n', '\r']);
            self.space = Some(self.space.map_or(breaks, |before| before || breaks));
        }
    }

    fn at_line_start(&self) -> bool {
        self.last.is_none()
    }

    fn word(&mut self, word: &str) {
        let Some(first) = word.chars().next() else { return };
        self.break_line();
        if let Some(breaks) = self.space.take() {
            // A line that is broken between two CJK characters is not meant to have a space there.
            let joined = breaks && self.last.is_some_and(|last| joins(last, first));
            if !joined {
                self.space();
            }
        }
        self.append(word);
        self.last = word.chars().next_back();
    }

    fn append(&mut self, text: &str) {
        if self.open.is_empty() {
            append(&mut self.top, text);
            return;
        }
        self.changed = true;
        let mut rest = text;
        while !rest.is_empty() {
            // As much as there is room for, whatever piece it came in.
            let room = LONGEST.saturating_sub(self.in_open);
            let fits = rest.char_indices().map(|(at, c)| at + c.len_utf8());
            let Some(end) = fits.take_while(|end| *end <= room).last() else {
                self.cut();
                continue;
            };
            append(self.innermost(), &rest[..end]);
            self.in_open += end;
            rest = &rest[end..];
        }
    }

    /// A space, before the elements that have nothing in them yet.
    fn space(&mut self) {
        let empty = self.open.iter().rev().take_while(|(_, children)| children.is_empty()).count();
        let at = self.open.len() - empty;
        let into = match at.checked_sub(1) {
            Some(at) => &mut self.open[at].1,
            None => &mut self.top,
        };
        append(into, " ");
        if !self.open.is_empty() {
            self.changed = true;
            self.in_open += usize::from(at > 0);
        }
        self.last = Some(' ');
    }

    fn innermost(&mut self) -> &mut Vec<Inline> {
        match self.open.last_mut() {
            Some((_, children)) => children,
            None => &mut self.top,
        }
    }

    /// Something that is no text: a picture, a line break.
    pub fn push(&mut self, inline: Inline) {
        if inline == Inline::HardBreak {
            // In code it is white space.
            if self.open.iter().any(|(format, _)| matches!(format.inline, Inline::Code(_))) {
                self.white_space(" ");
                return;
            }
            self.space = None;
            self.last = None;
        } else {
            self.break_line();
            if self.space.take().is_some() {
                self.space();
            }
            self.last = Some('\u{fffc}');
        }
        if !self.open.is_empty() {
            if self.in_open >= LONGEST {
                self.cut();
            }
            self.changed = true;
            self.in_open += weight(&inline);
        }
        self.innermost().push(inline);
    }

    /// What follows stands in another line.
    pub fn line(&mut self) {
        self.broken = !self.at_line_start();
    }

    fn break_line(&mut self) {
        if std::mem::take(&mut self.broken) {
            self.push(Inline::HardBreak);
        }
    }

    /// An element begins. `false`: there are too many within one another, and it is its content.
    pub fn begin(&mut self, format: Format) -> bool {
        if self.open.len() >= DEEPEST {
            return false;
        }
        if self.open.is_empty() {
            self.in_open = 0;
        }
        self.open.push((format, Vec::new()));
        true
    }

    /// The innermost element of this name ends, and those in it go on behind it.
    pub fn end(&mut self, name: &str) {
        let Some(at) = self.open.iter().rposition(|(format, _)| format.name == name) else {
            return;
        };
        let mut again: Vec<Format> = Vec::new();
        while self.open.len() > at {
            if let Some(format) = self.close_innermost() {
                again.push(format);
            }
        }
        again.pop();
        self.open.extend(again.into_iter().rev().map(|format| (format, Vec::new())));
    }

    fn close_innermost(&mut self) -> Option<Format> {
        let (format, children) = self.open.pop()?;
        self.changed = true;
        if let Some(inline) = filled(&format.inline, children) {
            self.innermost().push(inline);
        }
        Some(format)
    }

    /// Ends the open elements and begins them anew, so that what is shown becomes final.
    fn cut(&mut self) {
        let formats: Vec<Format> = self.open.iter().map(|(format, _)| format.clone()).collect();
        while self.close_innermost().is_some() {}
        self.open = formats.into_iter().map(|format| (format, Vec::new())).collect();
        self.in_open = 0;
    }

    /// The elements that are open, from outside to inside.
    pub fn formats(&self) -> Vec<Format> {
        self.open.iter().map(|(format, _)| format.clone()).collect()
    }

    /// Ends all elements; a line break at the end breaks nothing.
    pub fn close(&mut self) {
        while self.close_innermost().is_some() {}
        self.space = None;
    }

    /// The outermost open element with all in it, as far as there is something in it.
    fn tail(&self) -> Option<Inline> {
        let mut tail = None;
        for (format, children) in self.open.iter().rev() {
            let mut children = children.clone();
            children.extend(tail.take());
            tail = filled(&format.inline, children);
        }
        tail
    }

    /// Whether there is something to see.
    pub fn is_visible(&self) -> bool {
        !self.top.is_empty() || self.open.iter().any(|(_, children)| !children.is_empty())
    }

    /// The patches that show what is not shown yet, in the leaf `id`. Gives the bytes written.
    pub fn show(&mut self, id: BlockId, patches: &mut Vec<Patch>) -> u64 {
        let mut written = 0;
        let tail = self.tail();
        let tail_shown = tail.is_some();
        let mut keep = self.shown;
        if let Some(Inline::Text(text)) = self.top.get(self.shown.wrapping_sub(1))
            && text.len() > self.shown_text
        {
            if self.tail_shown {
                // What stands behind it goes first.
                keep -= 1;
                self.changed = true;
            } else {
                let more = &text[self.shown_text..];
                written += more.len() as u64;
                patches.push(Patch::AppendText { id, text: more.to_owned() });
            }
        }
        if self.changed || self.shown < self.top.len() {
            let mut inlines = self.top[keep..].to_vec();
            inlines.extend(tail);
            let open = if self.open.is_empty() { 0 } else { self.in_open };
            written += inlines.iter().map(|it| text_length(it) as u64).sum::<u64>() + open as u64;
            // An element that was closed before anything came into it leaves nothing.
            if !inlines.is_empty() || keep < self.shown + usize::from(self.tail_shown) {
                patches.push(Patch::SetInlines { id, keep, inlines });
            }
        }
        self.tail_shown = tail_shown;
        self.changed = false;
        self.shown = self.top.len();
        self.shown_text = match self.top.last() {
            Some(Inline::Text(text)) => text.len(),
            _ => 0,
        };
        written
    }
}

/// Bytes of a text, and one of anything else.
fn text_length(inline: &Inline) -> usize {
    match inline {
        Inline::Text(text) => text.len(),
        _ => 1,
    }
}

/// How much more there is to write with it, in bytes of text that take as long.
fn weight(inline: &Inline) -> usize {
    match inline {
        Inline::Image { src, alt, title } => {
            32 + src.as_ref().map_or(0, String::len) + alt.len() + title.len()
        }
        _ => 32,
    }
}

/// Adds text, to the text that is last where there is one.
fn append(inlines: &mut Vec<Inline>, text: &str) {
    match inlines.last_mut() {
        Some(Inline::Text(last)) => last.push_str(text),
        _ => inlines.push(Inline::Text(text.to_owned())),
    }
}

/// White space as HTML has it: not the no-break space.
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\x0c' | '\r')
}

/// An element with what it contains; none where that is nothing.
fn filled(inline: &Inline, children: Vec<Inline>) -> Option<Inline> {
    if children.is_empty() {
        return None;
    }
    Some(match inline {
        Inline::Emphasis(_) => Inline::Emphasis(children),
        Inline::Strong(_) => Inline::Strong(children),
        Inline::Strike(_) => Inline::Strike(children),
        Inline::Code(_) => Inline::Code(plain_text(&children)),
        Inline::Link { href, title, .. } => {
            Inline::Link { href: href.clone(), title: title.clone(), children }
        }
        Inline::Html { element, .. } => Inline::Html { element: *element, children },
        other => other.clone(),
    })
}
