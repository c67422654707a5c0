//! The prompt templates: files that an operator can read and edit.
//!
//! A file has a `version:` in its front matter and two parts, `=== system ===` and `=== user ===`.
//! A line with a placeholder whose value is absent is left out.

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

/// The template's source for a style, in Chinese or else in English.
fn source(style: Style, chinese: bool) -> &'static str {
    match (style, chinese) {
        (Style::Technical, true) => include_str!("templates/technical.zh.md"),
        (Style::Technical, false) => include_str!("templates/technical.en.md"),
        (Style::Tutorial, true) => include_str!("templates/tutorial.zh.md"),
        (Style::Tutorial, false) => include_str!("templates/tutorial.en.md"),
        (Style::Overview, true) => include_str!("templates/overview.zh.md"),
        (Style::Overview, false) => include_str!("templates/overview.en.md"),
    }
}

/// Fills the template for the brief's style in the language given (BCP 47).
pub fn fill(brief: &Brief, language: &str) -> Prompt {
    let chinese = language.starts_with("zh");
    let source = source(brief.style, chinese);
    let (head, parts) = source.split_once("=== system ===").unwrap_or(("", source));
    let (system, user) = parts.split_once("=== user ===").unwrap_or((parts, "{{topic}}"));
    let version =
        head.lines().find_map(|line| line.trim().strip_prefix("version:")).map_or("0", str::trim);
    let style = brief.style.as_str();
    let language_name = if chinese { "zh" } else { "en" };
    Prompt {
        system: substitute(system.trim(), brief, language),
        user: substitute(user.trim(), brief, language),
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

fn substitute(template: &str, brief: &Brief, language: &str) -> String {
    let length = brief.length.map(|length| length.to_string());
    let is_html = brief.format == Format::Html;
    let html_rules = if language.starts_with("zh") { HTML_RULES_ZH } else { HTML_RULES_EN };
    let values: [(&str, Option<&str>); 11] = [
        ("{{format}}", Some(if is_html { "HTML" } else { "Markdown" })),
        ("{{markdown}}", (!is_html).then_some("Markdown")),
        ("{{html}}", is_html.then_some(html_rules)),
        ("{{audience}}", brief.audience.as_deref()),
        ("{{tech_stack}}", brief.tech_stack.as_deref()),
        ("{{prerequisites}}", brief.prerequisites.as_deref()),
        ("{{duration}}", brief.duration.as_deref()),
        ("{{length}}", length.as_deref()),
        ("{{tone}}", brief.tone.as_deref()),
        ("{{language}}", Some(language)),
        ("{{topic}}", Some(&brief.topic)),
    ];
    let mut filled = String::with_capacity(template.len() + brief.topic.len());
    for line in template.lines() {
        fill_line(&mut filled, line, &values);
    }
    filled.truncate(filled.trim_end_matches('\n').len());
    filled
}

/// Appends the line with its placeholders replaced, each once and from left to right, so that a
/// placeholder inside a value stays what it is.
fn fill_line(filled: &mut String, line: &str, values: &[(&str, Option<&str>)]) {
    if !line.contains("{{") {
        filled.push_str(line);
        filled.push('\n');
        return;
    }
    let named = |(name, _): &&(&str, Option<&str>)| line.contains(name);
    if values.iter().filter(named).any(|(_, value)| value.is_none_or(|v| v.trim().is_empty())) {
        return;
    }
    let mut rest = line;
    while let Some((at, name, value)) = values
        .iter()
        .filter_map(|(name, value)| Some((rest.find(name)?, *name, (*value)?)))
        .min_by_key(|(at, _, _)| *at)
    {
        filled.push_str(&rest[..at]);
        filled.push_str(value);
        rest = &rest[at + name.len()..];
    }
    filled.push_str(rest);
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
        let values = [("{{a}}", Some("1")), ("{{b}}", None)];
        let mut filled = String::new();
        for line in ["x {{a}} y {{a}}", "{{a}} {{b}}", "plain"] {
            fill_line(&mut filled, line, &values);
        }
        assert_eq!(filled, "x 1 y 1\nplain\n");
    }
}
