//! Any chunking gives the same document, and every patch keeps the contract.

use proptest::prelude::*;

use super::agreement::{commonmark, gfm};
use super::stream;
use super::{grammar, soup};
use crate::article::markdown::inlines::WINDOW;
use crate::article::markdown::parse;
use crate::article::patch_contract::{characters, pieces};

#[test]
fn the_examples_of_the_specifications_are_the_same_however_they_are_cut() {
    for text in commonmark().iter().chain(&gfm()) {
        assert_same_however_cut(text);
    }
}

#[test]
fn hostile_documents_are_the_same_however_they_are_cut() {
    for text in [
        "\u{feff}# BOM\r\n\rtext\0 end\r",
        "a <script>x</script> <style>y</style><svg onload=z><iframe src=q>\n\nb",
        "[^1][^2][^1]\n\n[^2]: two\n\n[^x] [a][b] [a]\n\n[a]: /u\n[^1]: one",
        "|a|b\\|c|\n|-|:-:|\n|`x\\|y`|[^1]|z|\n|\n\n[^1]: n",
        "- a\n\n  b\n- c\n  1. d\n\n     e\n> f\ng\n***",
        "**中文：**文字，*（强调）*和~~删除~~。\n下一行",
        "`` ` `` `a\nb` \\` `c` ``` d",
        "[![a](b)](c) [a [b](c) d](e) ![a ![b](c) d](e)",
        "www.a.b, https://x.y/z(a)b). me@a.b.c. http://é.com/。中",
        "<div>a<p>b\n<br>c</div>\n*d*\n\n<!-- e\n\nf --> g",
    ] {
        assert_same_however_cut(text);
    }
}

#[test]
fn text_longer_than_a_window_is_the_same_however_it_is_cut() {
    for part in ["[a *b `c ", "**中", "<a b='", "![x", "a_b ", "https://a.b/", "[a](b \"", "&a"] {
        let text = part.repeat(2 * WINDOW / part.len() + 7);
        let whole = parse(&text);
        for size in [61, 1021] {
            assert_eq!(stream(pieces(&text, &[size])).0, whole, "{part}");
        }
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
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn a_random_document_is_the_same_however_it_is_cut(text in soup::any(), sizes in proptest::collection::vec(1..12_usize, 1..20)) {
        let whole = parse(&text);
        let (streamed, _) = stream(characters(&text));
        prop_assert_eq!(&streamed, &whole);
        let (streamed, _) = stream(pieces(&text, &sizes));
        prop_assert_eq!(&streamed, &whole);
    }

}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(100)
    })]

    #[test]
    fn a_random_article_is_the_same_however_it_is_cut(text in grammar::article(), cut in 0..2000_usize) {
        let at = text.char_indices().nth(cut).map_or(text.len(), |(at, _)| at);
        let (streamed, _) = stream([&text[..at], &text[at..]]);
        prop_assert_eq!(&streamed, &parse(&text));
    }
}
