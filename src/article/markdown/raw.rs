//! What begins with `<`: autolinks and raw HTML, in running text and as blocks.

use super::super::document::HtmlInline;
use super::lines::{Guess, is_blank};

/// What stands at a `<` in running text.
#[derive(Debug, PartialEq, Eq)]
pub enum Angle<'a> {
    /// `<https://…>` or `<someone@example.org>`: what stands inside.
    Link { inside: &'a str, mail: bool },
    /// A start or an end tag.
    Tag {
        name: &'a str,
        end: bool,
        /// `<br/>`
        empty: bool,
    },
    /// A comment or another thing that shows nothing.
    Nothing,
}

/// Elements whose content is no text for readers: dropped with everything in them.
#[rustfmt::skip]
const DROPPED: &[&str] = &[
    "applet", "audio", "canvas", "iframe", "math", "noembed", "noframes", "noscript", "object",
    "plaintext", "script", "select", "style", "svg", "template", "textarea", "title", "video",
    "xmp",
];

/// Elements of running text: where their tags are dropped, the words around them stay together.
#[rustfmt::skip]
const PHRASING: &[&str] = &[
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em",
    "font", "i", "img", "ins", "label", "q", "s", "samp", "small", "span", "strike", "strong",
    "time", "tt", "var", "wbr",
];

/// The elements that begin a block of raw HTML (CommonMark 0.31.2, 4.6, condition 6).
#[rustfmt::skip]
const BLOCKS: &[&str] = &[
    "address", "article", "aside", "base", "basefont", "blockquote", "body", "caption", "center",
    "col", "colgroup", "dd", "details", "dialog", "dir", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "footer", "form", "frame", "frameset", "h1", "h2", "h3", "h4", "h5",
    "h6", "head", "header", "hr", "html", "iframe", "legend", "li", "link", "main", "menu",
    "menuitem", "nav", "noframes", "ol", "optgroup", "option", "p", "param", "search", "section",
    "summary", "table", "tbody", "td", "tfoot", "th", "thead", "title", "tr", "track", "ul",
];

fn among(set: &[&str], name: &str) -> bool {
    set.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether the element goes with everything in it.
pub fn is_dropped(name: &str) -> bool {
    among(DROPPED, name)
}

/// Whether a tag of this element may stand inside a word.
pub fn is_phrasing(name: &str) -> bool {
    among(PHRASING, name)
}

/// The elements of running text that are kept.
pub fn kept(name: &str) -> Option<HtmlInline> {
    [HtmlInline::Sub, HtmlInline::Sup, HtmlInline::Kbd, HtmlInline::Mark, HtmlInline::Underline]
        .into_iter()
        .find(|element| element.tag().eq_ignore_ascii_case(name))
}

/// Offset behind the end tag of the element, from `at` on.
pub fn behind_end_tag(text: &str, at: usize, name: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut from = at;
    while let Some(found) = text[from..].find("</") {
        let start = from + found + 2;
        let matches = bytes
            .get(start..start + name.len())
            .is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes()));
        if matches {
            return text[start..].find('>').map(|end| start + end + 1);
        }
        from = start;
    }
    None
}

/// Reads what begins with the `<` at `at`: what it is and the offset behind it.
pub fn angle(text: &str, at: usize, complete: bool) -> Guess<(Angle<'_>, usize)> {
    let early = if complete { Guess::No } else { Guess::Open };
    let body = &text[at + 1..];
    let Some(first) = body.bytes().next() else {
        return early;
    };
    match first {
        b'!' | b'?' => nothing(text, at, complete),
        b'/' | b'a'..=b'z' | b'A'..=b'Z' => match autolink(body) {
            Some(link) => {
                let length = match &link {
                    Angle::Link { inside, .. } => inside.len(),
                    _ => 0,
                };
                Guess::Yes((link, at + 1 + length + 1))
            }
            None => match tag(text, at, complete) {
                Guess::No if !complete && may_be_autolink(body) => Guess::Open,
                other => other,
            },
        },
        _ => match autolink(body) {
            Some(Angle::Link { inside, mail }) => {
                Guess::Yes((Angle::Link { inside, mail }, at + 1 + inside.len() + 1))
            }
            _ if !complete && may_be_autolink(body) => Guess::Open,
            _ => Guess::No,
        },
    }
}

