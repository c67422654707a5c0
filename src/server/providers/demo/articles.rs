//! The prepared articles: which one lies nearest to a topic, and how it is made to fit.

use std::sync::LazyLock;

use super::super::is_chinese;

/// Each begins with `language`, `style` and `keywords` between two lines of `---`. In its body
/// `{{title}}` and `{{topic}}` stand for the topic.
const SOURCES: [&str; 6] = [
    include_str!("articles/en-rust-async.md"),
    include_str!("articles/en-kubernetes-probe.md"),
    include_str!("articles/en-postgres-sqlite.md"),
    include_str!("articles/zh-sse-streaming.md"),
    include_str!("articles/zh-rust-cli.md"),
    include_str!("articles/zh-llm-inference.md"),
];

static ARTICLES: LazyLock<Vec<Article>> =
    LazyLock::new(|| SOURCES.iter().filter_map(|source| Article::parse(source)).collect());

/// An overlap shorter than this, in Unicode scalar values, is chance.
const OVERLAP_MIN: usize = 8;
/// A longer overlap is not looked for.
const OVERLAP_MAX: usize = 400;
/// A longer topic is shortened to fit a title, in Unicode scalar values.
const TITLE_MAX: usize = 150;

struct Article {
    chinese: bool,
    keywords: Vec<String>,
    body: &'static str,
}

/// The article nearest to the topic: by language first, then by keywords.
pub(super) fn article_about(topic: &str, language: &str) -> String {
    let words = words_of(topic);
    let chinese = is_chinese(language);
    let nearest = ARTICLES
        .iter()
        // The first of equals wins, and `max_by_key` would take the last.
        .rev()
        .max_by_key(|article| (article.chinese == chinese, article.nearness(&words)));
    nearest.map(|article| article.adapted_to(topic)).unwrap_or_default()
}

/// What is still to be written of `article` after `so_far`.
pub(super) fn rest_after<'a>(article: &'a str, so_far: &str) -> &'a str {
    if let Some(rest) = article.strip_prefix(so_far) {
        return rest;
    }
    let starts = so_far.char_indices().rev().map(|(at, _)| at).take(OVERLAP_MAX);
    let ends: Vec<&str> = starts.skip(OVERLAP_MIN - 1).map(|at| &so_far[at..]).collect();
    let overlap = ends.iter().rev().find_map(|end| {
        let places = article.match_indices(end).map(|(at, _)| at + end.len());
        places.min_by_key(|place| place.abs_diff(so_far.len()))
    });
    // A text that has nothing in common with the article is followed by its first section.
    let place = overlap.or_else(|| article.find("\n\n## ")).unwrap_or(0);
    &article[place..]
}

impl Article {
    fn parse(source: &'static str) -> Option<Self> {
        let (front, body) = source.strip_prefix("---\n")?.split_once("\n---\n")?;
        let field = |name: &str| {
            front.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()))
        };
        let keywords = field("keywords")?.split(',').map(|word| words_of(word.trim()));
        Some(Self {
            chinese: is_chinese(field("language")?),
            keywords: keywords.collect(),
            body: body.trim_start(),
        })
    }

    /// How many of the article's keywords the topic holds.
    fn nearness(&self, topic: &str) -> usize {
        self.keywords.iter().filter(|keyword| topic.contains(keyword.as_str())).count()
    }

    fn adapted_to(&self, topic: &str) -> String {
        let title = as_markdown(topic);
        let parts: Vec<String> =
            self.body.split("{{title}}").map(|part| part.replace("{{topic}}", &title)).collect();
        parts.join(&title)
    }
}

/// In lower case, every word of letters and digits between spaces, so that a search finds whole
/// words only. Chinese has none: its characters stand as they are.
fn words_of(text: &str) -> String {
    let mut words = String::new();
    let mut in_word = false;
    for c in text.to_lowercase().chars() {
        let of_word = c.is_alphanumeric() && !is_cjk(c);
        if of_word != in_word {
            words.push(' ');
            in_word = of_word;
        }
        if of_word || is_cjk(c) {
            words.push(c);
        }
    }
    if in_word {
        words.push(' ');
    }
    words
}

/// Chinese characters, kana and hangul.
pub(super) fn is_cjk(c: char) -> bool {
    matches!(
        c,
        '\u{2E80}'..='\u{2FDF}'
            | '\u{3005}'..='\u{3007}'
            | '\u{3040}'..='\u{30FF}'
            | '\u{3400}'..='\u{4DBF}'
            | '\u{4E00}'..='\u{9FFF}'
            | '\u{AC00}'..='\u{D7AF}'
            | '\u{F900}'..='\u{FAFF}'
            | '\u{20000}'..='\u{3FFFF}'
    )
}

