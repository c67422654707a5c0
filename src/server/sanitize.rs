//! The last gate before HTML leaves the server or is stored.
//!
//! `article::html_writer` can only write what is allowed here; this gate holds even if it did not.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

use crate::article::html_writer::Written;

/// Everything that an article can consist of.
const ELEMENTS: &[&str] = &[
    "a",
    "blockquote",
    "br",
    "code",
    "del",
    "div",
    "em",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "img",
    "input",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "section",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
];

/// Attributes by element; those of `*` may stand on any.
const ATTRIBUTES: &[(&str, &[&str])] = &[
    ("*", &["aria-label", "class", "id", "role"]),
    ("a", &["href", "rel", "title"]),
    ("div", &["tabindex"]),
    ("img", &["alt", "loading", "src", "title"]),
    ("input", &["checked", "disabled", "type"]),
    ("ol", &["start"]),
    ("pre", &["tabindex"]),
    ("th", &["scope"]),
];

/// Classes; besides these, `language-` with the name of a language.
const CLASSES: &[&str] = &[
    "c",
    "center",
    "code",
    "f",
    "footnotes",
    "k",
    "language",
    "left",
    "loose",
    "n",
    "right",
    "s",
    "table",
    "task",
    "tight",
];

static GATE: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut gate = Builder::empty();
    let of = |element| ATTRIBUTES.iter().filter(move |(name, _)| *name == element);
    let any: HashSet<&str> = of("*").flat_map(|(_, names)| names.iter().copied()).collect();
    let by_element: HashMap<&str, HashSet<&str>> = ATTRIBUTES
        .iter()
        .filter(|(element, _)| *element != "*")
        .map(|(element, names)| (*element, names.iter().copied().collect()))
        .collect();
    // Whatever a box is said to be, it is one that cannot be changed.
    let box_values =
        HashMap::from([("input", HashMap::from([("type", "checkbox"), ("disabled", "")]))]);
    gate.tags(ELEMENTS.iter().copied().collect())
        .clean_content_tags(["script", "style", "template", "noscript", "iframe", "title"].into())
        .generic_attributes(any)
        .tag_attributes(by_element)
        .set_tag_attribute_values(box_values)
        .url_schemes(["http", "https", "mailto"].into())
        .url_relative(UrlRelative::PassThrough)
        .link_rel(None)
        .attribute_filter(allowed_value)
        .strip_comments(true);
    gate
});

/// The value of an allowed attribute, or what of it may stay.
fn allowed_value<'u>(element: &str, attribute: &str, value: &'u str) -> Option<Cow<'u, str>> {
    let one_of = |allowed: &[&str]| allowed.contains(&value).then_some(Cow::Borrowed(value));
    match attribute {
        "class" => {
            let is_allowed = |class: &&str| {
                CLASSES.contains(class)
                    || class.strip_prefix("language-").is_some_and(|name| !name.is_empty())
            };
            if value.split(' ').all(|class| is_allowed(&class)) {
                return Some(Cow::Borrowed(value));
            }
            let classes: Vec<&str> = value.split_ascii_whitespace().filter(is_allowed).collect();
            (!classes.is_empty()).then(|| Cow::Owned(classes.join(" ")))
        }
        "role" => {
            one_of(&["doc-backlink", "doc-endnotes", "doc-noteref", "group", "img", "region"])
        }
        "tabindex" => one_of(&["0"]),
        "loading" => one_of(&["lazy"]),
        "scope" => one_of(&["col"]),
        "start" => value.parse::<u64>().ok().map(|_| Cow::Borrowed(value)),
        "src"
            if element == "img"
                && value.trim_start().to_ascii_lowercase().starts_with("mailto:") =>
        {
            None
        }
        _ => Some(Cow::Borrowed(value)),
    }
}

/// Keeps of some HTML what an article can consist of: no scripts, styles, forms, handlers, and no
/// URLs but `http`, `https`, `mailto` and relative ones. What the article's own writer wrote comes
/// back as it is.
pub fn clean_article(html: &str) -> String {
    GATE.clean(html).to_string()
}

/// As [`clean_article`], of a text that was edited: only what differs from `before`, HTML that has
/// come through this gate, goes through it again.
///
/// Up to the end of a block, the same bytes are the same elements. From the start of a block on
/// they are, too, for in what came through the gate every `<` begins a tag.
pub fn clean_edited(written: &Written, before: &str) -> String {
    let html = written.html.as_str();
    let same_from_start = html.bytes().zip(before.bytes()).take_while(|(a, b)| a == b).count();
    let kept = written.block_ends.partition_point(|end| *end <= same_from_start);
    let kept = kept.checked_sub(1).map_or(0, |last| written.block_ends[last]);
    // What is kept from the start cannot be kept from the end, too.
    let (rest, before) = (&html.as_bytes()[kept..], &before.as_bytes()[kept..]);
    let same_to_end =
        rest.iter().rev().zip(before.iter().rev()).take_while(|(a, b)| a == b).count();
    let again = written.block_ends.partition_point(|end| *end < html.len() - same_to_end);
    let again = written.block_ends.get(again).copied().unwrap_or(html.len());
    let mut clean = String::with_capacity(html.len());
    clean.push_str(&html[..kept]);
    clean.push_str(&clean_article(&html[kept..again]));
    clean.push_str(&html[again..]);
    clean
}

