//! Makes a provider's own words fit to be shown and logged.

/// The most that is shown of them, in Unicode scalar values.
const SHOWN_CHARS: usize = 300;
/// A run of letters and digits of this length may be a key of a form that we do not know.
const SUSPICIOUS_CHARS: usize = 40;
const REDACTED: &str = "[redacted]";
/// How the keys of common providers begin.
const KEY_BEGINNINGS: [&str; 6] = ["sk-", "sk_", "gsk_", "hf_", "xai-", "AIza"];

/// On one line, without control characters, free of keys (`key` is the configured one), and short.
pub(super) fn presentable(words: &str, key: Option<&str>) -> String {
    let words = match key.map(str::trim) {
        Some(key) if !key.is_empty() => words.replace(key, REDACTED),
        _ => words.to_owned(),
    };
    let visible: String = words.chars().filter_map(visible).collect();
    let mut shown = String::new();
    let mut after_scheme = false;
    for word in visible.split_ascii_whitespace() {
        if !shown.is_empty() {
            shown.push(' ');
        }
        if after_scheme {
            shown.push_str(REDACTED);
        } else {
            without_keys(word, &mut shown);
        }
        after_scheme = !after_scheme && is_scheme(word);
    }
    match shown.char_indices().nth(SHOWN_CHARS) {
        Some((cut, _)) => format!("{}…", &shown[..cut]),
        None => shown,
    }
}

/// White space becomes a space; what is not seen, or turns the writing's direction, goes.
fn visible(c: char) -> Option<char> {
    match c {
        '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' => None,
        '\u{FEFF}' | '\u{2028}' | '\u{2029}' => None,
        _ if c.is_whitespace() => Some(' '),
        _ if c.is_control() => None,
        _ => Some(c),
    }
}

fn is_scheme(word: &str) -> bool {
    let name = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    name.eq_ignore_ascii_case("bearer")
}

fn without_keys(word: &str, shown: &mut String) {
    let in_key = |c: char| c.is_ascii_alphanumeric() || "-_.*".contains(c);
    let mut rest = word;
    while !rest.is_empty() {
        let end = rest.find(|c| !in_key(c)).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        shown.push_str(if looks_like_a_key(part) { REDACTED } else { part });
        let next = after.find(in_key).unwrap_or(after.len());
        let (between, after) = after.split_at(next);
        shown.push_str(between);
        rest = after;
    }
}

fn looks_like_a_key(part: &str) -> bool {
    let known = KEY_BEGINNINGS.iter().any(|beginning| {
        part.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning))
            && part.len() >= beginning.len() + 4
    });
    let mixed = part.contains(|c: char| c.is_ascii_digit())
        && part.contains(|c: char| c.is_ascii_alphabetic());
    known || (part.len() >= SUSPICIOUS_CHARS && mixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_not_repeated() {
        for (words, shown) in [
            (
                "Incorrect API key provided: sk-ab12***xyz9.",
                "Incorrect API key provided: [redacted]",
            ),
            (
                "invalid header 'Authorization: Bearer abc'",
                "invalid header 'Authorization: Bearer [redacted]",
            ),
            ("key=4f2.Zq! is wrong", "key=[redacted]! is wrong"),
            ("token \"eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.abc4\"", "token \"[redacted]\""),
        ] {
            assert_eq!(presentable(words, Some("4f2.Zq\n")), shown);
        }
    }

    #[test]
    fn other_words_stay() {
        let words =
            "Model 'deepseek-ai/DeepSeek-V2.5' is busy, ask-me later (req 7d1c5b1e-01b2-4c55)";
        assert_eq!(presentable(words, None), words);
    }

    #[test]
    fn what_could_deceive_on_a_terminal_or_page_goes() {
        assert_eq!(presentable("a\r\n\u{1B}[31mb\u{202E}c\0", None), "a [31mbc");
    }

    #[test]
    fn long_words_are_shortened() {
        let shown = presentable(&"墨".repeat(1000), None);
        assert_eq!(shown.chars().count(), SHOWN_CHARS + 1);
        assert!(shown.ends_with('…'));
    }
}
