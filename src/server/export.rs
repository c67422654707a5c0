//! Articles as files: Markdown with front matter, and a page that stands alone.
//!
//! The page has its own style and no script, and loads nothing but the article's images. It holds
//! the article's rendering and not its source.

use std::fmt::Write as _;

use uuid::Uuid;

use super::state::AppState;
use crate::app::format::utc;
use crate::article::generation::{Article, Revision, UnixMs};
use crate::article::html_writer::escape_attribute;
use crate::article::problem::{Code, Problem};

/// The style of a page that stands alone.
const STYLE: &str = include_str!("export.css");

/// The longest file name, in characters, without its ending.
const NAME_MAX: usize = 80;

/// What a file is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, utoipa::ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Format {
    /// The source, behind YAML front matter.
    #[default]
    Markdown,
    /// A page that stands alone.
    Html,
}

impl Format {
    /// The format of this name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "markdown" => Some(Self::Markdown),
            "html" => Some(Self::Html),
            _ => None,
        }
    }

    /// The `Content-Type`.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Html => "html",
        }
    }
}

/// A file to be saved.
#[derive(Clone, Debug)]
pub struct File {
    /// What is in it.
    pub content: String,
    /// The `Content-Disposition`, which names it.
    pub disposition: String,
}

impl AppState {
    /// An article's current revision, or the one that is named, as a file.
    ///
    /// # Errors
    /// There is no such article or revision, the article has no text yet, or the store cannot be
    /// read.
    pub async fn export(
        &self,
        id: Uuid,
        revision: Option<Uuid>,
        format: Format,
    ) -> Result<File, Problem> {
        let mut article = self.article(id).await?;
        let (title, revision) = match revision {
            Some(revision) => {
                let revision = self.revision(id, revision).await?;
                (revision.meta.title.clone(), revision)
            }
            None => {
                let revision = article.revision.take().ok_or_else(no_text)?;
                (article.summary.title.clone(), revision)
            }
        };
        let content = match format {
            Format::Markdown => markdown(&article, &title, &revision),
            Format::Html => {
                let html = self.store.revision_html(revision.id).await;
                let html = html.map_err(|error| error.to_problem())?.unwrap_or_default();
                page(&article, &title, &revision, &html)
            }
        };
        let disposition = disposition(&revision.meta.slug, &title, format.ending());
        Ok(File { content, disposition })
    }
}

fn no_text() -> Problem {
    Problem::new(
        Code::RevisionNotFound,
        "The article has no text yet.",
        "Wait until it is written, or stop it: what is there then can be exported.",
    )
    .with_param("revision")
}

/// The source behind YAML front matter, which the usual site generators read.
fn markdown(article: &Article, title: &str, revision: &Revision) -> String {
    let mut file = String::from("---\n");
    for (name, value) in [
        ("title", title),
        ("description", revision.meta.summary.as_str()),
        ("slug", revision.meta.slug.as_str()),
        ("lang", article.summary.language.as_str()),
    ] {
        // A JSON string is a double-quoted scalar of YAML 1.2.
        let value = serde_json::Value::from(value).to_string().replace('\u{7f}', "\\u007f");
        line(&mut file, name, &value);
    }
    line(&mut file, "date", &moment(article.summary.created_at));
    line(&mut file, "lastmod", &moment(revision.created_at));
    if !revision.meta.tags.is_empty() {
        line(&mut file, "tags", &serde_json::Value::from(revision.meta.tags.clone()).to_string());
    }
    file.push_str("---\n\n");
    file.push_str(&revision.text);
    if !file.ends_with('\n') {
        file.push('\n');
    }
    file
}

fn line(file: &mut String, name: &str, value: &str) {
    file.push_str(name);
    file.push_str(": ");
    file.push_str(value);
    file.push('\n');
}

/// RFC 3339, in UTC.
fn moment(at: UnixMs) -> String {
    format!("{}:{:02}Z", utc(at).replace(' ', "T"), at.div_euclid(1000).rem_euclid(60))
}

/// A page that stands alone. `html` has gone through the sanitiser.
fn page(article: &Article, title: &str, revision: &Revision, html: &str) -> String {
    let escaped = |text: &str| {
        let mut html = String::new();
        escape_attribute(text, &mut html);
        html
    };
    let (title, summary) = (escaped(title), escaped(&revision.meta.summary));
    let language = escaped(&article.summary.language);
    let heading = if html.contains("<h1") { String::new() } else { format!("<h1>{title}</h1>\n") };
    format!(
        "<!DOCTYPE html>\n<html lang=\"{language}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         img-src http: https: data:; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"description\" content=\"{summary}\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<article>\n{heading}{html}\n</article>\n\
         </body>\n</html>\n"
    )
}

/// `Content-Disposition` (RFC 6266): the slug for everyone, the title (RFC 8187) for those who
/// read it.
fn disposition(slug: &str, title: &str, ending: &str) -> String {
    let slug: String = slug.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let slug = if slug.is_empty() { "article" } else { &slug };
    let mut name: String = title
        .chars()
        // What some file system refuses, and what turns the direction of writing.
        .map(|c| if c.is_control() || "/\\:*?\"<>|".contains(c) { ' ' } else { c })
        .filter(|c| !matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        .take(NAME_MAX)
        .collect();
    name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let name = name.trim_matches(['.', ' ']);
    let name = if name.is_empty() { slug } else { name };
    let mut encoded = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{slug}.{ending}\"; filename*=UTF-8''{encoded}.{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_for_old_and_new_clients() {
        assert_eq!(
            disposition("huan-cun", "缓存: a/b", "md"),
            "attachment; filename=\"huan-cun.md\"; filename*=UTF-8''%E7%BC%93%E5%AD%98%20a%20b.md"
        );
        let hostile = disposition("a\"\r\nX: y", "..\u{202e}\r\n\"/", "html");
        assert_eq!(hostile, "attachment; filename=\"aXy.html\"; filename*=UTF-8''aXy.html");
    }

    #[test]
    fn moments_are_those_of_rfc_3339() {
        assert_eq!(moment(1_709_210_096_789), "2024-02-29T12:34:56Z");
    }
}
