//! The prompt templates: files that an operator can read and edit.
//!
//! A file has a `version:` in its front matter and two parts, `=== system ===` and `=== user ===`.
//! A line with a placeholder whose value is absent is left out.

use std::sync::LazyLock;

use crate::article::brief::{Brief, Format, Style};

/// A prompt, and which template it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Who the model is to be and what is asked of every article.
    pub system: String,
    /// What is asked of this one.
    pub user: String,
    /// Style, language and version of the template, for example `technical.zh@1`.
    pub template: String,
}

/// A template's file, taken apart once: it stands on every brief's way to its model.
struct Template {
    version: &'static str,
    system: Part,
    user: Part,
}

struct Part {
    lines: Vec<Line>,
    /// How long it is as it stands in the file.
    bytes: usize,
}

/// A line's text and placeholders, in turn.
type Line = Vec<Piece>;

enum Piece {
    Text(&'static str),
    Placeholder(Placeholder),
}

/// What of a brief a template can name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Placeholder {
    Format,
    /// Something only where Markdown is asked for.
    Markdown,
    /// The rules of HTML, only where that is asked for.
    Html,
    Audience,
    TechStack,
    Prerequisites,
    Duration,
    Length,
    Tone,
    Language,
    Topic,
}

impl Placeholder {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "format" => Self::Format,
            "markdown" => Self::Markdown,
            "html" => Self::Html,
            "audience" => Self::Audience,
            "tech_stack" => Self::TechStack,
            "prerequisites" => Self::Prerequisites,
            "duration" => Self::Duration,
            "length" => Self::Length,
            "tone" => Self::Tone,
            "language" => Self::Language,
            "topic" => Self::Topic,
            _ => return None,
        })
    }
}

/// The template for a style, in Chinese or else in English.
fn template(style: Style, chinese: bool) -> &'static Template {
    macro_rules! of {
        ($file:literal) => {{
            static TEMPLATE: LazyLock<Template> =
                LazyLock::new(|| Template::read(include_str!(concat!("templates/", $file))));
            &TEMPLATE
        }};
    }
    match (style, chinese) {
        (Style::Technical, true) => of!("technical.zh.md"),
        (Style::Technical, false) => of!("technical.en.md"),
        (Style::Tutorial, true) => of!("tutorial.zh.md"),
        (Style::Tutorial, false) => of!("tutorial.en.md"),
        (Style::Overview, true) => of!("overview.zh.md"),
        (Style::Overview, false) => of!("overview.en.md"),
    }
}

impl Template {
    fn read(source: &'static str) -> Self {
        let (head, parts) = source.split_once("=== system ===").unwrap_or(("", source));
        let (system, user) = parts.split_once("=== user ===").unwrap_or((parts, "{{topic}}"));
        let version = head.lines().find_map(|line| line.trim().strip_prefix("version:"));
        Self {
            version: version.map_or("0", str::trim),
            system: Part::read(system.trim()),
            user: Part::read(user.trim()),
        }
    }
}

impl Part {
    fn read(text: &'static str) -> Self {
        Self { lines: text.lines().map(pieces).collect(), bytes: text.len() }
    }
}

/// Takes a line apart. What is no known name in braces is text.
fn pieces(line: &'static str) -> Line {
    let mut pieces = Line::new();
    let mut text = 0;
    for (at, _) in line.match_indices("{{") {
        let Some((name, _)) = line[at + 2..].split_once("}}") else { break };
        if let Some(placeholder) = Placeholder::named(name) {
            pieces.extend([Piece::Text(&line[text..at]), Piece::Placeholder(placeholder)]);
            text = at + name.len() + "{{}}".len();
        }
    }
    pieces.push(Piece::Text(&line[text..]));
    pieces
}

/// Fills the template for the brief's style in the language given (BCP 47).
pub fn fill(brief: &Brief, language: &str) -> Prompt {
    let chinese = language.starts_with("zh");
    let Template { version, system, user } = template(brief.style, chinese);
    let style = brief.style.as_str();
    let language_name = if chinese { "zh" } else { "en" };
    Prompt {
        system: substitute(system, brief, language),
        user: substitute(user, brief, language),
        template: format!("{style}.{language_name}@{version}"),
    }
}

