//! The files of the built client: from the program itself, or from a folder.
//!
//! A release build carries them inside (feature `carry`), compressed beforehand, so that copying
//! one file is an installation. `site_dir` puts a folder in their place.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::header::{
    ACCEPT_ENCODING, ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING,
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use tower::ServiceExt;
use tower_http::services::ServeDir;

/// A file whose name changes with its content.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// A file whose name stays: fonts, the icon.
const FOR_A_DAY: HeaderValue = HeaderValue::from_static("public, max-age=86400");
/// The renderer for other people's pages, under names that stay: asked for anew each time, so that a
/// new one is had at once, and answered with 304 where it is the same.
const EMBED: &str = "/embed/";
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("public, no-cache");
/// What the renderer's example may do: load itself, and show pictures.
const EXAMPLE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; connect-src 'self'; \
     img-src 'self' http: https:; base-uri 'none'; object-src 'none'; form-action 'none'; \
     frame-ancestors 'none'",
);
/// What the program carries is looked for here while it carries nothing.
const USUAL_DIR: &str = "target/site";

/// A file of the program: its content, and the hash of it that was made with the program.
type Carried = (Cow<'static, [u8]>, [u8; 32]);
/// Gives a file by its name.
type Lookup = fn(&str) -> Option<Carried>;

/// What the program carries.
#[cfg(feature = "carry")]
mod carried {
    #[derive(rust_embed::Embed)]
    #[folder = "target/site"]
    #[allow_missing = true]
    pub(super) struct Files;
}

#[cfg(feature = "carry")]
const CARRIED: Option<Lookup> =
    Some(|name| carried::Files::get(name).map(|file| (file.data, file.metadata.sha256_hash())));
#[cfg(not(feature = "carry"))]
const CARRIED: Option<Lookup> = None;

/// The built client. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Site {
    source: Source,
    client: Arc<OnceLock<Arc<ClientFiles>>>,
}

/// The paths of the client's files, whose names change with every build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientFiles {
    /// The style sheet.
    pub style: String,
    /// The module that starts the program.
    pub script: String,
    /// The program (WebAssembly).
    pub program: String,
    /// The parts of the program by their names (`app::parts`).
    pub parts: BTreeMap<String, String>,
}

impl ClientFiles {
    /// Those that the build's page names.
    fn of(page: &str) -> Option<Self> {
        let named = |ending| {
            let mut quoted = page.split(['"', '\'']);
            quoted.find(|text| text.starts_with('/') && text.ends_with(ending)).map(str::to_owned)
        };
        let (_, parts) = page.split_once("id=\"parts\">")?;
        let (parts, _) = parts.split_once("</script>")?;
        Some(Self {
            style: named(".css")?,
            script: named(".js")?,
            program: named(".wasm")?,
            parts: serde_json::from_str(parts).ok()?,
        })
    }
}

#[derive(Clone, Debug)]
enum Source {
    Folder(PathBuf),
    Program(Lookup),
}

impl Site {
    /// The files of `dir`, or else those that the program carries.
    pub fn new(dir: Option<PathBuf>) -> Self {
        let source = match (dir, CARRIED) {
            (Some(dir), _) => Source::Folder(dir),
            (None, Some(lookup)) => Source::Program(lookup),
            (None, None) => Source::Folder(PathBuf::from(USUAL_DIR)),
        };
        Self { source, client: Arc::default() }
    }

    /// The files that a page loads; `None` while the client is not built. Looked up once, but in a
    /// debug build every time: there the names change while the server runs.
    pub fn client(&self) -> Option<Arc<ClientFiles>> {
        if let Some(client) = self.client.get() {
            return Some(Arc::clone(client));
        }
        let page = match &self.source {
            Source::Folder(dir) => std::fs::read_to_string(dir.join("index.html")).ok()?,
            Source::Program(lookup) => {
                String::from_utf8(lookup("index.html")?.0.into_owned()).ok()?
            }
        };
        let client = Arc::new(ClientFiles::of(&page)?);
        if !cfg!(debug_assertions) {
            self.client.get_or_init(|| Arc::clone(&client));
        }
        Some(client)
    }