/// The topic on one line, its marks escaped where Markdown would take them for its own.
fn as_markdown(topic: &str) -> String {
    let mut escaped = String::new();
    let end = topic.char_indices().nth(TITLE_MAX).map(|(at, _)| at);
    for word in topic[..end.unwrap_or(topic.len())].split_whitespace() {
        if !escaped.is_empty() {
            escaped.push(' ');
        }
        if word.starts_with('#') {
            escaped.push('\\');
        }
        for c in word.chars() {
            if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '&' | '~' | '|' | '$') {
                escaped.push('\\');
            }
            escaped.push(c);
        }
    }
    if end.is_some() {
        escaped.push('…');
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::tokens;
    use super::*;

    fn opening(topic: &str, language: &str) -> String {
        let article = article_about(topic, language);
        article.lines().next().unwrap().to_owned()
    }

    fn source_about(topic: &str, language: &str) -> usize {
        let article = article_about(topic, language);
        let last = article.lines().last().unwrap();
        SOURCES.iter().position(|source| source.contains(last)).unwrap()
    }

    #[test]
    fn every_article_can_be_read_and_has_at_most_3000_tokens() {
        assert_eq!(ARTICLES.len(), SOURCES.len());
        for article in ARTICLES.iter() {
            assert!(article.keywords.len() > 5);
            assert!(article.body.starts_with("# {{title}}\n"));
            assert!(article.body.contains("{{topic}}"));
            let text = article.adapted_to(&"墨".repeat(500));
            assert!(tokens::count(&text) <= 3000, "{}", tokens::count(&text));
        }
    }

    #[test]
    fn the_nearest_article_is_taken() {
        for (place, topic, language) in [
            (0, "How does an async runtime schedule tasks?", "en"),
            (1, "Kubernetes liveness probes", "en-GB"),
            (2, "PostgreSQL or SQLite", "de"),
            (3, "用 SSE 做流式输出", "zh-CN"),
            (4, "用Rust写一个命令行工具", "zh"),
            (5, "大模型推理为什么慢", "zh-Hans"),
        ] {
            assert_eq!(source_about(topic, language), place, "{topic}");
        }
    }

    #[test]
    fn the_language_counts_before_the_topic() {
        assert!(source_about("Kubernetes liveness probe", "zh") >= 3);
        assert!(source_about("大模型推理", "en") < 3);
        assert_eq!(source_about("the history of tea", "en"), 0);
    }

    #[test]
    fn keywords_are_found_as_whole_words() {
        assert!(words_of("Go，并发！").contains(&words_of("go")));
        assert!(!words_of("Django algorithms").contains(&words_of("go")));
        assert!(words_of("为什么异步Rust快").contains(&words_of("异步")));
        assert!(words_of("why work-stealing wins").contains(&words_of("work stealing")));
    }

    #[test]
    fn the_title_follows_the_topic() {
        assert_eq!(opening("Async  runtimes\nin C#", "en"), "# Async runtimes in C#");
        assert_eq!(opening("Vec<T> & *const", "en"), r"# Vec\<T> \& \*const");
        assert_eq!(opening("# {{topic}}", "en"), r"# \# {{topic}}");
        assert_eq!(opening(&"a".repeat(500), "en").chars().count(), 2 + TITLE_MAX + 1);
        let article = article_about("流式输出", "zh");
        assert!(!article.contains("{{") && article.matches("流式输出").count() >= 2);
    }

    #[test]
    fn it_goes_on_exactly_after_the_text_so_far() {
        let article = article_about("async", "en");
        for cut in article.char_indices().map(|(at, _)| at).step_by(97) {
            assert_eq!(rest_after(&article, &article[..cut]), &article[cut..]);
        }
        assert_eq!(rest_after(&article, &article), "");
    }

    #[test]
    fn a_text_that_was_changed_is_joined_at_the_overlap() {
        let article = "one two three. Four five six. Seven eight.";
        assert_eq!(rest_after(article, "1 2 three. Four five"), " six. Seven eight.");
        let twice = "again and again and again and stop";
        assert_eq!(rest_after(twice, "AGAIN and again and"), " again and stop");
    }

    #[test]
    fn a_text_of_another_origin_is_followed_by_the_first_section() {
        assert_eq!(rest_after("# A\n\nLead.\n\n## One\n", "# B\n\nOther."), "\n\n## One\n");
    }
}
