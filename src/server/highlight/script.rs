//! Colours JavaScript and TypeScript without a grammar.
//!
//! Their grammars compile to tens of megabytes and half a second of work the first time a line
//! is coloured; these few rules are linear, need no memory, and give what an article needs.

use super::lines::Spans;

/// Keywords wherever they stand, but for behind a dot.
const KEYWORDS: &[&str] = &[
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "export",
    "extends",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "try",
    "typeof",
    "var",
    "while",
    "with",
    "yield",
];
/// Keywords where a name, a string or a bracket follows; names elsewhere.
const CONTEXTUAL: &[&str] = &[
    "abstract",
    "as",
    "asserts",
    "async",
    "constructor",
    "declare",
    "from",
    "get",
    "infer",
    "is",
    "keyof",
    "module",
    "namespace",
    "of",
    "override",
    "private",
    "protected",
    "public",
    "readonly",
    "satisfies",
    "set",
    "type",
];
const CONSTANTS: &[&str] = &["Infinity", "NaN", "false", "null", "true", "undefined"];
/// What stands behind one of these is defined here.
const DEFINING: &[&str] = &["class", "enum", "function", "interface", "namespace", "type"];

/// What an unfinished construct of the lines before leaves open.
#[derive(Clone, Copy, Debug)]
enum Open {
    /// `/* …`
    Comment,
    /// `` `… ``
    Template,
    /// `${…` in a template, with the number of braces open in it.
    Expression(u32),
}

/// The state between two lines.
#[derive(Debug, Default)]
pub(super) struct Script {
    open: Vec<Open>,
}

/// Deeper nesting of templates is not followed.
const MAX_DEPTH: usize = 32;

impl Script {
    /// Colours a line, given without its line break.
    pub(super) fn line(&mut self, code: &str) -> Spans {
        let mut line = Line { code, at: 0, spans: Spans::new(), before: "", tag: None };
        while line.at < code.len() {
            match self.open.last_mut() {
                Some(Open::Comment) => {
                    if line.through("*/", "c") {
                        self.open.pop();
                    }
                }
                Some(Open::Template) => {
                    if line.template() {
                        self.open.pop();
                    } else if line.rest().starts_with("${") {
                        line.take(2, "");
                        self.open.push(Open::Expression(0));
                    }
                }
                Some(Open::Expression(braces)) => match line.rest().as_bytes()[0] {
                    b'{' => {
                        *braces += 1;
                        line.take(1, "");
                    }
                    b'}' if *braces == 0 => {
                        self.open.pop();
                        line.take(1, "");
                    }
                    b'}' => {
                        *braces -= 1;
                        line.take(1, "");
                    }
                    _ => self.code(&mut line),
                },
                None => self.code(&mut line),
            }
        }
        line.spans
    }

    fn code(&mut self, line: &mut Line<'_>) {
        let rest = line.rest();
        let Some(first) = rest.chars().next() else { return };
        match first {
            '/' if rest.starts_with("//") => line.take(rest.len(), "c"),
            '/' if rest.starts_with("/*") => {
                line.take(2, "c");
                self.enter(Open::Comment);
            }
            '/' => match regex_length(rest) {
                Some(length) if line.may_begin_value() => line.take(length, "s"),
                _ => line.take(1, ""),
            },
            // The apostrophe of `don't` in the text of an element begins no string.
            '\'' | '"' if !line.code[..line.at].ends_with(is_name) => {
                line.take(string_length(rest), "s")
            }
            '`' => {
                line.take(1, "s");
                self.enter(Open::Template);
            }
            '@' if rest[1..].starts_with(is_name) => line.take(1 + name_length(&rest[1..]), "f"),
            '<' => line.angle(),
            '>' if line.tag == Some(0) => line.tag_end(),
            '{' | '}' => {
                let change = if first == '{' { 1 } else { -1 };
                line.tag = line.tag.and_then(|braces| braces.checked_add_signed(change));
                line.take(1, "");
            }
            c if c.is_ascii_digit() => line.number(),
            c if is_name(c) => line.word(),
            c => line.take(c.len_utf8(), ""),
        }
    }

    fn enter(&mut self, open: Open) {
        if self.open.len() < MAX_DEPTH {
            self.open.push(open);
        }
    }
}

/// A line on its way to spans.
struct Line<'a> {
    code: &'a str,
    at: usize,
    spans: Spans,
    /// The last word or other character that is not white space.
    before: &'a str,
    /// Between the name of an element and the `>` that ends its tag; with how many braces are open.
    tag: Option<u32>,
}

