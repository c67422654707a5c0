//! A document as semantic HTML: for first paint, storage and export.
//!
//! The page's own writer builds the same structure from patches. What can appear, for the
//! allow-list of a sanitiser:
//!
//! | element | attributes |
//! |---|---|
//! | `h1`…`h6` | `id` |
//! | `p`, `blockquote`, `hr`, `br`, `pre`, `em`, `strong`, `del`, `sub`, `sup`, `kbd`, `mark`, `u` | |
//! | `ul` | `class`: `tight`, `loose` |
//! | `ol` | the same, `start` |
//! | `li` | `class`: `task`; in footnotes `id` |
//! | `input` | `aria-label`, `type="checkbox"`, `disabled`, `checked` |
//! | `figure` | `class`: `code` |
//! | `figcaption` | `class`: `language` |
//! | `code` | `class`: `language-` and the language |
//! | `span` | `class`: `k`, `s`, `n`, `f`, `c` (colours of code), `image` (one without a source) |
//! | `div` | `class`: `table` |
//! | `table`, `thead`, `tbody`, `tr` | |
//! | `th`, `td` | `class`: `left`, `center`, `right` |
//! | `a` | `href`, `title`, `rel`, `id`, `role`: `doc-noteref`, `doc-backlink`, `aria-label` |
//! | `img` | `src`, `alt`, `title`, `loading` |
//! | `section` | `role`: `doc-endnotes` |
//!
//! An item's paragraphs are `p` elements in tight lists, too; the style sheet closes the space.
//! Footnotes come last, in the order of their numbers, then those that nothing refers to. The
//! anchors of headings are those of [`Anchors`], of footnotes `fn-1` and `fnref-1`.

use std::collections::HashMap;

use super::document::{Alignment, Block, BlockKind, Content, Document, Inline};
use super::event::Highlight;
use super::measure::{Anchors, plain_text, soft_break};

/// Writes a document as HTML. `highlights` colours the lines of its blocks of code.
pub fn to_html(document: &Document, highlights: &[Highlight]) -> String {
    write(document, highlights).html
}

/// HTML that was written of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// All of it.
    pub html: String,
    /// Where each of the document's outermost blocks ends, in bytes; the footnotes follow the last.
    pub block_ends: Vec<usize>,
}

/// As [`to_html`], with the places where the blocks end.
pub fn write(document: &Document, highlights: &[Highlight]) -> Written {
    let colours =
        highlights.iter().map(|line| ((line.block, line.line), line.spans.as_slice())).collect();
    let mut writer = Writer {
        html: String::new(),
        colours,
        code_blocks: 0,
        anchors: Anchors::default(),
        references: HashMap::new(),
        notes: Vec::new(),
    };
    let mut block_ends = Vec::with_capacity(document.blocks.len());
    for block in &document.blocks {
        writer.block(block);
        block_ends.push(writer.html.len());
    }
    writer.footnotes();
    Written { html: writer.html, block_ends }
}

/// Escapes text for the content of an element, just as the HTML standard serialises it: so what
/// was written is what a sanitiser makes of it.
pub fn escape(text: &str, html: &mut String) {
    escape_all(text, false, html);
}

/// Escapes text for an attribute in double quotes, as the HTML standard serialises it.
pub fn escape_attribute(text: &str, html: &mut String) {
    escape_all(text, true, html);
}

fn escape_all(text: &str, quotes: bool, html: &mut String) {
    let mut written = 0;
    for (at, c) in text.char_indices() {
        let escaped = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '\u{a0}' => "&nbsp;",
            '"' if quotes => "&quot;",
            _ => continue,
        };
        html.push_str(&text[written..at]);
        html.push_str(escaped);
        written = at + c.len_utf8();
    }
    html.push_str(&text[written..]);
}

/// A stretch of code: its class and its length in UTF-16 units.
type Span = (String, u32);

struct Writer<'a> {
    html: String,
    /// By block of code and line.
    colours: HashMap<(u32, u32), &'a [Span]>,
    code_blocks: u32,
    anchors: Anchors,
    /// A footnote's number and how often it was referred to, by its label.
    references: HashMap<String, (u32, u32)>,
    /// Footnotes so far: label and HTML.
    notes: Vec<(String, String)>,
}

