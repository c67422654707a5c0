//! One line of Markdown: columns with tab stops of four, and the marks that blocks begin with.

/// A place in a line, counted in columns as well as bytes.
#[derive(Clone, Copy)]
pub struct Cursor<'a> {
    line: &'a str,
    position: usize,
    column: usize,
    /// Columns of a tab before `position` that are not used up yet.
    spare: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(line: &'a str) -> Self {
        Self { line, position: 0, column: 0, spare: 0 }
    }

    /// Columns of white space from here on.
    pub fn indent(&self) -> usize {
        let mut column = self.column + self.spare;
        for byte in self.line.as_bytes()[self.position..].iter() {
            match byte {
                b' ' => column += 1,
                b'\t' => column += 4 - column % 4,
                _ => break,
            }
        }
        column - self.column
    }

    /// Passes over white space `columns` wide; stops at the first character that is none.
    pub fn advance(&mut self, columns: usize) {
        let mut left = columns;
        while left > 0 {
            if self.spare > 0 {
                let used = left.min(self.spare);
                self.spare -= used;
                self.column += used;
                left -= used;
                continue;
            }
            match self.line.as_bytes().get(self.position) {
                Some(b' ') => self.spare = 1,
                Some(b'\t') => self.spare = 4 - self.column % 4,
                _ => return,
            }
            self.position += 1;
        }
    }

    /// Passes over all white space.
    pub fn skip_space(&mut self) {
        self.advance(self.indent());
    }

    /// Passes over `bytes` bytes of ASCII that is not white space.
    pub fn skip_marks(&mut self, bytes: usize) {
        self.position += bytes;
        self.column += bytes;
    }

    /// The line from here on, without columns left over from a tab.
    pub fn rest(&self) -> &'a str {
        &self.line[self.position..]
    }

    /// Where [`Cursor::rest`] begins in the line, in bytes.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Columns left over from a tab before [`Cursor::rest`].
    pub fn spare(&self) -> usize {
        self.spare
    }
}

/// Whether a line that begins so is a certain kind of block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess<T> {
    Yes(T),
    No,
    /// More of the line decides.
    Open,
}

pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

pub fn is_blank(text: &str) -> bool {
    text.bytes().all(is_space)
}

/// The text without spaces, tabs and line breaks at its end.
pub fn trim_end(text: &str) -> &str {
    text.trim_end_matches([' ', '\t', '\n'])
}

/// How many of the byte `mark` the text begins with.
pub fn run(text: &str, mark: u8) -> usize {
    text.bytes().take_while(|b| *b == mark).count()
}

/// `***`, `- - -`, `___`.
pub fn thematic_break(text: &str, complete: bool) -> Guess<()> {
    let mark = match text.bytes().next() {
        Some(mark @ (b'*' | b'-' | b'_')) => mark,
        _ => return Guess::No,
    };
    let mut count = 0;
    for byte in text.bytes() {
        if byte == mark {
            count += 1;
        } else if !is_space(byte) {
            return Guess::No;
        }
    }
    match complete {
        false => Guess::Open,
        true if count >= 3 => Guess::Yes(()),
        true => Guess::No,
    }
}

/// `## `: the heading's level. The text behind it begins after as many bytes.
pub fn atx_heading(text: &str, complete: bool) -> Guess<u8> {
    let level = run(text, b'#');
    if level == 0 || level > 6 {
        return Guess::No;
    }
    let rest = &text[level..];
    match rest.bytes().next() {
        Some(byte) if !is_space(byte) => Guess::No,
        _ if !complete && is_blank(rest) => Guess::Open,
        _ => Guess::Yes(level as u8),
    }
}

/// The text of an ATX heading without the marks that may close it.
pub fn atx_text(text: &str) -> &str {
    let text = text.trim_end_matches([' ', '\t']);
    let before = text.trim_end_matches('#');
    if before.is_empty() || before.ends_with([' ', '\t']) {
        before.trim_end_matches([' ', '\t'])
    } else {
        text
    }
}

/// A line under a paragraph that makes it a heading: its level.
pub fn setext_underline(text: &str, complete: bool) -> Guess<u8> {
    let (mark, level) = match text.bytes().next() {
        Some(b'=') => (b'=', 1),
        Some(b'-') => (b'-', 2),
        _ => return Guess::No,
    };
    if !is_blank(&text[run(text, mark)..]) {
        Guess::No
    } else if complete {
        Guess::Yes(level)
    } else {
        Guess::Open
    }
}