#[cfg(test)]
mod tests {
    use super::{clean_article, clean_edited};
    use crate::article::html_writer::{Written, write};
    use crate::article::markdown::parse;
    use crate::server::highlight::highlight_document;

    #[test]
    fn what_articles_consist_of_comes_back_as_it_is() {
        for html in [
            "<h2 id=\"锁-1\">锁 &amp; “locks” &lt;T&gt;</h2>",
            "<p>a<br>b <a href=\"https://a.b/?c=d&amp;e=f\" rel=\"noopener\" title=\"t\">c</a></p>",
            "<p><a href=\"#fn-1\">x</a><a href=\"../a:b\">y</a><a href=\"mailto:a@b.c\">z</a></p>",
            "<ul class=\"tight\"><li><input type=\"checkbox\" disabled=\"\" checked=\"\"> a</li></ul>",
            "<ol class=\"loose\" start=\"3\"><li><p>a</p></li></ol>",
            "<figure class=\"code\" role=\"group\" aria-label=\"rust\"><figcaption class=\"language\">Rust</figcaption>\
             <pre tabindex=\"0\"><code class=\"language-rust\"><span class=\"k\">fn</span> a()\n</code>\
             </pre></figure>",
            "<div class=\"table\" role=\"region\" tabindex=\"0\"><table><thead><tr>\
             <th scope=\"col\" class=\"right\">a</th></tr></thead><tbody><tr><td class=\"right\">1</td>\
             </tr></tbody></table></div>",
            "<p><img src=\"a.png\" alt=\"b\" loading=\"lazy\"><kbd>a</kbd><mark>b</mark><u>c</u>\
             <sub>d</sub><sup>e</sup><del>f</del><em>g</em><strong>h</strong></p>",
            "<section role=\"doc-endnotes\"><ol><li id=\"fn-1\"><p>a <a href=\"#ref-1\" \
             role=\"doc-backlink\" aria-label=\"back\">↩</a></p></li></ol></section>",
            "<blockquote><hr></blockquote><code class=\"language-c++\">a</code>",
        ] {
            assert_eq!(clean_article(html), html);
        }
    }

    #[test]
    fn a_written_document_passes_as_it_is() {
        let article = "# A \"title\" & <more>\n\nText *a* **b** ~~c~~ `d<e>` [f](https://a.b?c=d&e \"t'\") \
            ![g](h.png \"i\") <kbd>j</kbd> k[^1] l\\\nm\n\n## Same\n\n## Same\n\n- [x] a\n- [ ] b\n\n\
            3. c\n\n   d\n\n> e\n\n---\n\n| a | b | c |\n|:--|:-:|--:|\n| 1 | <2> | 'x' \"y\" |\n\n\
            ```rust,no_run\nfn a() -> &'static str { \"b\" } // 表😀\n```\n\n    indented & plain\n\n\
            [^1]: note\n\n    ```c++\n    int x;\n    ```\n\n中文\u{a0}“引号”\n";
        let document = parse(article);
        let Written { html, .. } = write(&document, &highlight_document(&document));
        assert!(html.contains("class=\"k\"") && html.contains("doc-endnotes"));
        assert_eq!(clean_article(&html), html);
    }

    /// HTML as its writer would give it, had it written these blocks and then this.
    fn written(blocks: &[&str], rest: &str) -> Written {
        let mut html = String::new();
        let ends = blocks.iter().map(|block| {
            html.push_str(block);
            html.len()
        });
        let block_ends = ends.collect();
        Written { block_ends, html: html + rest }
    }

    #[test]
    fn of_an_edit_only_what_is_new_goes_through_the_gate() {
        let (one, two, three) = ("<p>1</p>\n", "<p>2</p>\n", "<p>3</p>\n");
        let before = [one, two, three, "<hr>"].concat();
        let hostile = "<p onclick=\"a()\">x</p>\n";
        let cleaned = "<p>x</p>\n";
        for (blocks, rest, after) in [
            (vec![one, two, three], "<hr>", before.clone()),
            (vec![hostile, one, two, three], "<hr>", [cleaned, &before].concat()),
            (vec![one, hostile, three], "<hr>", [one, cleaned, three, "<hr>"].concat()),
            (
                vec![one, two, hostile, two, three],
                "<hr>",
                [one, two, cleaned, two, three, "<hr>"].concat(),
            ),
            (vec![one, two, three], hostile, [one, two, three, cleaned].concat()),
            (vec![hostile], "", cleaned.to_owned()),
            (vec![], hostile, cleaned.to_owned()),
            (vec![], "", String::new()),
            (vec![one, one], "", [one, one].concat()),
        ] {
            assert_eq!(clean_edited(&written(&blocks, rest), &before), after, "{blocks:?} {rest}");
        }
        // What is as before is not looked at again.
        let marked = hostile;
        assert_eq!(
            clean_edited(&written(&[marked, one], ""), &[marked, two].concat()),
            [marked, one].concat()
        );
        assert_eq!(
            clean_edited(&written(&[one, marked], ""), &[two, marked].concat()),
            [one, marked].concat()
        );
    }

