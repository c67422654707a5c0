//! What is searched for.
//!
//! A query is words between spaces, and all of them have to be there. A word is a phrase of its
//! tokens, and so is what stands between quotation marks. `*` behind a word, and nothing but one
//! character, ask for what begins with it. So does the last word where nothing has it whole: it may
//! still be typed ([`Query::unfinished`]). Everything else that looks like syntax is punctuation.

use super::tokens::{self, Token};
use crate::article::problem::{Code, Problem};

/// The longest query, in characters.
pub const QUERY_MAX: usize = 200;
/// The most words and phrases in one.
pub const TERMS_MAX: usize = 32;

/// A word or phrase. Never without tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Tokens that follow one another.
    pub tokens: Vec<String>,
    /// Whether of the last one the beginning is enough.
    pub prefix: bool,
}

/// What is searched for. Without terms it finds nothing: it was punctuation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// All of them have to be in title or text.
    pub terms: Vec<Term>,
    /// Whether the last one is a word that may still be typed.
    open: bool,
}

impl Query {
    /// Reads a query. `None`: there is only white space, so nothing is searched for.
    ///
    /// # Errors
    /// It is too long: `invalid_parameter`, naming `q` and the limit.
    pub fn parse(text: &str) -> Result<Option<Self>, Problem> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let chars = text.chars().count();
        if chars > QUERY_MAX {
            return Err(too_much(format!(
                "`q` has {chars} characters; at most {QUERY_MAX} can be searched for."
            )));
        }
        let alone = {
            let mut all = tokens::of(text);
            all.next().is_some_and(|token| token.text.chars().count() == 1) && all.next().is_none()
        };
        let mut terms: Vec<Term> = Vec::new();
        let mut open = false;
        for phrase in phrases(text) {
            open = false;
            if let Some(term) = Term::of(phrase, alone)
                && !terms.contains(&term)
            {
                open = !term.prefix
                    && phrase.ends_with(char::is_alphanumeric)
                    && !text.ends_with(is_quote);
                terms.push(term);
            }
        }
        if terms.len() > TERMS_MAX {
            return Err(too_much(format!(
                "`q` has {} words; at most {TERMS_MAX} can be searched for.",
                terms.len()
            )));
        }
        Ok(Some(Self { terms, open }))
    }

    /// The same with the beginning of the last word being enough. `None`: that is no other query.
    pub fn unfinished(&self) -> Option<Self> {
        let mut longer = Self { open: false, ..self.clone() };
        longer.terms.last_mut().filter(|_| self.open)?.prefix = true;
        Some(longer)
    }
}

fn too_much(message: String) -> Problem {
    Problem::new(Code::InvalidParameter, message, "Search for fewer words.").with_param("q")
}

impl Term {
    fn of(phrase: &str, alone: bool) -> Option<Self> {
        let mut tokens: Vec<Token> = tokens::of(phrase).collect();
        let last = tokens.last()?;
        let prefix = if last.positional {
            let before = tokens.len().checked_sub(2).and_then(|index| tokens.get(index));
            if before.is_some_and(|before| before.positional && before.end == last.end) {
                // The pair before says it already, and anything may follow.
                tokens.pop();
                false
            } else {
                true
            }
        } else {
            let starred = phrase.get(last.end..).is_some_and(|rest| rest.starts_with(['*', '＊']));
            alone || starred
        };
        Some(Self { tokens: tokens.into_iter().map(|token| token.text).collect(), prefix })
    }
}

/// Words between white space, and what stands between quotation marks. A mark without its partner
/// means nothing.
fn phrases(text: &str) -> Vec<&str> {
    let mut phrases = Vec::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(is_quote) {
        let Some((quoted, after)) = behind.split_once(is_quote) else { break };
        phrases.extend(before.split_whitespace());
        phrases.push(quoted);
        rest = after;
    }
    phrases.extend(rest.split_whitespace());
    phrases
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '＂')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, bool)> {
        let query = Query::parse(text).unwrap().unwrap();
        query.terms.into_iter().map(|term| (term.tokens.join(" "), term.prefix)).collect()
    }

    fn terms(expected: &[(&str, bool)]) -> Vec<(String, bool)> {
        expected.iter().map(|(text, prefix)| ((*text).to_owned(), *prefix)).collect()
    }

    #[test]
    fn a_query_is_phrases_that_all_have_to_be_there() {
        for (text, expected) in [
            ("缓", &[("缓", true)][..]),
            ("缓存", &[("缓存", false)]),
            ("缓存池", &[("缓存 存池", false)]),
            ("用redis缓", &[("用 redis 缓", true)]),
            ("Rust 缓存", &[("rust", false), ("缓存", false)]),
            ("r", &[("r", true)]),
            ("r 缓存", &[("r", false), ("缓存", false)]),
            ("kube*", &[("kube", true)]),
            ("\"event loop\" tokio", &[("event loop", false), ("tokio", false)]),
            ("“event loop”", &[("event loop", false)]),
            ("\"event loop", &[("event", false), ("loop", false)]),
            ("rust RUST ｒｕｓｔ", &[("rust", false)]),
        ] {
            assert_eq!(read(text), terms(expected), "{text}");
        }
    }

    #[test]
    fn of_a_word_that_may_still_be_typed_the_beginning_is_enough() {
        let unfinished = |text: &str| {
            let query = Query::parse(text).unwrap().unwrap().unfinished()?;
            query.terms.last().map(|term| (term.tokens.join(" "), term.prefix))
        };
        assert_eq!(unfinished("kubern"), Some(("kubern".to_owned(), true)));
        assert_eq!(unfinished("缓存 kubern"), Some(("kubern".to_owned(), true)));
        for other in ["r", "kube*", "\"event loo\"", "rust rust", "缓", "rust!", "!"] {
            assert_eq!(unfinished(other), None, "{other}");
        }
    }

    #[test]
    fn syntax_of_databases_is_punctuation_and_words() {
        for (text, expected) in [
            ("a OR b", &[("a", false), ("or", false), ("b", false)][..]),
            ("-x", &[("x", true)]),
            ("title:rust", &[("title rust", false)]),
            ("NEAR(a b, 5)", &[("near a", false), ("b", false), ("5", false)]),
            ("'; DROP TABLE x; --", &[("drop", false), ("table", false), ("x", false)]),
        ] {
            assert_eq!(read(text), terms(expected), "{text}");
        }
        for text in ["\"", "\"\"\"", "*", "…！？", "%_", "()"] {
            assert_eq!(Query::parse(text).unwrap().unwrap().terms, [], "{text}");
        }
        assert_eq!(Query::parse(" \n\u{3000}").unwrap(), None);
    }

    #[test]
    fn what_is_too_long_is_named_with_the_limit() {
        assert!(Query::parse(&"字".repeat(QUERY_MAX)).is_ok());
        let problem = Query::parse(&"字".repeat(QUERY_MAX + 1)).unwrap_err();
        assert_eq!(problem.param.as_deref(), Some("q"));
        assert!(problem.message.contains("200"), "{problem}");
        let many = ('a'..='z').chain('0'..='9').map(|c| format!("{c} ")).collect::<String>();
        assert!(Query::parse(&many).unwrap_err().message.contains("32"));
    }
}