impl Writer<'_> {
    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.block(block);
        }
    }

    fn text(&mut self, text: &str) {
        escape(text, &mut self.html);
    }

    fn attribute(&mut self, name: &str, value: &str) {
        self.html.push(' ');
        self.html.push_str(name);
        self.html.push_str("=\"");
        escape_attribute(value, &mut self.html);
        self.html.push('"');
    }

    fn element(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        self.open(name, &[]);
        inside(self);
        self.close(name);
    }

    fn open(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.html.push('<');
        self.html.push_str(name);
        for (name, value) in attributes {
            self.attribute(name, value);
        }
        self.html.push('>');
    }

    fn close(&mut self, name: &str) {
        self.html.push_str("</");
        self.html.push_str(name);
        self.html.push('>');
    }

    fn block(&mut self, block: &Block) {
        match (&block.kind, &block.content) {
            (BlockKind::Heading { level }, Content::Inlines(inlines)) => {
                let name =
                    ["h1", "h2", "h3", "h4", "h5", "h6"][usize::from((*level).clamp(1, 6)) - 1];
                let anchor = self.anchors.next(&plain_text(inlines));
                self.open(name, &[("id", &anchor)]);
                self.inlines(inlines);
                self.close(name);
            }
            (BlockKind::Paragraph, Content::Inlines(inlines)) => {
                self.element("p", |writer| writer.inlines(inlines));
            }
            (BlockKind::Quote, Content::Blocks(blocks)) => {
                self.element("blockquote", |writer| writer.blocks(blocks));
            }
            (BlockKind::List { start, tight }, Content::Blocks(items)) => {
                let class = ("class", if *tight { "tight" } else { "loose" });
                let number = start.unwrap_or(1).to_string();
                let name = if start.is_some() { "ol" } else { "ul" };
                if start.is_some_and(|start| start != 1) {
                    self.open(name, &[class, ("start", &number)]);
                } else {
                    self.open(name, &[class]);
                }
                self.blocks(items);
                self.close(name);
            }
            (BlockKind::Item { task }, Content::Blocks(blocks)) => {
                match task {
                    None => self.open("li", &[]),
                    Some(done) => {
                        self.open("li", &[("class", "task")]);
                        let label = tick_label(*done);
                        let checked = if *done { " checked=\"\"" } else { "" };
                        self.html.push_str(&format!(
                            "<input aria-label=\"{label}\" type=\"checkbox\" disabled=\"\"{checked}>"
                        ));
                    }
                }
                self.blocks(blocks);
                self.close("li");
            }
            (BlockKind::Code { language }, Content::Text(code)) => self.code(language, code),
            (BlockKind::Table { alignments }, Content::Blocks(rows)) => {
                self.table(alignments, rows);
            }
            (BlockKind::Rule, _) => self.html.push_str("<hr>"),
            (BlockKind::Footnote { label }, Content::Blocks(blocks)) => {
                // Written where it stands, so that anchors and blocks of code are counted in
                // order, and shown at the end.
                let before = std::mem::take(&mut self.html);
                self.blocks(blocks);
                let note = std::mem::replace(&mut self.html, before);
                self.notes.push((label.clone(), note));
            }
            // Rows and cells are written by their table; no other block has such a content.
            _ => {}
        }
        self.html.push('\n');
    }

    fn code(&mut self, language: &str, code: &str) {
        self.open("figure", &[("class", "code")]);
        self.open("figcaption", &[("class", "language")]);
        self.text(language);
        self.close("figcaption");
        self.open("pre", &[]);
        if language.is_empty() {
            self.open("code", &[]);
        } else {
            self.open("code", &[("class", &format!("language-{language}"))]);
        }
        let block = self.code_blocks;
        self.code_blocks += 1;
        for (number, line) in (0..).zip(code.split_inclusive('\n')) {
            let spans = self.colours.get(&(block, number)).copied().unwrap_or_default();
            self.code_line(line, spans);
        }
        self.html.push_str("</code></pre></figure>");
    }

    fn code_line(&mut self, line: &str, spans: &[Span]) {
        let mut rest = line;
        for (class, length) in spans {
            let mut units = 0;
            let end = rest
                .char_indices()
                .find(|(_, c)| {
                    let full = units >= *length as usize || *c == '\n';
                    units += c.len_utf16();
                    full
                })
                .map_or(rest.len(), |(at, _)| at);
            let (part, behind) = rest.split_at(end);
            rest = behind;
            if class.is_empty() || part.is_empty() {
                self.text(part);
            } else {
                self.open("span", &[("class", class)]);
                self.text(part);
                self.close("span");
            }
        }
        self.text(rest);
    }

    fn table(&mut self, alignments: &[Alignment], rows: &[Block]) {
        self.open("div", &[("class", "table")]);
        self.open("table", &[]);
        let is_head = |row: &&Block| matches!(row.kind, BlockKind::Row { head: true });
        let head: Vec<&Block> = rows.iter().filter(is_head).collect();
        let body: Vec<&Block> = rows.iter().filter(|row| !is_head(row)).collect();
        for (part, cell, rows) in [("thead", "th", head), ("tbody", "td", body)] {
            if rows.is_empty() {
                continue;
            }
            self.open(part, &[]);
            for row in rows {
                self.row(cell, alignments, row);
            }
            self.close(part);
        }
        self.html.push_str("</table></div>");
    }

    fn row(&mut self, name: &str, alignments: &[Alignment], row: &Block) {
        let Content::Blocks(cells) = &row.content else { return };
        self.open("tr", &[]);
        for (column, cell) in cells.iter().enumerate() {
            match alignments.get(column).copied().unwrap_or_default() {
                Alignment::None => self.open(name, &[]),
                Alignment::Left => self.open(name, &[("class", "left")]),
                Alignment::Center => self.open(name, &[("class", "center")]),
                Alignment::Right => self.open(name, &[("class", "right")]),
            }
            if let Content::Inlines(inlines) = &cell.content {
                self.inlines(inlines);
            }
            self.close(name);
        }
        self.close("tr");
    }

    fn inlines(&mut self, inlines: &[Inline]) {
        for (index, inline) in inlines.iter().enumerate() {
            match inline {
                Inline::SoftBreak => self.html.push_str(soft_break(inlines, index)),
                other => self.inline(other),
            }
        }
    }

    fn inline(&mut self, inline: &Inline) {
        match inline {
            Inline::Text(text) => self.text(text),
            Inline::Emphasis(children) => self.element("em", |writer| writer.inlines(children)),
            Inline::Strong(children) => self.element("strong", |writer| writer.inlines(children)),
            Inline::Strike(children) => self.element("del", |writer| writer.inlines(children)),
            Inline::Code(code) => self.element("code", |writer| writer.text(code)),
            Inline::Link { href, title, children } => {
                self.html.push_str("<a");
                if let Some(href) = href {
                    self.attribute("href", href);
                    if is_absolute(href) {
                        self.attribute("rel", "noopener noreferrer nofollow");
                    }
                }
                if !title.is_empty() {
                    self.attribute("title", title);
                }
                self.html.push('>');
                self.inlines(children);
                self.close("a");
            }
            Inline::Image { src: None, alt, .. } => {
                self.open("span", &[("class", "image")]);
                self.text(alt);
                self.close("span");
            }
            Inline::Image { src: Some(src), alt, title } => {
                self.html.push_str("<img");
                self.attribute("src", src);
                self.attribute("alt", alt);
                if !title.is_empty() {
                    self.attribute("title", title);
                }
                self.attribute("loading", "lazy");
                self.html.push('>');
            }
            Inline::HardBreak => self.html.push_str("<br>\n"),
            Inline::SoftBreak => self.html.push(' '),
            Inline::FootnoteRef { label, number } => {
                let (_, times) = self.references.entry(label.clone()).or_insert((*number, 0));
                *times += 1;
                let id = match times {
                    1 => format!("fnref-{number}"),
                    times => format!("fnref-{number}-{times}"),
                };
                let (target, shown) = (format!("#fn-{number}"), number.to_string());
                self.open("sup", &[]);
                self.open("a", &[("href", &target), ("id", &id), ("role", "doc-noteref")]);
                self.text(&shown);
                self.html.push_str("</a></sup>");
            }
            Inline::Html { element, children } => {
                self.element(element.tag(), |writer| writer.inlines(children));
            }
        }
    }

    fn footnotes(&mut self) {
        // The first definition of a label counts.
        let mut notes: Vec<(Option<u32>, String)> = Vec::new();
        for (label, html) in std::mem::take(&mut self.notes) {
            let number = self.references.get(&label).map(|(number, _)| *number);
            if number.is_none() || notes.iter().all(|(known, _)| *known != number) {
                notes.push((number, html));
            }
        }
        if notes.is_empty() {
            return;
        }
        notes.sort_by_key(|(number, _)| number.unwrap_or(u32::MAX));
        self.html.push_str("<section role=\"doc-endnotes\"><ol class=\"loose\">\n");
        for (number, html) in notes {
            let Some(number) = number else {
                self.element("li", |writer| writer.html.push_str(&html));
                continue;
            };
            self.open("li", &[("id", &format!("fn-{number}"))]);
            let back = format!(
                "<a href=\"#fnref-{number}\" role=\"doc-backlink\" aria-label=\"↩ {number}\">↩</a>"
            );
            match html.strip_suffix("</p>\n") {
                Some(inside) => self.html.push_str(&format!("{inside} {back}</p>")),
                None => self.html.push_str(&format!("{html}<p>{back}</p>")),
            }
            self.html.push_str("</li>\n");
        }
        self.html.push_str("</ol></section>\n");
    }
}