    /// The answer to a request for a file; `None` where there is no such file.
    pub async fn file(&self, question: Request) -> Option<Response<Body>> {
        let path = question.uri().path().to_owned();
        // Trunk's page and hidden files are of no use to anybody.
        if path == "/index.html" || path.split('/').any(|part| part.starts_with('.')) {
            return None;
        }
        let mut answer = match &self.source {
            Source::Folder(dir) => from_folder(dir, question).await?,
            Source::Program(lookup) => {
                from_program(*lookup, question.method(), &path, question.headers())?
            }
        };
        let age = if is_hashed(&path) { FOR_EVER } else { FOR_A_DAY };
        answer.headers_mut().insert(CACHE_CONTROL, age);
        answer.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
        if path.starts_with(EMBED) {
            for_other_pages(answer.headers_mut(), &path);
        }
        Some(answer)
    }
}

/// Any page may load the renderer; there is nothing of anybody's in it.
fn for_other_pages(headers: &mut HeaderMap, path: &str) {
    headers.insert(CACHE_CONTROL, ASK_AGAIN);
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    if path.ends_with(".html") {
        headers.insert(CONTENT_SECURITY_POLICY, EXAMPLE_POLICY);
    }
}

async fn from_folder(dir: &std::path::Path, question: Request) -> Option<Response<Body>> {
    let files = ServeDir::new(dir)
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip();
    let Ok(answer) = files.oneshot(question).await;
    let found = answer.status().is_success() || answer.status() == StatusCode::NOT_MODIFIED;
    found.then(|| answer.map(Body::new))
}

fn from_program(
    lookup: Lookup,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> Option<Response<Body>> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let name = path.strip_prefix('/')?;
    let plain = lookup(name)?;
    let variants = [("br", ".br"), ("gzip", ".gz")];
    let compressed = variants
        .into_iter()
        .filter(|(coding, _)| accepts(headers, coding))
        .find_map(|(coding, ending)| Some((coding, lookup(&format!("{name}{ending}"))?)));
    let (coding, (content, [a, b, c, d, e, f, g, h, ..])) = match compressed {
        Some((coding, carried)) => (Some(coding), carried),
        None => (None, plain),
    };
    let content: Bytes = match content {
        Cow::Borrowed(content) => Bytes::from_static(content),
        Cow::Owned(content) => content.into(),
    };
    let hash = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    let tag = HeaderValue::try_from(format!("\"{hash:016x}\"")).ok()?;
    let mut answer = if headers.get(IF_NONE_MATCH).is_some_and(|known| names(known, &tag)) {
        let mut unchanged = Response::new(Body::empty());
        *unchanged.status_mut() = StatusCode::NOT_MODIFIED;
        unchanged
    } else {
        let mut found = Response::new(Body::from(content));
        let headers = found.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind_of(name)));
        if let Some(coding) = coding {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
        found
    };
    let headers = answer.headers_mut();
    headers.insert(ETAG, tag);
    Some(answer)
}

/// Whether an `If-None-Match` names this tag.
fn names(known: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(known), Ok(tag)) = (known.to_str(), tag.to_str()) else { return false };
    known
        .split(',')
        .any(|one| matches!(one.trim(), "*") || one.trim().trim_start_matches("W/") == tag)
}

/// Whether a coding is accepted (RFC 9110, 12.5.3); `q=0` says that it is not.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let refused = parts.any(|part| {
            part.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).is_some_and(|q| q == 0.0)
        });
        named && !refused
    })
}