/// What a fenced block of code is delimited with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fence {
    pub mark: u8,
    pub length: usize,
    /// Columns before the opening fence, taken from every line.
    pub indent: usize,
}

/// An opening fence; its info string begins after `length` bytes.
pub fn opening_fence(text: &str, indent: usize, complete: bool) -> Guess<Fence> {
    let mark = match text.bytes().next() {
        Some(mark @ (b'`' | b'~')) => mark,
        _ => return Guess::No,
    };
    let length = run(text, mark);
    let info = &text[length..];
    if (length < 3 && !info.is_empty()) || (mark == b'`' && info.contains('`')) {
        Guess::No
    } else if !complete {
        Guess::Open
    } else if length < 3 {
        Guess::No
    } else {
        Guess::Yes(Fence { mark, length, indent })
    }
}

/// Whether the text closes the fence.
pub fn closing_fence(text: &str, fence: Fence, complete: bool) -> Guess<()> {
    let length = run(text, fence.mark);
    if !is_blank(&text[length..]) || (length < fence.length && length < text.len()) {
        Guess::No
    } else if !complete {
        Guess::Open
    } else if length >= fence.length {
        Guess::Yes(())
    } else {
        Guess::No
    }
}

/// The mark of a list's item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marker {
    /// `-`, `+`, `*`, `.` or `)`: items of one list share it.
    pub mark: u8,
    /// The number, where the list is ordered.
    pub number: Option<u64>,
    /// Bytes, all ASCII.
    pub length: usize,
}

/// The mark of a list's item. `interrupting`: the line would go on with a paragraph otherwise.
pub fn list_marker(text: &str, interrupting: bool, complete: bool) -> Guess<Marker> {
    let bytes = text.as_bytes();
    let marker = match bytes.first() {
        Some(&mark @ (b'-' | b'+' | b'*')) => Marker { mark, number: None, length: 1 },
        Some(b'0'..=b'9') => {
            let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
            if digits > 9 {
                return Guess::No;
            }
            let number = text[..digits].parse().ok();
            match bytes.get(digits) {
                None if complete => return Guess::No,
                None => return Guess::Open,
                Some(&mark @ (b'.' | b')')) => Marker { mark, number, length: digits + 1 },
                Some(_) => return Guess::No,
            }
        }
        _ => return Guess::No,
    };
    let rest = &text[marker.length..];
    if rest.bytes().next().is_some_and(|b| !is_space(b)) {
        return Guess::No;
    }
    if is_blank(rest) && !complete {
        return Guess::Open;
    }
    if interrupting && (is_blank(rest) || marker.number.is_some_and(|number| number != 1)) {
        return Guess::No;
    }
    Guess::Yes(marker)
}

/// `[ ]` or `[x]` at the start of an item, with a space behind: whether it is ticked. Three bytes
/// are used up.
pub fn task(text: &str, complete: bool) -> Guess<bool> {
    let bytes = text.as_bytes();
    let fits = |index: usize, set: &[u8]| bytes.get(index).is_none_or(|b| set.contains(b));
    if !(fits(0, b"[") && fits(1, b" \txX") && fits(2, b"]") && fits(3, b" \t")) {
        return Guess::No;
    }
    if bytes.len() < 3 || (bytes.len() == 3 && !complete) {
        return if complete { Guess::No } else { Guess::Open };
    }
    Guess::Yes(matches!(bytes[1], b'x' | b'X'))
}

/// `[^label]:`: the label and the bytes up to behind the colon.
pub fn footnote(text: &str, complete: bool) -> Guess<(&str, usize)> {
    let start = text.strip_prefix("[^");
    let Some(body) = start else {
        return if !complete && text == "[" { Guess::Open } else { Guess::No };
    };
    let end = body.find(|c: char| c.is_whitespace() || matches!(c, '[' | ']' | '\\'));
    let undecided = if complete { Guess::No } else { Guess::Open };
    match end {
        Some(end) if end > 0 && body[end..].starts_with(']') => {
            match body[end + 1..].chars().next() {
                Some(':') => Guess::Yes((&body[..end], end + 4)),
                Some(_) => Guess::No,
                None => undecided,
            }
        }
        Some(_) => Guess::No,
        None => undecided,
    }
}