impl<'a> Line<'a> {
    fn rest(&self) -> &'a str {
        &self.code[self.at..]
    }

    /// Gives the next bytes a class.
    fn take(&mut self, bytes: usize, class: &str) {
        let piece = &self.rest()[..bytes];
        super::lines::add_span(&mut self.spans, class, piece);
        if !piece.trim().is_empty() {
            self.before = piece;
        }
        self.at += bytes;
    }

    /// Takes everything through `end`, or all there is; says whether `end` was there.
    fn through(&mut self, end: &str, class: &str) -> bool {
        let found = self.rest().find(end);
        self.take(found.map_or(self.rest().len(), |at| at + end.len()), class);
        found.is_some()
    }

    /// Takes a template up to an expression or through its end; says whether it ended.
    fn template(&mut self) -> bool {
        let rest = self.rest();
        let mut escaped = false;
        for (at, c) in rest.char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '`' => {
                    self.take(at + 1, "s");
                    return true;
                }
                '$' if rest[at..].starts_with("${") => {
                    self.take(at, "s");
                    return false;
                }
                _ => {}
            }
        }
        self.take(rest.len(), "s");
        false
    }

    /// Whether a value may stand here, so that `/` begins a regular expression and `<` an element.
    fn may_begin_value(&self) -> bool {
        self.before.is_empty()
            || self.before.ends_with(['(', ',', '=', ':', '[', '!', '&', '|', '?', '{', ';', '>'])
            || ["return", "typeof", "case", "default"].contains(&self.before)
    }

    fn angle(&mut self) {
        let closing = usize::from(self.rest().starts_with("</"));
        let name = &self.rest()[1 + closing..];
        let length = name_length(name);
        // `<T>(x: T) => …` and `a < b` are no elements.
        let is_element = length > 0
            && (closing == 1
                || self.may_begin_value()
                    && (name.starts_with(|c: char| c.is_ascii_lowercase())
                        || name[length..].is_empty()
                        || name[length..].starts_with([' ', '/', '.'])));
        self.take(1 + closing, "");
        if is_element {
            self.take(length, "k");
            self.tag = Some(0);
        }
    }

    /// Behind a tag comes text, up to the next tag or expression.
    fn tag_end(&mut self) {
        let after_closing = self.before.ends_with('/');
        self.take(1, "");
        self.tag = None;
        let text = self.rest().find(['<', '{', '}', ')', ';']).unwrap_or(self.rest().len());
        if !after_closing {
            self.take(text, "");
        }
    }

    fn number(&mut self) {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        let length = self.rest().find(|c| !is_part(c)).unwrap_or(self.rest().len());
        self.take(self.rest()[..length].trim_end_matches('.').len(), "n");
    }

    fn word(&mut self) {
        let rest = self.rest();
        let length = name_length(rest);
        let word = &rest[..length];
        let after = rest[length..].trim_start();
        let class = if self.before.ends_with('.') && !self.before.ends_with("...") {
            if is_called(after) { "f" } else { "" }
        } else if self.tag == Some(0) {
            // An attribute; `for` and `default` are among them.
            if after.starts_with('=') { "f" } else { "" }
        } else if CONSTANTS.contains(&word) {
            "n"
        } else if KEYWORDS.contains(&word) && !is_key(after) || self.is_contextual(word, after) {
            "k"
        } else if self.before == "new" {
            ""
        } else if DEFINING.contains(&self.before) || is_called(after) || self.is_function(after) {
            "f"
        } else {
            ""
        };
        self.take(length, class);
    }

    fn is_contextual(&self, word: &str, after: &str) -> bool {
        CONTEXTUAL.contains(&word)
            && match after.chars().next() {
                Some('(') => matches!(word, "async" | "constructor" | "keyof" | "of"),
                Some('\'' | '"') => matches!(word, "from" | "module" | "as"),
                Some('{' | '[' | '*') => !matches!(word, "get" | "set" | "module" | "namespace"),
                Some(c) => is_name(c),
                None => word == "async",
            }
    }

    /// Whether the name is given to a function: `const f = (x) =>`, `= async`, `= function`.
    fn is_function(&self, after: &str) -> bool {
        let value = match after.strip_prefix('=') {
            Some(value) if ["const", "let", "var"].contains(&self.before) => value.trim_start(),
            _ => return false,
        };
        value.starts_with("async ")
            || value.starts_with("function")
            || value.starts_with(['(', '<']) && value.contains("=>")
            || value[name_length(value)..].trim_start().starts_with("=>")
    }
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '#')
}

