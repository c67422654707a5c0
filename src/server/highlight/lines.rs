//! Colours one block of code, line by line.

use std::time::{Duration, Instant};

use syntect::parsing::{ParseState, ScopeStack};

use super::classes::class_of;
use super::languages::{grammar, grammars, is_script, more_keywords};
use super::script::Script;

/// Longer lines, in bytes, are not coloured: they are data rather than code.
pub(super) const MAX_LINE: usize = 2_000;
/// Lines from this one on are not coloured.
const MAX_LINES: u32 = 5_000;
/// A line that takes longer, also at the second try, met an expression that explodes on it; the
/// rest of its block stays plain. The first try may have compiled the grammar's expressions, which
/// can take as long.
const MAX_LINE_TIME: Duration = Duration::from_secs(1);
/// A document that takes longer stays plain from there on.
const MAX_DOCUMENT_TIME: Duration = Duration::from_secs(30);

/// How much time colouring one document has taken.
#[derive(Debug, Default)]
pub(super) struct TimeSpent(Duration);

/// Class and length in UTF-16 units of each piece of a line.
pub(super) type Spans = Vec<(String, u32)>;

/// The state between two lines of one block.
#[derive(Debug)]
pub(super) struct BlockColourer {
    state: State,
    lines: u32,
    more_keywords: &'static [&'static str],
}

#[derive(Debug)]
enum State {
    /// The language has a grammar.
    Grammar(Box<(ParseState, ScopeStack)>),
    /// JavaScript and its kin.
    Script(Script),
    /// The block is given up.
    Plain,
}

impl BlockColourer {
    /// `None`: code in this language is not coloured.
    pub(super) fn new(language: &str) -> Option<Self> {
        if is_script(language) {
            let state = State::Script(Script::default());
            return Some(Self { state, lines: 0, more_keywords: &[] });
        }
        let grammar = grammar(language)?;
        let state = State::Grammar(Box::new((ParseState::new(grammar), ScopeStack::new())));
        Some(Self { state, lines: 0, more_keywords: more_keywords(grammar) })
    }

    /// Colours the next line, given with its line break or, the last, without. `None`: the whole
    /// line is plain.
    pub(super) fn line(&mut self, line: &str, spent: &mut TimeSpent) -> Option<Spans> {
        self.lines += 1;
        if self.lines > MAX_LINES || spent.0 > MAX_DOCUMENT_TIME {
            self.state = State::Plain;
        }
        let code = line.trim_end_matches(['\n', '\r']);
        if code.len() > MAX_LINE {
            return None;
        }
        let spans = match &mut self.state {
            State::Plain => return None,
            State::Script(script) => script.line(code),
            State::Grammar(state) => {
                let (parser, stack) = &mut **state;
                let Some(spans) = by_grammar(code, parser, stack, self.more_keywords, spent) else {
                    self.state = State::Plain;
                    return None;
                };
                spans
            }
        };
        spans.iter().any(|(class, _)| !class.is_empty()).then_some(spans)
    }
}

/// `None`: the grammar fails on this line, or takes too long.
fn by_grammar(
    code: &str,
    parser: &mut ParseState,
    stack: &mut ScopeStack,
    more_keywords: &[&str],
    spent: &mut TimeSpent,
) -> Option<Spans> {
    // Grammars expect a line break at the end of every line.
    let whole = format!("{code}\n");
    let mut before = parser.clone();
    let mut parse = |parser: &mut ParseState| {
        let began = Instant::now();
        let parsed = parser.parse_line(&whole, grammars());
        let took = began.elapsed();
        spent.0 += took;
        (parsed, took)
    };
    let (parsed, took) = parse(parser);
    let exploded = took > MAX_LINE_TIME && parse(&mut before).1 > MAX_LINE_TIME;
    if exploded {
        tracing::warn!(
            elapsed_ms = took.as_millis(),
            bytes = code.len(),
            "a line of code took too long to colour"
        );
    }
    let (false, Ok(changes)) = (exploded, parsed) else { return None };
    let mut spans = Spans::new();
    let mut from = 0;
    for (at, change) in &changes {
        let to = (*at).min(code.len());
        if let Some(piece) = code.get(from..to) {
            add(&mut spans, piece, stack, more_keywords);
            from = to;
        }
        stack.apply(change).ok()?;
    }
    add(&mut spans, &code[from..], stack, more_keywords);
    Some(spans)
}

fn add(spans: &mut Spans, piece: &str, stack: &ScopeStack, more_keywords: &[&str]) {
    let class = class_of(stack, piece);
    if !class.is_empty() || more_keywords.is_empty() {
        return add_span(spans, class, piece);
    }
    for word in piece.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_') {
        let name = word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_');
        add_span(spans, if more_keywords.contains(&name) { "k" } else { "" }, name);
        add_span(spans, "", &word[name.len()..]);
    }
}