fn is_scheme_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-')
}

fn is_mailbox_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

/// Whether the unfinished `body` behind a `<` can still become an autolink.
fn may_be_autolink(body: &str) -> bool {
    let scheme = body.bytes().take_while(|b| is_scheme_byte(*b)).count();
    if (2..=32).contains(&scheme) && body.as_bytes().get(scheme) == Some(&b':') {
        return !body.contains(|c: char| c.is_ascii_control() || matches!(c, ' ' | '<' | '>'));
    }
    let (mailbox, domain) = body.split_once('@').unwrap_or((body, ""));
    mailbox.bytes().all(is_mailbox_byte)
        && domain.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
}

fn autolink(body: &str) -> Option<Angle<'_>> {
    let end = body.find(|c: char| c.is_ascii_control() || matches!(c, ' ' | '<' | '>'))?;
    let inside = &body[..end];
    if !body[end..].starts_with('>') {
        return None;
    }
    let scheme = inside.bytes().take_while(|b| is_scheme_byte(*b)).count();
    if (2..=32).contains(&scheme)
        && inside.as_bytes()[0].is_ascii_alphabetic()
        && inside.as_bytes().get(scheme) == Some(&b':')
    {
        return Some(Angle::Link { inside, mail: false });
    }
    let (mailbox, domain) = inside.split_once('@')?;
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_mail = !mailbox.is_empty()
        && mailbox.bytes().all(is_mailbox_byte)
        && domain.split('.').all(is_label);
    is_mail.then_some(Angle::Link { inside, mail: true })
}

/// A start or an end tag at `at`.
fn tag(text: &str, at: usize, complete: bool) -> Guess<(Angle<'_>, usize)> {
    let early = if complete { Guess::No } else { Guess::Open };
    let bytes = text.as_bytes();
    let end = bytes.get(at + 1) == Some(&b'/');
    let start = at + 1 + usize::from(end);
    if start >= bytes.len() {
        return early;
    }
    let length =
        bytes[start..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
    if length == 0 || !bytes[start].is_ascii_alphabetic() {
        return Guess::No;
    }
    let name = &text[start..start + length];
    let mut i = start + length;
    loop {
        let space = bytes[i..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        i += space;
        match bytes.get(i) {
            None => return early,
            Some(b'>') => return Guess::Yes((Angle::Tag { name, end, empty: false }, i + 1)),
            Some(b'/') if !end => {
                return match bytes.get(i + 1) {
                    None => early,
                    Some(b'>') => Guess::Yes((Angle::Tag { name, end, empty: true }, i + 2)),
                    Some(_) => Guess::No,
                };
            }
            Some(byte) if end || space == 0 || !is_attribute_start(*byte) => return Guess::No,
            Some(_) => match attribute(bytes, i, early == Guess::No) {
                Guess::Yes(behind) => i = behind,
                Guess::No => return Guess::No,
                Guess::Open => return Guess::Open,
            },
        }
    }
}

fn is_attribute_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':')
}