/// The media type by the name's ending.
fn kind_of(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css",
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "wasm" => "application/wasm",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

/// Whether Trunk put the hash of the content into the name: `main-0123456789abcdef.css`. It writes the
/// number without leading zeros.
fn is_hashed(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = name.split('.').next().unwrap_or_default();
    stem.split(['-', '_']).any(|part| {
        (12..=16).contains(&part.len())
            && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the build writes it.
    const PAGE: &str = "<html><head><script type=\"module\">\nimport init from '/ink-0123.js';\n\
        await init({ module_or_path: '/ink-0123_bg.wasm' });\n</script>\n\
        <link rel=\"stylesheet\" href=\"/main-0123456789abcdef.css\"/>\n\
        <script type=\"application/json\" id=\"parts\">{\"library\":\"/library-0.pack\"}\
        </script></head></html>";

    fn carried(name: &str) -> Option<Carried> {
        let content: &[u8] = match name {
            "index.html" => PAGE.as_bytes(),
            "main-0123456789abcdef.css" => b"plain",
            "main-0123456789abcdef.css.br" => b"brotli",
            "favicon.svg" => b"<svg/>",
            _ => return None,
        };
        Some((content.into(), *blake3::hash(content).as_bytes()))
    }

    async fn ask(path: &str, headers: &[(&str, &str)]) -> Option<(Response<Body>, Bytes)> {
        let site = Site { source: Source::Program(carried), client: Arc::default() };
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (parts, body) = site.file(request.body(Body::empty()).unwrap()).await?.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        Some((Response::from_parts(parts, Body::empty()), body))
    }

    #[tokio::test]
    async fn what_the_program_carries_is_sent_as_the_client_takes_it() {
        let style = "/main-0123456789abcdef.css";
        for (accepted, sent, coding) in [
            ("gzip, deflate, br", "brotli", Some("br")),
            ("gzip", "plain", None),
            ("br;q=0, gzip", "plain", None),
        ] {
            let (answer, body) = ask(style, &[("accept-encoding", accepted)]).await.unwrap();
            assert_eq!(body, sent);
            let said = answer.headers().get(CONTENT_ENCODING).map(|it| it.to_str().unwrap());
            assert_eq!(said, coding);
            assert_eq!(answer.headers()[CONTENT_TYPE], "text/css");
            assert_eq!(answer.headers()[CACHE_CONTROL], FOR_EVER);
            assert_eq!(answer.headers()[VARY], "accept-encoding");
        }
        let (icon, _) = ask("/favicon.svg", &[]).await.unwrap();
        assert_eq!(icon.headers()[CACHE_CONTROL], FOR_A_DAY);
        let tag = icon.headers()[ETAG].to_str().unwrap();
        let (known, body) = ask("/favicon.svg", &[("if-none-match", tag)]).await.unwrap();
        assert_eq!((known.status(), body.len()), (StatusCode::NOT_MODIFIED, 0));
        for hidden in ["/index.html", "/.built-release", "/nothing.css", "/"] {
            assert!(ask(hidden, &[]).await.is_none(), "{hidden}");
        }
    }

    #[tokio::test]
    async fn caches_are_told_of_the_coding_whatever_the_files_come_from() {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [("a.css", "plain"), ("a.css.br", "brotli")] {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let site = Site::new(Some(folder.path().to_owned()));
        let question = Request::get("/a.css").header("accept-encoding", "br");
        let answer = site.file(question.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.headers()[CONTENT_ENCODING], "br");
        let vary = answer.headers().get_all(VARY).iter().collect::<Vec<_>>();
        assert_eq!(vary, ["accept-encoding"]);
    }

    #[test]
    fn the_clients_files_are_those_that_the_build_named() {
        let site = Site { source: Source::Program(carried), client: Arc::default() };
        let client = site.client().unwrap();
        assert_eq!(client.style, "/main-0123456789abcdef.css");
        assert_eq!((&*client.script, &*client.program), ("/ink-0123.js", "/ink-0123_bg.wasm"));
        assert_eq!(client.parts["library"], "/library-0.pack");
        let missing = Site { source: Source::Folder("nowhere".into()), client: Arc::default() };
        assert_eq!(missing.client(), None);
    }

    #[test]
    fn only_names_with_a_hash_are_kept_for_ever() {
        assert!(is_hashed("/inkstream-0123456789abcdef_bg.wasm"));
        assert!(is_hashed("/main-fedcba9876543210.css"));
        assert!(is_hashed("/inkstream-cbff298b9cbd7ba.js"));
        assert!(!is_hashed("/favicon.svg"));
        assert!(!is_hashed("/fonts/inter-latin-wght-normal.woff2"));
    }
}