/// Adds a piece, or lengthens the last span if that has the same class. White space takes the
/// class of what stands before it, which makes fewer spans.
pub(super) fn add_span(spans: &mut Spans, class: &str, piece: &str) {
    if piece.is_empty() {
        return;
    }
    let units = u32::try_from(piece.encode_utf16().count()).unwrap_or(u32::MAX);
    let blank = piece.trim().is_empty();
    match spans.last_mut() {
        Some((last, length)) if blank || last == class => *length += units,
        _ => spans.push(((if blank { "" } else { class }).to_owned(), units)),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// The code with each coloured piece in brackets behind its class.
    pub(in super::super) fn coloured(language: &str, code: &str) -> String {
        let mut block = BlockColourer::new(language).unwrap();
        let mut out = String::new();
        for line in code.lines() {
            let Some(spans) = block.line(&format!("{line}\n"), &mut TimeSpent::default()) else {
                out.push_str(line);
                out.push('\n');
                continue;
            };
            let units: Vec<u16> = line.encode_utf16().collect();
            let mut from = 0;
            for (class, length) in spans {
                let to = from + length as usize;
                let piece = String::from_utf16(&units[from..to]).unwrap();
                match class.as_str() {
                    "" => out.push_str(&piece),
                    class => out.push_str(&format!("{class}[{piece}]")),
                }
                from = to;
            }
            assert_eq!(from, units.len(), "the spans cover the line: {line}");
            out.push('\n');
        }
        out
    }

    #[test]
    fn rust_is_coloured() {
        let code = "use std::fmt;\n\n/// Doc.\n#[derive(Debug)]\n\
                    pub async fn load<T>(x: &'a str) -> Result<T> {\n\
                    let n = 1_000; // 注释 😀\n\
                    println!(\"{n} é\", self.get(true)?.await);\n}\n\
                    let raw = r#\"two\nlines\"#;\n";
        assert_eq!(
            coloured("rust", code),
            "k[use ]std::fmt;\n\nc[/// Doc.]\n#[f[derive](Debug)]\n\
             k[pub async fn ]f[load]<T>(x: &k['a str]) -> Result<T> {\n\
             k[let ]n = n[1_000]; c[// 注释 😀]\n\
             f[println!](s[\"{n} é\"], k[self].f[get](n[true])?.k[await]);\n}\n\
             k[let ]raw = s[r#\"two]\ns[lines\"#];\n"
        );
    }

    #[test]
    fn the_languages_of_articles_are_coloured() {
        for (language, code, expected) in [
            (
                "python",
                "async def greet(self, n: int = 3) -> None:\n    print(f\"hi {self.x!r}\")  # c",
                "k[async def ]f[greet](self, n: int = n[3]) -> n[None]:\n    \
                 f[print](s[f\"hi ]{k[self].x!r}s[\"])  c[# c]\n",
            ),
            (
                "go",
                "func (s *Server) Run(n int) error {\n\tgo f(\"a\")\n\treturn nil\n}",
                "k[func ](s *Server) f[Run](n int) error {\n\tk[go ]f[f](s[\"a\"])\n\t\
                 k[return ]n[nil]\n}\n",
            ),
            (
                "ts",
                "export async function load(id: string): Promise<User> {\n\
                 const r = await fetch(`/a/${id}?x`);",
                "k[export async function ]f[load](id: string): Promise<User> {\n\
                 k[const ]r = k[await ]f[fetch](s[`/a/]${id}s[?x`]);\n",
            ),
            ("yaml", "# c\nkind: Pod\nmax: 3", "c[# c]\nf[kind]: s[Pod]\nf[max]: n[3]\n"),
            ("json", "{\"a\": [1, \"b\", null]}", "{f[\"a\"]: [n[1], s[\"b\"], n[null]]}\n"),
            (
                "sql",
                "SELECT count(*) FROM a JOIN b ON a.x = 'y';",
                "k[SELECT ]f[count](*) k[FROM ]a k[JOIN ]b k[ON ]a.x = s['y'];\n",
            ),
            (
                "bash",
                "if [[ -n \"$x\" ]]; then\n  echo 'a' | grep -v b\nfi",
                "k[if ][[ -n s[\"]$xs[\" ]]]; k[then]\n  f[echo ]s['a' ]| f[grep] -v b\nk[fi]\n",
            ),
        ] {
            assert_eq!(coloured(language, code), expected, "{language}");
        }
    }

    #[test]
    fn overlong_lines_and_lines_without_any_colour_have_no_spans() {
        let mut block = BlockColourer::new("rust").unwrap();
        let mut line = |line: &str| block.line(line, &mut TimeSpent::default());
        assert_eq!(line(&format!("let x = \"{}\";\n", "x".repeat(MAX_LINE))), None);
        assert_eq!(line("x\n"), None);
        assert_eq!(line("\r\n"), None);
        assert_eq!(line("fn"), Some(vec![("k".to_owned(), 2)]));
    }

    #[test]
    fn what_comes_behind_the_limits_stays_plain() {
        let mut block = BlockColourer::new("rust").unwrap();
        let mut spent = TimeSpent::default();
        for _ in 0..MAX_LINES {
            assert!(block.line("fn\n", &mut spent).is_some());
        }
        assert_eq!(block.line("fn\n", &mut spent), None);
        let mut spent = TimeSpent(MAX_DOCUMENT_TIME + Duration::from_nanos(1));
        assert_eq!(BlockColourer::new("rust").unwrap().line("fn\n", &mut spent), None);
    }
}
