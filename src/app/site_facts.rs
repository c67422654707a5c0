//! How the page came: known to the server, and told to the browser by attributes of `<html>`.

/// What the header of a page depends on besides preferences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SiteFacts {
    /// Whether others on the way can read along.
    pub plain_http: bool,
    /// Whether a session let this page in, which can be ended.
    pub signed_in: bool,
}

impl SiteFacts {
    /// Those of the page: on the server from the request, in the browser from `<html>`.
    pub fn of_this_page() -> Self {
        #[cfg(feature = "ssr")]
        {
            use axum::http::{header, request::Parts};
            let Some(parts) = leptos::prelude::use_context::<Parts>() else {
                return Self::default();
            };
            let facts = parts.extensions.get::<Self>().copied().unwrap_or_default();
            let cookies = parts.headers.get(header::COOKIE).and_then(|value| value.to_str().ok());
            let known = cookies.is_some_and(|cookies| {
                cookies.split(';').any(|pair| pair.trim() == "plain_http=known")
            });
            Self { plain_http: facts.plain_http && !known, ..facts }
        }
        #[cfg(not(feature = "ssr"))]
        {
            let root = leptos::prelude::document().document_element();
            let has = |name| root.as_ref().is_some_and(|root| root.has_attribute(name));
            Self { plain_http: has("data-plain-http"), signed_in: has("data-signed-in") }
        }
    }
}
