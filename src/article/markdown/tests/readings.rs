//! What is read as what, where pulldown-cmark cannot tell: seen through the HTML that is written.

use crate::article::document::{Block, BlockKind, Content, Document, DocumentBuilder, Patch};
use crate::article::html_writer::to_html;
use crate::article::markdown::{MarkdownParser, parse, parse_blocks};

fn html(text: &str) -> String {
    to_html(&parse(text), &[]).trim_end().to_owned()
}

fn paragraph(text: &str) -> String {
    let html = html(text);
    let inside = html.strip_prefix("<p>").and_then(|html| html.strip_suffix("</p>"));
    inside.unwrap_or_else(|| panic!("no paragraph: {html}")).to_owned()
}

#[test]
fn emphasis_next_to_cjk_is_what_readers_expect() {
    for (text, expected) in [
        ("**注意：**这里", "<strong>注意：</strong>这里"),
        ("这里**“重要”**的", "这里<strong>“重要”</strong>的"),
        ("使用*（可选）*参数", "使用<em>（可选）</em>参数"),
        ("**CSS：**abc", "<strong>CSS：</strong>abc"),
        ("这是**重点**，那是*次要*。", "这是<strong>重点</strong>，那是<em>次要</em>。"),
        ("**`code`**的", "<strong><code>code</code></strong>的"),
        ("~~删除。~~完", "<del>删除。</del>完"),
        ("3~5天，6~8天", "3~5天，6~8天"),
        ("**a,**b", "**a,**b"),
    ] {
        assert_eq!(paragraph(text), expected);
    }
}

#[test]
fn a_soft_break_between_cjk_characters_shows_no_space() {
    assert_eq!(paragraph("中文\n换行"), "中文换行");
    assert_eq!(paragraph("中文。\n“引号”"), "中文。“引号”");
    assert_eq!(paragraph("中文\nLatin\nand 中\n**文**"), "中文 Latin and 中<strong>文</strong>");
}

#[test]
fn raw_html_is_kept_by_the_allow_list_alone() {
    for (text, expected) in [
        ("H<sub>2</sub>O<br>x<sup>2</sup>", "H<sub>2</sub>O<br>\nx<sup>2</sup>"),
        ("<kbd>a</kbd> <mark>b</mark> <u>c</u>", "<kbd>a</kbd> <mark>b</mark> <u>c</u>"),
        ("a <b onclick=x>b</b> <span style='y'>c</span>", "a b c"),
        ("a <script>alert(1)</script> b", "a  b"),
        ("a <SCRIPT src=x>alert(1)</SCRIPT > b", "a  b"),
        ("a <svg><script>x</script></svg>b", "a b"),
        ("a <iframe src=javascript:x>y</iframe>b", "a b"),
        ("a <!-- b --> c", "a  c"),
        ("a <sub>b", "a b"),
        ("a </sub> b", "a  b"),
        ("a <img src=x onerror=y> b", "a  b"),
        ("<a href='javascript:x'>y</a>", "y"),
        ("*a <sub>b* c</sub>", "*a <sub>b* c</sub>"),
    ] {
        assert_eq!(paragraph(text), expected, "{text}");
    }
    for text in [
        "<script>\nalert(1)\n\nalert(2)\n</script>",
        "<style>\na { }\n</style>",
        "<!-- a\n\nb -->",
        "<textarea>\nx\n</textarea>",
        "<?php x ?>",
        "<div></div>",
    ] {
        assert_eq!(html(text), "", "{text}");
    }
    assert_eq!(html("<div>*a*\n<p>b</div>\n\nc"), "<p>*a* b</p>\n<p>c</p>");
    assert_eq!(
        html("<details>\n<summary>Sum</summary>\n\n**a**\n\n</details>"),
        "<p>Sum</p>\n<p><strong>a</strong></p>"
    );
}

