//! The reader's language and theme: cookies, so that the server's page is right from the first byte.

use leptos::prelude::*;

use super::i18n::{Locale, Texts};

/// Light or dark, or as the system has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The value of the cookie and of the `data-theme` attribute; `None` for the system's.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::System => None,
            Self::Light => Some("light"),
            Self::Dark => Some("dark"),
        }
    }

    /// Reads [`Self::name`] back; what is unknown is the system's.
    pub fn parse(name: Option<&str>) -> Self {
        match name {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }

    /// The one that the switch goes to next.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }
}

/// What a reader prefers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Preferences {
    /// The language of the interface.
    pub locale: Locale,
    /// Light or dark.
    pub theme: Theme,
}

impl Preferences {
    /// From the request's cookies, and `Accept-Language` where they do not name a language.
    pub fn from_headers(cookie: &str, accept_language: &str) -> Self {
        let named = |name: &str| {
            cookie
                .split(';')
                .filter_map(|pair| pair.trim().split_once('='))
                .find_map(|(key, value)| (key == name).then_some(value))
        };
        Self {
            locale: named("lang")
                .and_then(Locale::parse)
                .unwrap_or_else(|| Locale::from_accept_language(accept_language)),
            theme: Theme::parse(named("theme")),
        }
    }

    /// Those of whoever sends these headers.
    #[cfg(feature = "ssr")]
    pub fn of_headers(headers: &axum::http::HeaderMap) -> Self {
        use axum::http::header::{ACCEPT_LANGUAGE, COOKIE};
        let text =
            |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self::from_headers(text(COOKIE), text(ACCEPT_LANGUAGE))
    }

    /// Those of the page: on the server from the request, in the browser from what the server
    /// wrote into `<html>`.
    pub fn of_this_page() -> Self {
        #[cfg(feature = "ssr")]
        {
            use axum::http::request::Parts;
            let Some(parts) = use_context::<Parts>() else {
                return Self::default();
            };
            Self::of_headers(&parts.headers)
        }
        #[cfg(not(feature = "ssr"))]
        {
            let root = document().document_element();
            let attribute = |name| root.as_ref().and_then(|root| root.get_attribute(name));
            Self {
                locale: attribute("lang").and_then(|tag| Locale::parse(&tag)).unwrap_or_default(),
                theme: Theme::parse(attribute("data-theme").as_deref()),
            }
        }
    }
}

/// The language of the interface.
pub fn use_locale() -> Locale {
    use_context::<Preferences>().unwrap_or_default().locale
}

/// The words of the interface, which [`App`](super::App) provides.
pub fn use_texts() -> &'static Texts {
    #[cfg(feature = "hydrate")]
    return expect_context();
    // A test shows a component by itself.
    #[cfg(not(feature = "hydrate"))]
    use_context().unwrap_or_else(|| use_locale().texts())
}

/// Keeps a preference for a year. An empty value forgets it.
pub fn keep(name: &str, value: &str) {
    use wasm_bindgen::JsCast;
    let age = if value.is_empty() { 0 } else { 31_536_000 };
    if let Ok(document) = document().dyn_into::<web_sys::HtmlDocument>() {
        let cookie = format!("{name}={value}; path=/; max-age={age}; samesite=lax");
        if let Err(error) = document.set_cookie(&cookie) {
            leptos::logging::warn!("the browser keeps no cookie: {error:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_decides_before_the_browsers_languages() {
        let read = Preferences::from_headers("a=b; lang=en; theme=dark", "zh-CN,zh;q=0.9");
        assert_eq!(read, Preferences { locale: Locale::En, theme: Theme::Dark });
    }

    #[test]
    fn without_a_cookie_the_preferred_known_language_is_taken() {
        let locale = |accept| Preferences::from_headers("", accept).locale;
        assert_eq!(locale("fr, zh-TW;q=0.8, en;q=0.5"), Locale::Zh);
        assert_eq!(locale("en;q=0.5, zh;q=0.9"), Locale::Zh);
        assert_eq!(locale("de"), Locale::En);
        assert_eq!(locale("zh;q=0, en;q=0.1"), Locale::En);
    }

    #[test]
    fn the_theme_switch_goes_through_all_three() {
        assert_eq!(Theme::System.next().next().next(), Theme::System);
    }
}
