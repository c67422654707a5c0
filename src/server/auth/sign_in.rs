//! The page that asks for the access token. It works without JavaScript, and without the client
//! having been built.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Form, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderValue, RETRY_AFTER, SET_COOKIE, VARY,
    WWW_AUTHENTICATE,
};
use axum::http::{StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use leptos::prelude::*;
use serde::Deserialize;

use super::session::Sessions;
use super::throttle::Wait;
use super::{Access, Refusal, see_other};
use crate::app::i18n::Locale;
use crate::app::preferences::Preferences;
use crate::server::client::Client;
use crate::server::clock::now_ms;
use crate::server::shell;
use crate::server::state::AppState;

/// Where it is.
pub const PATH: &str = "/sign-in";
/// Where a session is ended.
pub const OUT_PATH: &str = "/sign-out";

/// The longest address that is come back to, in bytes.
const WANTED_MAX: usize = 2000;

/// Nothing but the form and its looks.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; form-action 'self'; \
     base-uri 'none'; object-src 'none'; frame-ancestors 'none'",
);

/// The words of this page. They are not among the interface's, which the browser loads whole.
struct Words {
    title: &'static str,
    explanation: &'static str,
    label: &'static str,
    submit: &'static str,
    wrong: &'static str,
    plain_http: &'static str,
    other: &'static str,
}

const EN: Words = Words {
    title: "Sign in",
    explanation: "This installation asks for its access token. Whoever runs the server has it.",
    label: "Access token",
    submit: "Sign in",
    wrong: "That is not the token. Check it and try again.",
    plain_http: "This connection is not encrypted: others on the network can read the token.",
    other: "中文",
};

const ZH: Words = Words {
    title: "登录",
    explanation: "这台服务器需要访问令牌，可向管理员索取。",
    label: "访问令牌",
    submit: "登录",
    wrong: "令牌不对，请核对后再试。",
    plain_http: "当前连接未加密，同一网络中的其他人可能看到令牌。",
    other: "English",
};

fn too_many(locale: Locale, wait: Wait) -> String {
    let seconds = whole_seconds(wait);
    match locale {
        Locale::En => format!(
            "Too many wrong tokens came from your address. Wait {seconds} s, then try again."
        ),
        Locale::Zh => format!("来自您这个地址的错误令牌太多，请等待 {seconds} 秒后再试。"),
    }
}

/// What is asked for in the address.
#[derive(Debug, Default, Deserialize)]
struct Question {
    /// Where one wanted to go.
    to: Option<String>,
    /// A language to show the page in from now on.
    lang: Option<String>,
}

/// The form.
#[derive(Deserialize)]
struct Answer {
    token: String,
    #[serde(default)]
    to: String,
}

/// What the page needs to know.
#[derive(Clone)]
struct Page {
    access: Option<Arc<Access>>,
    state: AppState,
}

/// The pages of signing in and out.
pub fn routes(state: &AppState) -> Router {
    let page = Page { access: state.access.clone(), state: state.clone() };
    Router::new()
        .route(PATH, get(show).post(submit))
        .route(OUT_PATH, post(sign_out))
        .with_state(page)
}

/// The page's address for someone who wanted to go somewhere else.
pub fn address(wanted: &str) -> String {
    let wanted = same_site(wanted);
    if wanted == "/" {
        return PATH.to_owned();
    }
    let query: String = reqwest::Url::parse_with_params("http://localhost", [("to", wanted)])
        .ok()
        .and_then(|url| url.query().map(str::to_owned))
        .unwrap_or_default();
    format!("{PATH}?{query}")
}

/// The path if it is one of this site, else `/`. Browsers read `//host`, `/\host` and what hides
/// behind a tab or a line break as another site.
fn same_site(wanted: &str) -> &str {
    let inside = wanted.starts_with('/')
        && !wanted.starts_with("//")
        && !wanted.contains('\\')
        && !wanted.chars().any(|c| c.is_control() || c.is_whitespace())
        && wanted.len() <= WANTED_MAX
        && wanted.parse::<Uri>().is_ok_and(|uri| uri.authority().is_none())
        && !wanted.starts_with(PATH);
    if inside { wanted } else { "/" }
}

