//! The interface, rendered on the server and brought to life in the browser.
//!
//! Everything here compiles in both builds and renders the same tree in both. What only a browser
//! can do happens in effects and event handlers, which never run on the server. Two files talk to
//! the network: [`api`] and [`generation_client`]; what a page shows when it opens comes through
//! [`page_data`]. Model text reaches the page through [`crate::renderer`] alone.

pub mod acting;
pub mod api;
pub mod article_writer;
pub mod brief_draft;
pub mod components;
pub mod draft_store;
pub mod edit_drafts;
pub mod estimate;
pub mod fetched;
pub mod focus;
pub mod follow_end;
pub mod format;
pub mod frames;
pub mod generation_client;
pub mod go_on;
pub mod i18n;
pub mod later;
pub mod live;
pub mod lumps;
pub mod navigation;
pub mod page_data;
pub mod pages;
pub mod parts;
pub mod preferences;
pub mod preview;
pub mod progress;
pub mod sending;
pub mod site_facts;
pub mod site_status;
#[cfg(feature = "hydrate")]
pub mod start;
pub mod tab_icon;
pub mod title;

use leptos::prelude::*;

use self::components::header::Header;
use self::components::library_search::provide_search_keys;
use self::i18n::Texts;
use self::navigation::Place;
use self::pages::NotFoundPage;
use self::preferences::Preferences;
use self::site_facts::SiteFacts;
use self::site_status::SiteStatus;

/// Whether the browser has taken the page over. Until then buttons would do nothing, and are
/// disabled.
#[derive(Clone, Copy, Debug)]
pub struct Hydrated(RwSignal<bool>);

impl Hydrated {
    /// Whether what cannot work yet has to be disabled.
    pub fn not_yet(self) -> bool {
        !self.0.get()
    }

    /// Whether the view that is being made takes over what the server rendered.
    pub fn is_taking_over(self) -> bool {
        !self.0.get_untracked()
    }
}

/// See [`Hydrated`].
pub fn use_hydrated() -> Hydrated {
    use_context().unwrap_or_else(|| Hydrated(RwSignal::new(true)))
}

/// The application, in the words of the reader's language.
#[component]
pub fn App(
    /// What it says.
    texts: &'static Texts,
) -> impl IntoView {
    title::provide_titles();
    provide_context(texts);
    provide_context(Preferences::of_this_page());
    provide_context(SiteFacts::of_this_page());
    SiteStatus::provide();
    let hydrated = RwSignal::new(false);
    provide_context(Hydrated(hydrated));
    Effect::new(move || hydrated.set(true));
    let place = navigation::provide_navigation().place();
    let page = Memo::new(move |_| place.with(Place::page));
    let shown = move || match page.get() {
        Some(page) => parts::page(page),
        None => view! { <NotFoundPage /> }.into_any(),
    };
    view! {
        <Header />
        {provide_search_keys()}
        {shown}
    }
}