#[test]
fn unsafe_targets_are_refused() {
    for url in [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#10;script:alert(1)",
        "&#x6A;avascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "<java\tscript:x>",
    ] {
        assert_eq!(paragraph(&format!("[a]({url})")), "<a>a</a>", "{url}");
        let image = paragraph(&format!("![a]({url})"));
        assert_eq!(image, "<span class=\"image\">a</span>", "{url}");
    }
    assert_eq!(paragraph("<javascript:alert(1)>"), "<a>javascript:alert(1)</a>");
    assert_eq!(paragraph("![a](mailto:b@c.d)"), "<span class=\"image\">a</span>");
    assert_eq!(
        paragraph("[a](\"onmouseover=x) [b](/'><script>)"),
        "<a href=\"&quot;onmouseover=x\">a</a> <a href=\"/'&gt;&lt;script&gt;\">b</a>"
    );
}

#[test]
fn bare_links_end_before_chinese_punctuation_and_are_no_mere_beginnings() {
    for (link, rest) in [("https://example.org", "。下一句"), ("https://example.org/中文", "，好")]
    {
        let expected =
            format!("<a href=\"{link}\" rel=\"noopener noreferrer nofollow\">{link}</a>{rest}");
        assert_eq!(paragraph(&format!("{link}{rest}")), expected);
    }
    for text in ["http://", "www", "awww.x.y", "a@b"] {
        assert_eq!(paragraph(text), text);
    }
}

#[test]
fn late_definitions_mend_links_and_footnotes() {
    let mut parser = MarkdownParser::new();
    let mut patches = Vec::new();
    parser.push("[a] and [^n] and [^none].\n\nSecond.\n\n", &mut patches);
    parser.push("[a]: /url\n\n[^n]: The note.\n", &mut patches);
    parser.finish(&mut patches);
    let mends = patches.iter().filter(|patch| matches!(patch, Patch::Mend { .. })).count();
    assert_eq!(mends, 1, "each leaf once");
    let mut builder = DocumentBuilder::default();
    patches.into_iter().for_each(|patch| builder.apply(patch));
    assert_eq!(
        to_html(&builder.document(), &[]),
        "<p><a href=\"/url\">a</a> and <sup><a href=\"#fn-1\" id=\"fnref-1\" \
         role=\"doc-noteref\">1</a></sup> and [^none].</p>\n<p>Second.</p>\n\n\
         <section role=\"doc-endnotes\"><ol class=\"loose\">\n<li id=\"fn-1\"><p>The note. \
         <a href=\"#fnref-1\" role=\"doc-backlink\" aria-label=\"↩ 1\">↩</a></p></li>\n\
         </ol></section>\n"
    );
}

#[test]
fn footnotes_are_numbered_in_the_order_of_reference() {
    let html = html("[^b] [^a] [^b]\n\n[^a]: A\n\n[^b]: B\n\n[^c]: C");
    let (a, b, c) =
        (html.find("<p>A").unwrap(), html.find("<p>B").unwrap(), html.find("<p>C").unwrap());
    assert!(b < a && a < c, "{html}");
    assert!(html.contains("id=\"fnref-1-2\""), "{html}");
}

#[test]
fn blocks_only_finds_the_same_code() {
    let text = "# T\n\n- a\n\n  ```rust\n  x\n  ```\n\n> ~~~\n> y\n\n[a]: /u\n===\n\n    z\n";
    let code = |document: Document| {
        fn collect(blocks: &[Block], code: &mut Vec<(String, String)>) {
            for block in blocks {
                match (&block.kind, &block.content) {
                    (BlockKind::Code { language }, Content::Text(text)) => {
                        code.push((language.clone(), text.clone()));
                    }
                    (_, Content::Blocks(blocks)) => collect(blocks, code),
                    _ => {}
                }
            }
        }
        let mut code_blocks = Vec::new();
        collect(&document.blocks, &mut code_blocks);
        code_blocks
    };
    let found = code(parse_blocks(text));
    assert_eq!(found, code(parse(text)));
    assert_eq!(found.len(), 3);
}

#[test]
fn nesting_is_limited() {
    let deep = parse(&format!("{}a", "> ".repeat(5000)));
    assert!(!deep.blocks.is_empty());
    let deep = parse(&format!("{}a{}", "[".repeat(3000), "](b)".repeat(3000)));
    assert!(!deep.blocks.is_empty());
    let deep = parse(&format!("{}a{}", "**a *".repeat(300), "*a**".repeat(300)));
    assert!(!deep.blocks.is_empty());
    let deep = parse(&"- ".repeat(5000));
    assert!(!deep.blocks.is_empty());
}