    #[test]
    fn an_edit_anywhere_gives_what_cleaning_all_of_it_gives() {
        let blocks = [
            "# a",
            "b *c*[^1]",
            "```rust\nfn d() {}\n```",
            "- e\n- <kbd>f</kbd>",
            "|g|\n|-|\n|h|",
            "# a",
            "[^1]: i",
            "[j [k](l)](m)",
        ];
        let text = blocks.join("\n\n");
        let clean = |text: &str| {
            let document = parse(text);
            clean_article(&write(&document, &highlight_document(&document)).html)
        };
        let before = clean(&text);
        for at in 0..=blocks.len() {
            for new in ["", "new", "# a", "`", "~~~", "> \u{a0}\"'", "| g |\n|-|"] {
                let mut edited = blocks.to_vec();
                match new {
                    "" if at < blocks.len() => _ = edited.remove(at),
                    new => edited.insert(at, new),
                }
                let edited = edited.join("\n\n");
                let document = parse(&edited);
                let written = write(&document, &highlight_document(&document));
                assert_eq!(clean_edited(&written, &before), clean(&edited), "{new:?} at {at}");
            }
        }
    }

    #[test]
    fn hostile_html_loses_what_makes_it_so() {
        for (html, left) in [
            ("<script>alert(1)</script>a", "a"),
            ("<p onclick=\"a()\" style=\"color:red\" data-x=\"1\">a</p>", "<p>a</p>"),
            ("<a href=\"javascript:alert(1)\">a</a>", "<a>a</a>"),
            ("<a href=\" java\nscript:alert(1)\">a</a>", "<a>a</a>"),
            ("<a href=\"JaVaScRiPt&colon;alert(1)\">a</a>", "<a>a</a>"),
            ("<a href=\"data:text/html,<script>1</script>\">a</a>", "<a>a</a>"),
            ("<a href=\"vbscript:a\" target=\"_blank\">a</a>", "<a>a</a>"),
            ("<img src=\"x\" onerror=\"alert(1)\">", "<img src=\"x\">"),
            ("<img src=\"data:image/svg+xml,a\" alt=\"b\">", "<img alt=\"b\">"),
            ("<img src=\"mailto:a@b\" srcset=\"javascript:a\">", "<img>"),
            ("<svg><script>1</script><a xlink:href=\"javascript:a\">b</a></svg>c", "c"),
            ("<math><mtext><table><mglyph><style><img src=x onerror=a()>", ""),
            ("<iframe srcdoc=\"<script>1</script>\">a</iframe>b", "b"),
            ("<form action=\"//a\"><button>b</button></form>", "b"),
            ("<object data=\"a\"></object><embed src=\"a\"><base href=\"//a\">", ""),
            ("<meta http-equiv=\"refresh\" content=\"0\"><link rel=\"stylesheet\" href=\"a\">", ""),
            ("<style>@import 'a'</style><template><b>c</b></template>", ""),
            ("<!-- a --><!--[if IE]><script>1</script><![endif]-->b", "b"),
            ("<span class=\"k admin s\">a</span>", "<span class=\"k s\">a</span>"),
            ("<span class=\"overlay\">a</span>", "<span>a</span>"),
            ("<input type=\"text\" name=\"q\">", "<input type=\"checkbox\" disabled=\"\">"),
            ("<ol start=\"a\"><li>b</li></ol>", "<ol><li>b</li></ol>"),
            ("<p role=\"dialog\" tabindex=\"5\">a</p>", "<p>a</p>"),
            ("<p title=\"</p><script>1</script>\">a</p>", "<p>a</p>"),
            ("<p><a href=\"https://a\">b", "<p><a href=\"https://a\">b</a></p>"),
        ] {
            assert_eq!(clean_article(html), left, "{html}");
        }
    }

    #[test]
    fn cleaning_twice_changes_nothing_more() {
        for html in ["<p>&amp;lt;script&gt;</p>", "<<a>b", "<p>&nbsp;\u{a0}</p>", "a < b & c"] {
            let once = clean_article(html);
            assert_eq!(clean_article(&once), once);
        }
    }
}
