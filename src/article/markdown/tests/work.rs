//! Work is bounded by what is new and what is open, whatever is written. Work is counted, not
//! timed.

use crate::article::markdown::MarkdownParser;
use crate::article::markdown::inlines::WINDOW;
use crate::article::patch_contract::Consumer;

/// Streams the text in pieces of `size` characters. Gives the bytes read and the bytes and inlines
/// carried by patches.
fn cost(text: &str, size: usize) -> (u64, usize) {
    let (mut parser, mut consumer, mut patches) =
        (MarkdownParser::new(), Consumer::default(), Vec::new());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.char_indices().nth(size).map_or(rest.len(), |(at, _)| at);
        parser.push(&rest[..end], &mut patches);
        patches.drain(..).for_each(|patch| consumer.apply(patch));
        rest = &rest[end..];
    }
    parser.finish(&mut patches);
    patches.drain(..).for_each(|patch| consumer.apply(patch));
    (parser.work(), consumer.carried)
}

#[test]
fn reading_an_article_costs_the_same_at_its_end_as_at_its_start() {
    let section = "## Heading\n\nSome *emphasised* words, a [link](https://example.org) and `code`, \
                   and 中文的说明，**注意：**这里。\n\n- item one\n- item **two**\n\n```rust\nfn main() {}\n\
                   let a = 1;\n```\n\n| a | b |\n|---|---|\n| c | d |\n\n";
    let (short, _) = cost(&section.repeat(10), 4);
    let (long, carried) = cost(&section.repeat(100), 4);
    assert!(long < short * 12, "{short} {long}");
    assert!(carried < section.len() * 100 * 8, "{carried}");
}

#[test]
fn a_long_leaf_costs_no_more_per_byte_than_a_short_one() {
    for line in [
        "plain words and more of them, ",
        "中文没有空格也一样，",
        "**strong** and *weak* and `code`, ",
        "**注意：**这里有*重点*内容，",
        "see https://example.org/path and me@example.org, ",
        "[link](/url) ![image](/src) [^1] ",
        "line\n",
        "a_b_c snake_case 3~5 2 * 3 ",
    ] {
        let (short, _) = cost(&line.repeat(100), 4);
        let (long, carried) = cost(&line.repeat(1000), 4);
        assert!(long < short * 12, "{line:?}: {short} {long}");
        assert!(carried < line.len() * 1000 * 12, "{line:?}: carried {carried}");
    }
}

#[test]
fn hostile_text_costs_at_most_a_window_per_push() {
    for (start, part) in [
        ("", "["),
        ("", "!["),
        ("", "*a _b "),
        ("", "*a **b "),
        ("", "a**b"),
        ("", "`a ``b ```c "),
        ("", "<a "),
        ("", "<!-- "),
        ("", "[a](b "),
        ("", "[a](<b"),
        ("", "[a][b"),
        ("", "]"),
        ("", "&a"),
        ("", "x"),
        ("", "https://a."),
        ("", "a@b.c_ "),
        ("", "<sub>"),
        ("", "~~a ~b "),
        ("", "# "),
        ("", "> "),
        ("", "- "),
        ("", "1. "),
        ("", "|a"),
        ("|a|b|\n|-|-|\n", "|*a"),
        ("", "```a"),
        ("", "- - - "),
        ("", "[a]: /b\n"),
        ("[a]: /b \"", "c\n===\n"),
        ("[a]: /b\n", "===\n"),
        ("", "a\n| b\n-|\n"),
        ("", "    a\n\n"),
        ("<div>", "a <b> &amp; "),
    ] {
        let text = |length: usize| start.to_owned() + &part.repeat(length / part.len());
        let (short, _) = cost(&text(6_000), 64);
        let (long, carried) = cost(&text(12_000), 64);
        let most = 12_000 / 64 * (2 * WINDOW as u64);
        assert!(long < most && long < short * 5 / 2 + 100_000, "{part:?}: {short} {long}");
        assert!(carried as u64 <= most, "{part:?}: carried {carried}");
    }
}