async fn show(State(page): State<Page>, request: Request) -> Response {
    let question: Question =
        axum::extract::Query::try_from_uri(request.uri()).map(|query| query.0).unwrap_or_default();
    let wanted = question.to.as_deref().map_or("/", same_site);
    let client = Client::of(request.extensions());
    let Some(access) = &page.access else { return see_other(wanted) };
    if access.sessions.is_valid(request.headers(), now_ms()) && question.lang.is_none() {
        return see_other(wanted);
    }
    let chosen = question.lang.as_deref().and_then(Locale::parse);
    let mut preferences = Preferences::of_headers(request.headers());
    preferences.locale = chosen.unwrap_or(preferences.locale);
    let mut response = page.render(StatusCode::OK, preferences, wanted, None, &client);
    if let Some(locale) = chosen {
        let cookie = format!("lang={}; Path=/; Max-Age=31536000; SameSite=Lax", locale.tag());
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    response
}

async fn submit(
    State(page): State<Page>,
    client: Client,
    headers: HeaderMap,
    form: Result<Form<Answer>, axum::extract::rejection::FormRejection>,
) -> Response {
    let preferences = Preferences::of_headers(&headers);
    let Some(access) = &page.access else { return see_other("/") };
    let answer = match form {
        Ok(Form(answer)) => answer,
        Err(_) => Answer { token: String::new(), to: String::new() },
    };
    let wanted = same_site(&answer.to);
    let (status, said, wait) = match access.try_token(answer.token.trim().as_bytes(), &client) {
        Ok(()) => {
            let mut response = see_other(wanted);
            let cookie = access.sessions.begin(now_ms(), client.https);
            if let Ok(cookie) = HeaderValue::try_from(cookie) {
                response.headers_mut().append(SET_COOKIE, cookie);
            }
            return response;
        }
        Err(Refusal::TooMany(wait)) => {
            (StatusCode::TOO_MANY_REQUESTS, too_many(preferences.locale, wait), Some(wait))
        }
        Err(_) => (StatusCode::UNAUTHORIZED, words(preferences.locale).wrong.to_owned(), None),
    };
    let mut response = page.render(status, preferences, wanted, Some(said), &client);
    match wait {
        Some(wait) => {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(whole_seconds(wait)));
        }
        None => {
            let scheme = HeaderValue::from_static("Bearer");
            response.headers_mut().insert(WWW_AUTHENTICATE, scheme);
        }
    }
    response
}

async fn sign_out(client: Client) -> Response {
    let mut response = see_other(PATH);
    if let Ok(cookie) = HeaderValue::try_from(Sessions::end(client.https)) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

fn words(locale: Locale) -> &'static Words {
    match locale {
        Locale::En => &EN,
        Locale::Zh => &ZH,
    }
}

fn whole_seconds(wait: Wait) -> u64 {
    wait.0.as_secs() + u64::from(wait.0.subsec_nanos() > 0)
}

impl Page {
    fn render(
        &self,
        status: StatusCode,
        preferences: Preferences,
        wanted: &str,
        said: Option<String>,
        client: &Client,
    ) -> Response {
        let words = words(preferences.locale);
        let other = preferences.locale.other();
        let there = address(wanted);
        let joint = if there.contains('?') { '&' } else { '?' };
        let other_address = format!("{there}{joint}lang={}", other.tag());
        let faulty = said.as_ref().map(|_| "true");
        let described = said.as_ref().map(|_| "said");
        let head = view! { <meta name="robots" content="noindex" /> };
        let main = view! {
            <main class="sign-in">
                <p class="name">
                    <span class="word">"Inkstream"</span>
                    <a class="btn quiet" href=other_address lang=other.tag()>
                        {words.other}
                    </a>
                </p>
                <h1>{words.title}</h1>
                <p class="muted">{words.explanation}</p>
                {client.is_exposed().then(|| view! { <p class="note warn">{words.plain_http}</p> })}
                <form method="post" action=PATH>
                    <input type="hidden" name="to" value=wanted.to_owned() />
                    <label for="token">{words.label}</label>
                    <input
                        id="token"
                        name="token"
                        type="password"
                        autocomplete="current-password"
                        autocapitalize="none"
                        spellcheck="false"
                        required=true
                        autofocus=true
                        aria-invalid=faulty
                        aria-describedby=described
                    />
                    {said.map(|said| view! { <p id="said" class="fault" role="alert">{said}</p> })}
                    <button class="btn primary" type="submit">
                        {words.submit}
                    </button>
                </form>
            </main>
        };
        let html = shell::bare_page(&self.state, preferences, words.title, head, main);
        let mut response = (status, Html(html)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_SECURITY_POLICY, POLICY);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(VARY, HeaderValue::from_static("cookie, accept-language"));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_comes_back_to_paths_of_this_site_alone() {
        for wanted in ["/articles", "/articles/0?revision=1", "/?q=%2F%2Fx"] {
            assert_eq!(same_site(wanted), wanted);
        }
        for wanted in [
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/\t/evil.example",
            "/a b",
            "articles",
            "",
            "/sign-in?to=/sign-in",
        ] {
            assert_eq!(same_site(wanted), "/", "{wanted:?}");
        }
    }

    #[test]
    fn where_one_wanted_to_go_stands_in_the_address() {
        assert_eq!(address("/"), "/sign-in");
        assert_eq!(address("/articles?q=a&b"), "/sign-in?to=%2Farticles%3Fq%3Da%26b");
    }
}