/// What a model is told that is to write HTML; the templates name the marks of Markdown.
const HTML_RULES_EN: &str = "HTML only, the content of <body> alone: <h1> where these rules say #, <h2> for ##, \
    <p>, <ul>, <ol>, <table> with <th>, <blockquote>, <strong>, <em>, <a href>, and for code \
    <pre><code class=\"language-…\"> with &lt; and &amp; escaped. No Markdown, no other attributes, no \
    styles, scripts, images or comments.";
const HTML_RULES_ZH: &str = "只写 HTML，而且只写 <body> 里的内容：上文的 # 用 <h1>，## 用 <h2>，另可用 \
    <p>、<ul>、<ol>、带 <th> 的 <table>、<blockquote>、<strong>、<em>、<a href>；代码用 \
    <pre><code class=\"language-…\">，其中 < 与 & 要转义。不写 Markdown，不用其他属性，\
    不写样式、脚本、图片和注释。";

fn substitute(part: &Part, brief: &Brief, language: &str) -> String {
    let length = brief.length.map(|length| length.to_string());
    let is_html = brief.format == Format::Html;
    let html_rules = if language.starts_with("zh") { HTML_RULES_ZH } else { HTML_RULES_EN };
    let value = |placeholder| match placeholder {
        Placeholder::Format => Some(if is_html { "HTML" } else { "Markdown" }),
        Placeholder::Markdown => (!is_html).then_some("Markdown"),
        Placeholder::Html => is_html.then_some(html_rules),
        Placeholder::Audience => brief.audience.as_deref(),
        Placeholder::TechStack => brief.tech_stack.as_deref(),
        Placeholder::Prerequisites => brief.prerequisites.as_deref(),
        Placeholder::Duration => brief.duration.as_deref(),
        Placeholder::Length => length.as_deref(),
        Placeholder::Tone => brief.tone.as_deref(),
        Placeholder::Language => Some(language),
        Placeholder::Topic => Some(&*brief.topic),
    };
    let mut filled = String::with_capacity(part.bytes + brief.topic.len());
    for line in &part.lines {
        fill_line(&mut filled, line, value);
    }
    filled.truncate(filled.trim_end_matches('\n').len());
    filled
}

/// Appends the line with the values of its placeholders; nothing where one of them has none. What looks
/// like a placeholder within a value stays what it is.
fn fill_line<'a>(filled: &mut String, line: &Line, value: impl Fn(Placeholder) -> Option<&'a str>) {
    let before = filled.len();
    for piece in line {
        match *piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Placeholder(placeholder) => {
                match value(placeholder).filter(|value| !value.trim().is_empty()) {
                    Some(value) => filled.push_str(value),
                    None => return filled.truncate(before),
                }
            }
        }
    }
    filled.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_has_a_version_both_parts_and_the_topic_verbatim() {
        for style in Style::ALL {
            for language in ["en", "zh-CN"] {
                let topic = "{{tone}} \u{1F980} <b>'\"\n`x`";
                let brief = Brief { style, ..Brief::on(topic) };
                let prompt = fill(&brief, language);
                assert!(!prompt.template.ends_with("@0"), "{}", prompt.template);
                assert!(prompt.system.len() > 200, "{}", prompt.template);
                assert!(prompt.user.contains(topic), "{}", prompt.user);
            }
        }
    }

    #[test]
    fn lines_without_a_value_are_left_out() {
        let value = |it| (it == Placeholder::Tone).then_some("{{topic}}");
        let mut filled = String::new();
        for line in ["x {{tone}} y {{tone}}", "{{tone}} {{topic}}", "{{ {{tone}} {{ x }} {{"] {
            fill_line(&mut filled, &pieces(line), value);
        }
        assert_eq!(filled, "x {{topic}} y {{topic}}\n{{ {{topic}} {{ x }} {{\n");
    }

    #[test]
    fn no_template_names_what_a_brief_does_not_have() {
        for (style, chinese) in Style::ALL.into_iter().flat_map(|it| [(it, true), (it, false)]) {
            let Template { system, user, .. } = template(style, chinese);
            for piece in [system, user].into_iter().flat_map(|part| &part.lines).flatten() {
                if let Piece::Text(text) = piece {
                    assert!(!text.contains("{{"), "{text}");
                }
            }
        }
    }
}
