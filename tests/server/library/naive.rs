//! The search finds what reading everything would find: for texts and queries of any mixture.

use proptest::prelude::*;
use uuid::Uuid;

use super::{Draft, NOW, found, fresh, write};

/// Pieces that texts and queries are made of: few, so that they meet often.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec!["缓", "存", "缓存", "池", "锁", "缓存池", "存缓"]),
        4 => prop::sample::select(vec!["rust", "Rust", "rusts", "ＲＵＳＴ", "r", "redis", "node"]),
        3 => prop::sample::select(vec![" ", " ", "，", ". ", "-", "\n", "(", "\"", "*"]),
        1 => prop::sample::select(vec!["カ", "ｶﾞ", "ガ", "é", "e\u{301}", "한국", "１", "1"]),
    ]
    .prop_map(str::to_owned)
}

fn text(pieces: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), pieces).prop_map(|pieces| pieces.concat())
}

/// A text as it reads when width, case and punctuation do not matter: runs of letters with single
/// spaces between them, and where a script without spaces meets one with them.
fn plain(text: &str) -> String {
    let normal = icu_normalizer::ComposingNormalizerBorrowed::new_nfkc().normalize(text);
    let mut plain = String::from(" ");
    let mut before = None;
    for c in normal.to_lowercase().chars() {
        let kind = match c {
            '\u{3041}'..='\u{30FF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' => {
                Some(true)
            }
            c if c.is_alphanumeric() => Some(false),
            _ => None,
        };
        if (kind != before || kind.is_none()) && !plain.ends_with(' ') {
            plain.push(' ');
        }
        if kind.is_some() {
            plain.push(c);
        }
        before = kind;
    }
    plain.trim_end().to_owned() + " "
}

/// Whether a text has a word or phrase, by looking.
fn has(text: &str, phrase: &str, prefix: bool) -> bool {
    let phrase = plain(phrase);
    let phrase = phrase.trim();
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || c == 'é');
    let start = if is_word(phrase.chars().next()) { " " } else { "" };
    let end = if is_word(phrase.chars().last()) && !prefix { " " } else { "" };
    text.contains(&format!("{start}{phrase}{end}"))
}

/// What a query asks for, in order.
fn phrases(query: &str) -> Vec<String> {
    let mut rest = query.trim().to_owned();
    let mut phrases: Vec<String> = Vec::new();
    while let Some(open) = rest.find('"') {
        let Some(length) = rest[open + 1..].find('"') else { break };
        phrases.extend(rest[..open].split_whitespace().map(str::to_owned));
        phrases.push(rest[open + 1..open + 1 + length].to_owned());
        rest = rest[open + 2 + length..].to_owned();
    }
    phrases.extend(rest.split_whitespace().map(str::to_owned));
    phrases
}

/// Whether the last word of a query may still be typed.
fn is_open(query: &str) -> bool {
    let phrases = phrases(query);
    let Some((last, before)) = phrases.split_last() else { return false };
    let word = plain(last);
    let ends_as_word =
        word.trim().chars().last().is_some_and(|c| c.is_ascii_alphanumeric() || c == 'é');
    ends_as_word
        && last.ends_with(char::is_alphanumeric)
        && !query.trim().ends_with('"')
        && plain(query).trim().chars().count() > 1
        && !before.iter().any(|phrase| plain(phrase) == word)
}

/// Whether an article is found by reading it; `unfinished`: of the last word its beginning is enough.
fn read_through(title: &str, body: &str, query: &str, unfinished: bool) -> bool {
    let (title, body) = (plain(title), plain(body));
    let alone = plain(query).trim().chars().count() == 1;
    let mut terms = 0;
    let phrases = phrases(query);
    let all = phrases.iter().zip(1..).all(|(phrase, number)| {
        if plain(phrase).trim().is_empty() {
            return true;
        }
        terms += 1;
        let letters = |c: char| !c.is_alphanumeric() && c != '\u{301}' && c != 'ﾞ';
        let starred = phrase[phrase.trim_end_matches(letters).len()..].starts_with('*');
        let prefix = alone || starred || unfinished && number == phrases.len();
        has(&title, phrase, prefix) || has(&body, phrase, prefix)
    });
    all && terms > 0
}

/// As Markdown that reads as the text: one paragraph of escaped characters for each line.
fn markdown(text: &str) -> String {
    text.split('\n')
        .map(|line| {
            let escape =
                |c: char| if c.is_ascii_punctuation() { format!("\\{c}") } else { c.into() };
            line.trim().chars().map(escape).collect::<String>()
        })
        .collect::<Vec<_>>()
        .join("\n\n")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_search_finds_what_reading_everything_finds(
        articles in prop::collection::vec((text(1..5), text(0..40)), 1..12),
        queries in prop::collection::vec(text(1..5), 30),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let (_dir, store) = fresh().await;
            let mut written: Vec<(Uuid, &str, &str)> = Vec::new();
            for ((title, body), at) in articles.iter().zip(NOW..) {
                let text = markdown(body);
                let draft = Draft { title, text: &text, at, ..Draft::default() };
                // A revision without a title leaves the topic, which is the same.
                written.insert(0, (write(&store, &draft).await, title, body));
            }
            for query in queries.iter().filter(|query| !query.trim().is_empty()) {
                let mut seen = found(&store, query).await;
                let read = |unfinished| -> Vec<Uuid> {
                    let has = |title: &str, body: &str| read_through(title, body, query, unfinished);
                    written.iter().filter(|(_, title, body)| has(title, body)).map(|it| it.0).collect()
                };
                let mut expected = read(false);
                if expected.is_empty() && is_open(query) {
                    expected = read(true);
                }
                seen.sort_unstable();
                expected.sort_unstable();
                assert_eq!(seen, expected, "{query:?} in {articles:?}");
            }
        });
    }
}