/// What stands for a task's tick where it is heard, in any language.
pub fn tick_label(done: bool) -> &'static str {
    if done { "☑" } else { "☐" }
}

/// Whether a safe URL leads to another site.
pub fn is_absolute(href: &str) -> bool {
    let href = href.trim_start();
    let starts = |prefix: &str| {
        href.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
    };
    starts("http:") || starts("https:") || starts("//") || starts("\\\\") || starts("/\\")
}

#[cfg(test)]
mod tests {
    use super::super::markdown::parse;
    use super::*;

    fn html(text: &str) -> String {
        to_html(&parse(text), &[])
    }

    #[test]
    fn headings_have_unique_anchors() {
        assert_eq!(
            html("# A *b*\n\n## A b"),
            "<h1 id=\"a-b\">A <em>b</em></h1>\n<h2 id=\"a-b-2\">A b</h2>\n"
        );
    }

    #[test]
    fn lists_say_how_they_are_spaced_and_tasks_are_boxes() {
        assert_eq!(
            html("3. a\n4. b\n"),
            "<ol class=\"tight\" start=\"3\"><li><p>a</p>\n</li>\n<li><p>b</p>\n</li>\n</ol>\n"
        );
        assert_eq!(
            html("- [x] a\n\n- [ ] b\n"),
            "<ul class=\"loose\"><li class=\"task\"><input aria-label=\"☑\" type=\"checkbox\" \
             disabled=\"\" checked=\"\"><p>a</p>\n</li>\n<li class=\"task\"><input aria-label=\"☐\" type=\"checkbox\" \
             disabled=\"\"><p>b</p>\n</li>\n</ul>\n"
        );
    }