fn name_length(text: &str) -> usize {
    text.find(|c| !is_name(c)).unwrap_or(text.len())
}

/// `name: …` in an object or a type, where a keyword is none.
fn is_key(after: &str) -> bool {
    after.starts_with(':') || after.starts_with("?:")
}

/// Whether a call's `(` follows, behind type arguments perhaps.
fn is_called(after: &str) -> bool {
    if after.starts_with('(') {
        return true;
    }
    let Some(arguments) = after.strip_prefix('<') else { return false };
    let is_part = |c: char| is_name(c) || " ,.|&[]<>'\"{}:;".contains(c);
    let end = arguments.find(|c| !is_part(c)).unwrap_or(arguments.len());
    arguments[..end].ends_with('>') && arguments[end..].starts_with('(')
}

/// The length of a string with its quotes; to the end of the line where it is not closed.
fn string_length(text: &str) -> usize {
    let quote = text.chars().next();
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if Some(c) == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a regular expression with its flags, if it is closed in this line.
fn regex_length(text: &str) -> Option<usize> {
    let (mut escaped, mut in_class) = (false, false);
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '/' if !in_class => {
                let end = at + 1;
                return Some(end + name_length(&text[end..]));
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::lines::tests::coloured;
    use super::*;

    #[test]
    fn typescript_is_coloured() {
        for (code, expected) in [
            ("import { a } from './b'; // c", "k[import ]{ a } k[from ]s['./b']; c[// c]"),
            (
                "export interface User<T> { type?: string; from: 'x' }",
                "k[export interface ]f[User]<T> { type?: string; from: s['x' ]}",
            ),
            (
                "export async function load<T>(id: string): Promise<User> {",
                "k[export async function ]f[load]<T>(id: string): Promise<User> {",
            ),
            (
                "const r = await get<A[]>(`/a/${id}?x=${a ? `b${c}` : {d: 1}.d}1`);",
                "k[const ]r = k[await ]f[get]<A[]>(s[`/a/]${id}s[?x=]${a ? s[`b]${c}s[` ]: \
                 {d: n[1]}.d}s[1`]);",
            ),
            ("/* a\nb */ x as const", "c[/* a]\nc[b */ ]x k[as const]"),
            ("let t = `a\n${b}`;", "k[let ]t = s[`a]\n${b}s[`];"),
            (
                "const f = (x: number) => x / 2 / 3;",
                "k[const ]f[f ]= (x: number) => x / n[2 ]/ n[3];",
            ),
            ("@Get() private async list() {", "f[@Get]() k[private async ]f[list]() {"),
            (
                "if (/a[/]b/g.test(v)) return null;",
                "k[if ](s[/a[/]b/g].f[test](v)) k[return ]n[null];",
            ),
            ("this.x.delete(new Map())", "k[this].x.f[delete](k[new ]Map())"),
            ("if (a < b && c > d) {}", "k[if ](a < b && c > d) {}"),
            ("get size() { return get(type); }", "k[get ]f[size]() { k[return ]f[get](type); }"),
        ] {
            assert_eq!(coloured("ts", code).trim_end(), expected);
        }
    }

    #[test]
    fn elements_are_coloured_and_their_text_is_not() {
        for (code, expected) in [
            (
                "return <p className=\"x\" onClick={() => go(1)}>Don't wait for {y}</p>;",
                "k[return ]<k[p ]f[className]=s[\"x\" ]f[onClick]={() => f[go](n[1])}>Don't wait for \
                 {y}</k[p]>;",
            ),
            ("<Item key={i} />", "<k[Item ]f[key]={i} />"),
            ("const id = <T>(x: T) => x;", "k[const ]f[id ]= <T>(x: T) => x;"),
        ] {
            assert_eq!(coloured("tsx", code).trim_end(), expected);
        }
    }

    proptest! {
        #[test]
        fn whatever_the_code_the_spans_cover_it(
            lines in prop::collection::vec(r"([`'/<>{}$\\*@. =(]|\$\{|/\*|a|async |锁|😀|1\.|const ){0,20}", 1..6),
        ) {
            let mut script = Script::default();
            for line in lines {
                let units: u32 = script.line(&line).iter().map(|(_, length)| length).sum();
                prop_assert_eq!(units as usize, line.encode_utf16().count());
            }
        }
    }
}
