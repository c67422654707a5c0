//! Any chunking gives the same document, and every patch keeps the contract.

use proptest::prelude::*;

use super::consumer::{characters, stream};
use super::soup;
use crate::article::markdown::parse;

#[test]
fn scratch_chunks() {
    let examples: Vec<String> = serde_json::from_str(include_str!("/tmp/md/spec.json")).unwrap();
    let other: Vec<(String, String)> = serde_json::from_str(include_str!("/tmp/md/other.json")).unwrap();
    for text in examples.iter().chain(other.iter().map(|o| &o.1)) {
        assert_same_however_cut(text);
    }
}

fn assert_same_however_cut(text: &str) {
    let whole = parse(text);
    let (streamed, _) = stream(characters(text));
    assert_eq!(streamed, whole, "one character at a time: {text:?}");
    for (cut, _) in text.char_indices() {
        let (streamed, _) = stream([&text[..cut], &text[cut..]]);
        assert_eq!(streamed, whole, "cut at {cut}: {text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn a_random_document_is_the_same_however_it_is_cut(text in soup::any(), sizes in proptest::collection::vec(1..12_usize, 1..20)) {
        let whole = parse(&text);
        let (streamed, _) = stream(characters(&text));
        prop_assert_eq!(&streamed, &whole);
        let mut chunks = Vec::new();
        let (mut rest, mut sizes) = (text.as_str(), sizes.iter().cycle());
        while !rest.is_empty() {
            let size = *sizes.next().unwrap();
            let at = rest.char_indices().nth(size).map_or(rest.len(), |(at, _)| at);
            chunks.push(&rest[..at]);
            rest = &rest[at..];
        }
        let (streamed, _) = stream(chunks);
        prop_assert_eq!(&streamed, &whole);
    }
}