/// An attribute at `at`: the offset behind it.
fn attribute(bytes: &[u8], at: usize, complete: bool) -> Guess<usize> {
    let early = if complete { Guess::No } else { Guess::Open };
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':' | b'.' | b'-');
    let name = at + bytes[at..].iter().take_while(|b| is_name(b)).count();
    let mut i = name + bytes[name..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    match bytes.get(i) {
        None => return early,
        Some(b'=') => i += 1,
        Some(_) => return Guess::Yes(name),
    }
    i += bytes[i..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    match bytes.get(i) {
        None => early,
        Some(&quote @ (b'"' | b'\'')) => match bytes[i + 1..].iter().position(|b| *b == quote) {
            Some(length) => Guess::Yes(i + length + 2),
            None => early,
        },
        Some(_) => {
            let value = bytes[i..]
                .iter()
                .take_while(|b| !b.is_ascii_whitespace() && !b"\"'=<>`".contains(b))
                .count();
            if value == 0 { Guess::No } else { Guess::Yes(i + value) }
        }
    }
}

/// Comments, processing instructions, declarations and CDATA at `at`.
fn nothing(text: &str, at: usize, complete: bool) -> Guess<(Angle<'_>, usize)> {
    let early = if complete { Guess::No } else { Guess::Open };
    let body = &text[at..];
    for (start, end) in [("<!--", "-->"), ("<?", "?>"), ("<![CDATA[", "]]>"), ("<!", ">")] {
        if start.starts_with(body) {
            return early;
        }
        if !body.starts_with(start) {
            continue;
        }
        if start == "<!" && !body.as_bytes()[2].is_ascii_alphabetic() {
            return Guess::No;
        }
        if start == "<!--"
            && let Some(short) = ["<!-->", "<!--->"].into_iter().find(|s| body.starts_with(s))
        {
            return Guess::Yes((Angle::Nothing, at + short.len()));
        }
        return match body[start.len()..].find(end) {
            Some(found) => Guess::Yes((Angle::Nothing, at + start.len() + found + end.len())),
            None => early,
        };
    }
    Guess::No
}

/// A block of raw HTML: what it ends with, and whether its text is for readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HtmlBlock {
    /// The line that contains one of these ends it; a blank line does where there is none.
    pub ends: &'static [&'static str],
    /// Nothing of it is shown.
    pub hidden: bool,
}

impl HtmlBlock {
    /// Whether the block ends with this line.
    pub fn ends_with(self, line: &str) -> bool {
        self.ends.iter().any(|end| {
            line.as_bytes().windows(end.len()).any(|part| part.eq_ignore_ascii_case(end.as_bytes()))
        })
    }
}

/// The block of raw HTML that a line begins (CommonMark 0.31.2, 4.6). `interrupting`: the line
/// would go on with a paragraph otherwise.
pub fn html_block(text: &str, interrupting: bool, complete: bool) -> Guess<HtmlBlock> {
    let early = if complete { Guess::No } else { Guess::Open };
    let hidden = |end: &'static [&'static str]| Guess::Yes(HtmlBlock { ends: end, hidden: true });
    if !text.starts_with('<') {
        return Guess::No;
    }
    for (start, end) in
        [("<!--", &["-->"] as &'static [&'static str]), ("<?", &["?>"]), ("<![CDATA[", &["]]>"])]
    {
        if text.starts_with(start) {
            return hidden(end);
        }
        if !complete && start.starts_with(text) {
            return Guess::Open;
        }
    }
    if text.starts_with("<!") {
        let letter = text.as_bytes().get(2).is_some_and(u8::is_ascii_alphabetic);
        return if letter { hidden(&[">"]) } else { Guess::No };
    }
    let closing = text.as_bytes().get(1) == Some(&b'/');
    let start = 1 + usize::from(closing);
    let length = text[start..].bytes().take_while(u8::is_ascii_alphanumeric).count();
    let name = &text[start..start + length];
    let behind = text.as_bytes().get(start + length);
    if behind.is_none() && !complete && text[start..].bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Guess::Open;
    }
    let ends_name = matches!(behind, None | Some(b' ' | b'\t' | b'>'));
    if !closing && ends_name {
        let ends: &'static [&'static str] = &["</script>", "</pre>", "</style>", "</textarea>"];
        if among(&["script", "style", "textarea"], name) {
            return hidden(ends);
        }
        if name.eq_ignore_ascii_case("pre") {
            return Guess::Yes(HtmlBlock { ends, hidden: false });
        }
    }
    if behind == Some(&b'/') && text.len() == start + length + 1 && !complete {
        return Guess::Open;
    }
    if among(BLOCKS, name) && (ends_name || text[start + length..].starts_with("/>")) {
        return Guess::Yes(HtmlBlock { ends: &[], hidden: false });
    }
    if interrupting || among(&["script", "style", "pre", "textarea"], name) && !closing {
        return Guess::No;
    }
    match tag(text, 0, complete) {
        Guess::Yes((_, behind)) if is_blank(&text[behind..]) => {
            if complete {
                Guess::Yes(HtmlBlock { ends: &[], hidden: false })
            } else {
                Guess::Open
            }
        }
        Guess::Open => early,
        _ => Guess::No,
    }
}
