//! What machines read of an article: search engines, and whoever shows a preview of a link.

use leptos::prelude::*;

use crate::app::page_data::ArticleData;

/// Description, canonical address, Open Graph and JSON-LD. Only the server writes them; in the
/// browser the same place is empty.
pub fn article_head(data: &ArticleData) -> impl IntoView + use<> {
    #[cfg(feature = "ssr")]
    {
        server::head(data)
    }
    #[cfg(not(feature = "ssr"))]
    {
        let _: &ArticleData = data;
        view! { <div hidden></div> }
    }
}

#[cfg(feature = "ssr")]
mod server {
    use leptos::nonce::use_nonce;
    use leptos::prelude::*;
    use leptos_meta::{Link, Meta};
    use serde_json::json;

    use crate::app::format::utc;
    use crate::app::page_data::ArticleData;
    use crate::server::client::Client;
    use crate::server::state::AppState;

    pub(super) fn head(data: &ArticleData) -> impl IntoView + use<> {
        let article = &data.article;
        let address = format!("{}/articles/{}", origin(), article.id);
        let title = article.title.clone();
        let summary = data.meta.as_ref().map(|meta| meta.summary.clone()).unwrap_or_default();
        let json = data.meta.as_ref().map(|meta| {
            let value = json!({
                "@context": "https://schema.org",
                "@type": "TechArticle",
                "headline": title,
                "description": summary,
                "inLanguage": article.language,
                "wordCount": meta.words,
                "timeRequired": format!("PT{}M", meta.reading_minutes),
                "datePublished": moment(article.created_at),
                "dateModified": moment(article.updated_at),
                "mainEntityOfPage": address,
                "url": address,
            });
            script_json(&value)
        });
        let nonce = use_nonce().map(|nonce| nonce.to_string());
        view! {
            <div hidden>
                <Meta name="description" content=summary.clone() />
                <Link rel="canonical" href=address.clone() />
                <Meta property="og:type" content="article" />
                <Meta property="og:site_name" content="Inkstream" />
                <Meta property="og:title" content=title />
                <Meta property="og:description" content=summary />
                <Meta property="og:url" content=address />
                <Meta property="og:locale" content=article.language.replace('-', "_") />
                <Meta property="article:published_time" content=moment(article.created_at) />
                <Meta property="article:modified_time" content=moment(article.updated_at) />
                {json
                    .map(|json| {
                        view! { <script type="application/ld+json" nonce=nonce inner_html=json></script> }
                    })}
            </div>
        }
    }

    /// JSON that can stand in a script element: nothing in it can end or open one.
    fn script_json(value: &serde_json::Value) -> String {
        value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
    }

    fn moment(at: i64) -> String {
        format!("{}Z", utc(at).replace(' ', "T"))
    }

    /// Where readers find the site: as the operator says, or as the request was sent.
    fn origin() -> String {
        let public = use_context::<AppState>()
            .and_then(|state| Some(state.config.server.public_url.as_ref()?.origin.clone()));
        let sent_to = || {
            let parts = use_context::<axum::http::request::Parts>()?;
            let host = parts.headers.get(axum::http::header::HOST)?.to_str().ok()?;
            let scheme = if Client::of(&parts.extensions).https { "https" } else { "http" };
            Some(format!("{scheme}://{host}"))
        };
        public.or_else(sent_to).unwrap_or_default()
    }

    #[cfg(test)]
    mod tests {
        use super::script_json;

        #[test]
        fn nothing_in_a_script_ends_it() {
            let json = script_json(&serde_json::json!("</script><!--<script>&"));
            assert!(!json.contains(['<', '>', '&']), "{json}");
            let read: String = serde_json::from_str(&json).unwrap();
            assert_eq!(read, "</script><!--<script>&");
        }
    }
}
