//! No half-typed marks on the page: what is shown only ever grows.

use proptest::prelude::*;

use super::grammar;
use crate::article::document::{Block, Content, Document};
use crate::article::markdown::{MarkdownParser, parse};
use crate::article::measure::plain_text;
use crate::article::patch_contract::{Consumer, characters};

/// All text that a reader sees, without white space.
fn seen(document: &Document) -> String {
    fn add(blocks: &[Block], text: &mut String) {
        for block in blocks {
            match &block.content {
                Content::Blocks(blocks) => add(blocks, text),
                Content::Inlines(inlines) => text.push_str(&plain_text(inlines)),
                Content::Text(code) => text.push_str(code),
                Content::Empty => {}
            }
        }
    }
    let mut text = String::new();
    add(&document.blocks, &mut text);
    text.retain(|c| !c.is_whitespace());
    text
}

/// Streams the text one character at a time and gives what is seen after each.
fn sights(text: &str) -> Vec<(String, String)> {
    let (mut parser, mut consumer, mut patches) =
        (MarkdownParser::new(), Consumer::default(), Vec::new());
    let mut sights = Vec::new();
    let mut written = String::new();
    for character in characters(text) {
        parser.push(character, &mut patches);
        patches.drain(..).for_each(|patch| consumer.apply(patch));
        written.push_str(character);
        sights.push((written.clone(), seen(&consumer.document())));
    }
    sights
}

fn assert_only_grows(text: &str) {
    let whole = seen(&parse(text));
    for (written, sight) in sights(text) {
        assert!(
            whole.starts_with(&sight),
            "after {written:?}\nis seen {sight:?}\nbut in the end {whole:?}"
        );
    }
}

#[test]
fn closed_marks_are_never_seen_raw() {
    for text in [
        "**bold** and *it*, ***both***, __bold__, _it_, ~~gone~~ end",
        "a `code` and `` co`de `` end",
        "[text](https://example.org \"title\") end",
        "[**bold** text](<a b>) end",
        "see ![alt text](a.png \"t\") end",
        "[a]: /url 'title'\n\ntext [a] end",
        "note[^1] end\n\n[^1]: The note\n",
        "# Heading #\n\n## C# and F#\n\nSetext\n===\n\nSetext\n---\nend",
        "- one\n- two\n  - three\n\n1. four\n2) five\n+ six\n\nend",
        "- [ ] open\n- [x] done\nend",
        "> quote\n> more\nlazy\n\nend",
        "```rust\nfn main() {}\n```\n\n~~~\n~~\n~~~\nend",
        "    indented\n    code\n\nend",
        "| a | b |\n|---|:-:|\n| `c` | **d** |\n\nend",
        "text\n| a | b |\n|---|---|\n| c | d |\n",
        "a\n***\nb\n\n---\n\n- - -\nend",
        "H<sub>2</sub>O and <kbd>Ctrl</kbd><br>next <!-- not seen --> <b>b</b> <span class='x'>end</span>",
        "<details>\n<summary>Sum</summary>\n\ntext\n\n</details>\n",
        "<script>\nalert(1)\n\n</script>\nend",
        "a <script>alert(1)</script> end",
        "tom &amp; jerry &#x4e2d; &copy; AT&T end",
        "a \\* b \\\nc  \nd end",
        "https://example.org/a?b=c, www.example.org and me@example.org.",
        "2 * 3 < 4 ~ 5 _ 6 ! 7 & 8 [ ] 9",
        "**注意：**这里有**“重要”**的*（内容）*，~~删除。~~完",
        "中文\n换行\nabc\n中文",
    ] {
        assert_only_grows(text);
    }
}

#[test]
fn plain_prose_is_seen_at_once() {
    let text = "Streaming is simple: text comes in, and is shown; all of it (really), isn't it?";
    for (written, sight) in sights(text) {
        let expected: String = written.chars().filter(|c| !c.is_whitespace()).collect();
        assert_eq!(sight, expected);
    }
    for (written, sight) in sights("流式输出很简单，文字一到就显示。") {
        assert_eq!(sight, written);
    }
}

#[test]
fn an_unclosed_mark_is_shown_formed_and_becomes_text_at_the_end_of_its_leaf() {
    for (text, before, after) in [
        ("a **bold", "abold", "a**bold"),
        ("a `code", "acode", "a`code"),
        ("a ~~gone", "agone", "a~~gone"),
        ("a [text", "atext", "a[text"),
        ("a [text](https://exa", "atext", "a[text](https://exa"),
        ("a ![alt](b", "a", "a![alt](b"),
        ("a &am", "a", "a&am"),
        ("a <ta", "a", "a<ta"),
        ("a \\", "a", "a\\"),
        ("a *", "a", "a*"),
    ] {
        let sights = sights(text);
        assert_eq!(sights.last().unwrap().1, before, "{text}");
        assert_eq!(seen(&parse(text)), after, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(40)
    })]

    #[test]
    fn a_random_article_only_grows(text in grammar::article()) {
        assert_only_grows(&text);
    }
}
