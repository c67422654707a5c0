//! The last gate before HTML leaves the server or is stored.
//!
//! `article::html_writer` can only write what is allowed here; this gate holds even if it did not.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};

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

#[cfg(test)]
mod tests {
    use super::clean_article;

    #[test]
    fn what_articles_consist_of_comes_back_as_it_is() {
        for html in [
            "<h2 id=\"锁-1\">锁 &amp; “locks” &lt;T&gt;</h2>",
            "<p>a<br>b <a href=\"https://a.b/?c=d&amp;e=f\" rel=\"noopener\" title=\"t\">c</a></p>",
            "<p><a href=\"#fn-1\">x</a><a href=\"../a:b\">y</a><a href=\"mailto:a@b.c\">z</a></p>",
            "<ul class=\"tight\"><li><input type=\"checkbox\" disabled=\"\" checked=\"\"> a</li></ul>",
            "<ol class=\"loose\" start=\"3\"><li><p>a</p></li></ol>",
            "<figure class=\"code\" role=\"group\" aria-label=\"rust\"><figcaption>Rust</figcaption>\
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

    /// As a browser would write it: quotes are escaped in attributes alone, and flags have values.
    fn canonical(html: &str) -> String {
        let html = html.replace("&#39;", "'").replace('\u{a0}', "&nbsp;");
        let pieces = html.split_inclusive(['<', '>']).scan(false, |in_tag, piece| {
            let piece_is_tag = std::mem::replace(in_tag, piece.ends_with('<'));
            Some(if piece_is_tag {
                piece
                    .replace(" disabled>", " disabled=\"\">")
                    .replace(" checked>", " checked=\"\">")
            } else {
                piece.replace("&quot;", "\"")
            })
        });
        pieces.collect()
    }

    #[test]
    fn a_written_document_passes_as_it_is() {
        let article = "# A \"title\" & <more>\n\nText *a* **b** ~~c~~ `d<e>` [f](https://a.b?c=d&e \"t'\") \
            ![g](h.png \"i\") <kbd>j</kbd> k[^1] l\\\nm\n\n## Same\n\n## Same\n\n- [x] a\n- [ ] b\n\n\
            3. c\n\n   d\n\n> e\n\n---\n\n| a | b | c |\n|:--|:-:|--:|\n| 1 | <2> | 'x' \"y\" |\n\n\
            ```rust,no_run\nfn a() -> &'static str { \"b\" } // 表😀\n```\n\n    indented & plain\n\n\
            [^1]: note\n\n    ```c++\n    int x;\n    ```\n\n中文\u{a0}“引号”\n";
        let document = crate::article::markdown::parse(article);
        let highlights = crate::server::highlight::highlight_document(&document);
        let html = crate::article::html_writer::to_html(&document, &highlights);
        assert!(html.contains("class=\"k\"") && html.contains("doc-endnotes"));
        assert_eq!(clean_article(&html), canonical(&html));
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
