//! Changes that a person makes to an article.

use serde::{Deserialize, Serialize};

use super::generation::Revision;
use super::problem::{Code, Problem};

/// The longest title that a person can give, in characters.
pub const TITLE_MAX: usize = 300;

/// What shall change. What is left out stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct ArticleEdit {
    /// The new title, 1 to 300 characters. Line breaks and control characters become spaces,
    /// several spaces one; marks that turn the direction of writing are left out. It stays when
    /// later revisions have another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The new text, in Markdown; it becomes a revision of the person's own. Needs `If-Match`. Line
    /// breaks become line feeds; U+0000 and a leading byte-order mark are left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// The answer to an edit of a text that has changed meanwhile: what is wrong, and the text that is
/// there now. The caller's own is still with him.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct EditConflict {
    /// `revision_conflict`.
    pub error: Problem,
    /// The article's current revision; null where it has none.
    pub current: Option<Revision>,
}

/// A text as it is kept: lines end with a line feed, and there is neither a leading byte-order mark
/// nor U+0000.
///
/// # Errors
/// It is blank, or longer than `max_bytes`: `invalid_article`, naming `text`.
pub fn clean_text(text: &str, max_bytes: usize) -> Result<String, Problem> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let clean = text.replace('\0', "").replace("\r\n", "\n").replace('\r', "\n");
    if clean.len() > max_bytes {
        let message = format!("The text has {} bytes; {max_bytes} are possible.", clean.len());
        let resolution = "Make two articles of it, or ask the operator to raise \
                          generation.max_text_bytes.";
        return Err(Problem::new(Code::InvalidArticle, message, resolution).with_param("text"));
    }
    if clean.trim().is_empty() {
        let resolution = "Keep at least a word, or delete the article instead.";
        return Err(
            Problem::new(Code::InvalidArticle, "The text is empty.", resolution).with_param("text")
        );
    }
    Ok(clean)
}

/// A text as a title has it: in one line, without marks that turn the direction of writing, which
/// would reach beyond it into the page around.
pub fn one_line(text: &str) -> String {
    let spaced = text
        .chars()
        .filter(|c| !turns_direction(*c))
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c });
    let spaced: String = spaced.collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A title as a person gives it, see [`one_line`].
///
/// # Errors
/// Nothing is left, or too much: `invalid_article`, naming `title`.
pub fn clean_title(title: &str) -> Result<String, Problem> {
    let clean = one_line(title);
    if !clean.chars().any(is_visible) {
        return Err(refused("The title is empty.", "Give it at least one character.".to_owned()));
    }
    let chars = clean.chars().count();
    if chars > TITLE_MAX {
        return Err(refused(
            "The title is too long.",
            format!("It has {chars} characters; shorten it to {TITLE_MAX}."),
        ));
    }
    Ok(clean)
}

fn refused(message: &str, resolution: String) -> Problem {
    Problem::new(Code::InvalidArticle, message, resolution).with_param("title")
}

/// The marks of the Unicode Bidirectional Algorithm (UAX #9).
fn turns_direction(c: char) -> bool {
    matches!(c,
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn is_visible(c: char) -> bool {
    !matches!(c, '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}' | ' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_one_line_that_turns_nothing_around() {
        for (given, kept) in [
            ("  锁\n与 \t locks\r\n ", "锁 与 locks"),
            ("a\u{202E}b\u{2066}c\u{200F}", "abc"),
            ("a\0b\u{7}\u{2028}c", "a b c"),
            ("<b>", "<b>"),
        ] {
            assert_eq!(clean_title(given).unwrap(), kept);
        }
        assert_eq!(clean_title(&"字".repeat(300)).unwrap().chars().count(), 300);
    }

    #[test]
    fn a_text_has_line_feeds_and_no_nul() {
        let kept = clean_text("\u{feff}# A\r\nb\rc\0d\n\u{feff}", 100).unwrap();
        assert_eq!(kept, "# A\nb\ncd\n\u{feff}");
        assert_eq!(clean_text("12345", 5).unwrap(), "12345");
    }

    #[test]
    fn what_is_no_text_is_refused_by_name() {
        for given in ["", " \r\n\0\u{3000}", "123456"] {
            let problem = clean_text(given, 5).unwrap_err();
            assert_eq!(problem.code, Code::InvalidArticle);
            assert_eq!(problem.param.as_deref(), Some("text"));
        }
    }

    #[test]
    fn what_is_no_title_is_refused_by_name() {
        for given in ["", " \n\u{3000}", "\u{200B}\u{202E}", &"字".repeat(301)] {
            let problem = clean_title(given).unwrap_err();
            assert_eq!(problem.code, Code::InvalidArticle);
            assert_eq!(problem.param.as_deref(), Some("title"));
        }
    }
}