    #[test]
    fn tables_align_their_columns() {
        assert_eq!(
            html("|a|b|\n|:-|-:|\n|c|\n"),
            "<div class=\"table\"><table><thead><tr><th class=\"left\">a</th><th class=\"right\">b</th>\
             </tr></thead><tbody><tr><td class=\"left\">c</td><td class=\"right\"></td></tr></tbody>\
             </table></div>\n"
        );
    }

    #[test]
    fn code_is_coloured_by_utf_16_units_whatever_the_spans_say() {
        let document = parse("```rust\nlet 𝒳 = 1;\n<x>\n```\n");
        let span = |class: &str, length| (class.to_owned(), length);
        let highlights = [
            Highlight { block: 0, line: 0, spans: vec![span("k", 3), span("", 1), span("f", 2)] },
            Highlight { block: 0, line: 1, spans: vec![span("\"", 99)] },
            Highlight { block: 7, line: 0, spans: vec![span("k", 3)] },
        ];
        assert_eq!(
            to_html(&document, &highlights),
            "<figure class=\"code\"><figcaption class=\"language\">rust</figcaption><pre><code class=\"language-rust\">\
             <span class=\"k\">let</span> <span class=\"f\">𝒳</span> = 1;\n\
             <span class=\"&quot;\">&lt;x&gt;</span>\n</code></pre></figure>\n"
        );
    }

    #[test]
    fn links_to_other_sites_say_so_and_images_are_lazy() {
        assert_eq!(
            html("[a](HTTPS://x.y \"t\") [b](/c) ![d](e)"),
            "<p><a href=\"HTTPS://x.y\" rel=\"noopener noreferrer nofollow\" title=\"t\">a</a> \
             <a href=\"/c\">b</a> <img src=\"e\" alt=\"d\" loading=\"lazy\"></p>\n"
        );
    }

    #[test]
    fn everything_is_escaped() {
        for text in ["<b>\"'&", "`<b>\"'&`", "```<b>\"'&\n<b>\"'&\n```", "![<b>\"'&](</\"'<b>>)"] {
            let html = html(&text.replace('<', "\\<"));
            assert!(
                !html.contains("<b>") && !html.contains("=\"<") && !html.contains("=\"\"'"),
                "{html}"
            );
        }
    }

    #[test]
    fn the_ends_of_blocks_cut_the_html_between_them() {
        let document = parse("# a\n\n> b\n\n[^1]: c\n\nd[^1]\n");
        let written = write(&document, &[]);
        let blocks: Vec<&str> = written
            .block_ends
            .iter()
            .scan(0, |from, end| Some(&written.html[std::mem::replace(from, *end)..*end]))
            .collect();
        assert_eq!(blocks.len(), 4);
        assert_eq!(blocks[1], "<blockquote><p>b</p>\n</blockquote>\n");
        assert!(blocks[3].starts_with("<p>d<sup>") && blocks[3].ends_with("</p>\n"));
        assert!(written.html[written.block_ends[3]..].starts_with("<section"));
    }
}
