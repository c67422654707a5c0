use proptest::prelude::*;

use super::*;
use crate::article::markdown;

/// The colours of a text that comes in these pieces.
fn live<'a>(pieces: impl IntoIterator<Item = &'a str>) -> Vec<Highlight> {
    let mut highlighter = LiveHighlighter::new(Format::Markdown);
    let mut highlights: Vec<_> =
        pieces.into_iter().flat_map(|piece| highlighter.push(piece)).collect();
    highlights.extend(highlighter.finish());
    highlights
}

fn cut(text: &str, size: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut from = 0;
    for (at, _) in text.char_indices().filter(|(at, _)| *at > 0) {
        if at - from >= size {
            pieces.push(&text[from..at]);
            from = at;
        }
    }
    pieces.push(&text[from..]);
    pieces
}

const ARTICLE: &str = "# 标题\n\nText `a`.\n\n```rust\nfn a() {\n    // 注释\n}\n```\n\n\
    1. item\n\n   ```py\n   def b(): pass\n   ```\n\n> ~~~ts\n> const c = 1;\n> ~~~\n\n\
    ```\nplain\n```\n\n    indented\n\n```klingon\nfn x() {}\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n\
    [^1]: note\n\n    ```go\n    func d() {}\n    ```\n\n```sql\nSELECT 1";

#[test]
fn blocks_are_counted_in_the_documents_order_whatever_they_stand_in() {
    let seen: Vec<_> =
        live([ARTICLE]).into_iter().map(|h| (h.block, h.line, h.spans[0].clone())).collect();
    let span = |class: &str, length| (class.to_owned(), length);
    assert_eq!(
        seen,
        [
            (0, 0, span("k", 3)),
            (0, 1, span("", 4)),
            (1, 0, span("k", 4)),
            (2, 0, span("k", 6)),
            // 3 is plain, 4 indented, 5 in an unknown language.
            (6, 0, span("k", 5)),
            (7, 0, span("k", 7)),
        ]
    );
}

#[test]
fn an_edit_keeps_the_colours_of_the_blocks_that_it_left_as_they_were() {
    let before = markdown::parse(ARTICLE);
    // Colours that no grammar gives show which are kept.
    let mut highlights = highlight_document(&before);
    for highlight in &mut highlights {
        highlight.spans = vec![("kept".to_owned(), highlight.block)];
    }
    // A new block in front, one in another language, one with another line.
    let edited = ARTICLE.replacen("Text", "```go\nfunc e() {}\n```\n\nNew text", 1);
    let edited = edited.replacen("~~~ts", "~~~rust", 1).replacen("SELECT 1", "SELECT 2", 1);
    let edited = markdown::parse(&edited);
    let kept: Vec<_> = highlight_edited(&edited, &Coloured::new(&before, &highlights))
        .into_iter()
        .map(|it| (it.block, it.line, it.spans[0].clone()))
        .collect();
    let span = |class: &str, length| (class.to_owned(), length);
    assert_eq!(
        kept,
        [
            (0, 0, span("k", 5)),
            (1, 0, span("kept", 0)),
            (1, 1, span("kept", 0)),
            (2, 0, span("kept", 1)),
            (3, 0, span("k", 6)),
            (7, 0, span("kept", 6)),
            (8, 0, span("k", 7)),
        ]
    );
}

#[test]
fn of_two_blocks_that_are_alike_the_one_with_more_colours_is_kept() {
    let before = markdown::parse(&"```rust\nfn a() {}\nfn b() {}\n```\n\n".repeat(2));
    let mut highlights = highlight_document(&before);
    // The colouring of the second broke off.
    assert_eq!((highlights.len(), highlights.pop().map(|it| it.block)), (4, Some(1)));
    let kept = highlight_edited(&before, &Coloured::new(&before, &highlights));
    assert_eq!(kept, highlight_document(&before));
}

#[test]
fn the_finished_document_gives_what_the_live_text_gave() {
    let finished = highlight_document(&markdown::parse(ARTICLE));
    assert!(!finished.is_empty());
    for size in [1, 2, 3, 7, 100, 10_000] {
        assert_eq!(live(cut(ARTICLE, size)), finished, "in pieces of {size}");
    }
}

#[test]
fn a_line_is_coloured_as_soon_as_it_is_complete() {
    let mut highlighter = LiveHighlighter::new(Format::Markdown);
    assert_eq!(highlighter.push("```rust\nlet a"), []);
    let line = highlighter.push(" = 1;\nle");
    assert_eq!((line.len(), line[0].block, line[0].line), (1, 0, 0));
    assert_eq!(highlighter.push("t b;"), []);
    assert_eq!(highlighter.finish()[0].line, 1);
}

#[test]
fn spans_cover_the_line_in_utf_16_units() {
    let highlights = live(["```rust\nlet 表 = \"😀é\"; // 😀\n```\n"]);
    let units: u32 = highlights[0].spans.iter().map(|(_, length)| length).sum();
    assert_eq!(units as usize, "let 表 = \"😀é\"; // 😀".encode_utf16().count());
}

#[test]
fn a_block_that_disappears_gives_its_number_back() {
    let mut code = CodeBlocks::default();
    let mut highlights = Vec::new();
    let rust = || BlockKind::Code { language: "rust".to_owned() };
    let open = |id, parent: Option<u32>, kind| Patch::Open {
        id: BlockId(id),
        parent: parent.map(BlockId),
        kind,
    };
    let line = |id| Patch::AppendCode { id: BlockId(id), text: "fn\n".to_owned() };
    for patch in [
        open(0, None, BlockKind::Quote),
        open(1, Some(0), rust()),
        Patch::Become { id: BlockId(0), kind: BlockKind::Paragraph },
        line(1),
        open(2, None, BlockKind::Paragraph),
        Patch::Become { id: BlockId(2), kind: rust() },
        Patch::Become { id: BlockId(2), kind: BlockKind::Paragraph },
        open(3, None, rust()),
        line(3),
        Patch::Close { id: BlockId(3) },
        line(3),
    ] {
        code.apply(patch, &mut highlights);
    }
    let places: Vec<_> = highlights.iter().map(|h| (h.block, h.line)).collect();
    assert_eq!(places, [(0, 0)]);
}

#[test]
fn an_overlong_line_is_not_kept() {
    let mut highlighter = LiveHighlighter::new(Format::Markdown);
    highlighter.push("```rust\n");
    for _ in 0..10_000 {
        assert_eq!(highlighter.push("xxxxxxxxxx"), []);
    }
    assert!(highlighter.code.open[0].line.len() <= MAX_LINE + 10);
    highlighter.push("\n");
    let next = highlighter.push("fn\n");
    assert_eq!((next[0].line, next[0].spans.len()), (1, 1));
}

proptest! {
    #[test]
    fn any_text_cut_anywhere_gives_the_colours_of_its_document(
        text in r"((```|~~~~|> |- |    |\n|rust|py|\[\^a\]: |fn a\(\) \{|'|/\*|a|\| ){0,40})",
        size in 1usize..9,
    ) {
        let finished = highlight_document(&markdown::parse(&text));
        prop_assert_eq!(live(cut(&text, size)), finished);
    }
}
