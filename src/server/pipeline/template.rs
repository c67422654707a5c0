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
    system: Vec<Line>,
    user: Vec<Line>,
}

/// A line's text and placeholders, in turn.
type Line = Vec<Piece>;

enum Piece {
    Text(&'static str),
    /// By its name.
    Placeholder(&'static str),
}

impl Piece {
    /// How long it is as it stands in the file, in bytes.
    fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Placeholder(name) => name.len() + "{{}}".len(),
        }
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
        let lines = |part: &'static str| part.trim().lines().map(pieces).collect();
        Self { version: version.map_or("0", str::trim), system: lines(system), user: lines(user) }
    }
}

fn pieces(line: &'static str) -> Line {
    let mut pieces = Line::new();
    let mut rest = line;
    while let Some((before, behind)) = rest.split_once("{{")
        && let Some((name, after)) = behind.split_once("}}")
    {
        pieces.extend([Piece::Text(before), Piece::Placeholder(name)]);
        rest = after;
    }
    pieces.push(Piece::Text(rest));
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

fn substitute(template: &[Line], brief: &Brief, language: &str) -> String {
    let length = brief.length.map(|length| length.to_string());
    let is_html = brief.format == Format::Html;
    let html_rules = if language.starts_with("zh") { HTML_RULES_ZH } else { HTML_RULES_EN };
    let value = |name: &str| match name {
        "format" => Some(if is_html { "HTML" } else { "Markdown" }),
        "markdown" => (!is_html).then_some("Markdown"),
        "html" => is_html.then_some(html_rules),
        "audience" => brief.audience.as_deref(),
        "tech_stack" => brief.tech_stack.as_deref(),
        "prerequisites" => brief.prerequisites.as_deref(),
        "duration" => brief.duration.as_deref(),
        "length" => length.as_deref(),
        "tone" => brief.tone.as_deref(),
        "language" => Some(language),
        "topic" => Some(&*brief.topic),
        _ => None,
    };
    let texts: usize = template.iter().flatten().map(Piece::len).sum();
    let mut filled = String::with_capacity(texts + template.len() + brief.topic.len());
    for line in template {
        fill_line(&mut filled, line, value);
    }
    filled.truncate(filled.trim_end_matches('\n').len());
    filled
}

/// Appends the line with the values of its placeholders; nothing where one of them has none. What looks
/// like a placeholder within a value stays what it is.
fn fill_line<'a>(filled: &mut String, line: &Line, value: impl Fn(&str) -> Option<&'a str>) {
    let before = filled.len();
    for piece in line {
        match *piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Placeholder(name) => {
                match value(name).filter(|value| !value.trim().is_empty()) {
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
        let value = |name: &str| (name == "a").then_some("{{b}}");
        let mut filled = String::new();
        for line in ["x {{a}} y {{a}}", "{{a}} {{b}}", "plain {{ }"] {
            fill_line(&mut filled, &pieces(line), value);
        }
        assert_eq!(filled, "x {{b}} y {{b}}\nplain {{ }\n");
    }

    #[test]
    fn every_placeholder_of_the_templates_has_a_value_in_a_whole_brief() {
        let word = || Some("word".to_owned());
        for format in [Format::Markdown, Format::Html] {
            for (style, language) in Style::ALL.into_iter().flat_map(|it| [(it, "en"), (it, "zh")])
            {
                let brief = Brief {
                    style,
                    format,
                    audience: word(),
                    tech_stack: word(),
                    prerequisites: word(),
                    duration: word(),
                    tone: word(),
                    length: Some(900),
                    ..Brief::on("word")
                };
                let Template { system, user, .. } = template(style, language == "zh");
                let other = if format == Format::Html { "markdown" } else { "html" };
                let left_out = |line: &&Line| {
                    line.iter().any(|it| matches!(it, Piece::Placeholder(name) if *name == other))
                };
                for part in [system, user] {
                    let lines = substitute(part, &brief, language).lines().count();
                    let expected = part.len() - part.iter().filter(left_out).count();
                    assert_eq!(lines, expected, "{style:?} {language} {format:?}");
                }
            }
        }
    }
}
