//! Where the reader is, and how one goes elsewhere without loading a page anew.
//!
//! There are six kinds of pages. A router for any number of them, nested and lazy, was a tenth of
//! what a browser loaded.

use std::time::Duration;

use leptos::leptos_dom::helpers::{TimeoutHandle, set_timeout_with_handle};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};

use super::frames::when_there;

/// A view that has not moved for so long is where the reader wants it.
const AT_REST: Duration = Duration::from_millis(200);
/// By these the reader acts.
const ACTS: [&str; 4] = ["keydown", "pointerdown", "touchstart", "wheel"];

/// A kind of page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The brief of a new article.
    Compose,
    /// The models.
    Connect,
    /// What is going on.
    Operations,
    /// All articles.
    Library,
    /// An article.
    Article,
    /// Two of its revisions.
    Compare,
}

impl Page {
    /// Their paths, as axum writes them.
    pub const PATHS: [&str; 6] =
        ["/", "/models", "/operations", "/articles", "/articles/{id}", "/articles/{id}/compare"];

    /// That of a path; `None`: there is no such page.
    pub fn of(path: &str) -> Option<Self> {
        let steps = path.strip_prefix('/')?.split('/').collect::<Vec<_>>();
        Some(match steps.as_slice() {
            [""] => Self::Compose,
            ["models"] => Self::Connect,
            ["operations"] => Self::Operations,
            ["articles"] => Self::Library,
            ["articles", id] if !id.is_empty() => Self::Article,
            ["articles", id, "compare"] if !id.is_empty() => Self::Compare,
            _ => return None,
        })
    }
}

/// An address of the interface, without what stands behind `#`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Its path.
    pub path: String,
    /// What stands behind `?`; empty where there is none.
    query: String,
}

impl Place {
    fn new(address: &str) -> Self {
        let (address, _) = address.split_once('#').unwrap_or((address, ""));
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        Self { path: path.to_owned(), query: query.to_owned() }
    }

    /// On the server that of the request, in the browser that of the window.
    pub(super) fn of_this_page() -> Self {
        #[cfg(feature = "ssr")]
        {
            use axum::http::request::Parts;
            let asked = use_context::<Parts>()
                .and_then(|request| request.uri.path_and_query().map(ToString::to_string));
            Self::new(asked.as_deref().unwrap_or("/"))
        }
        #[cfg(not(feature = "ssr"))]
        {
            let window = location();
            let path = window.pathname().unwrap_or_default();
            Self::new(&(path + &window.search().unwrap_or_default()))
        }
    }

    /// What kind of page is there.
    pub fn page(&self) -> Option<Page> {
        Page::of(&self.path)
    }

    /// The article that the path names.
    pub fn article(&self) -> &str {
        let article = self.path.strip_prefix("/articles/").unwrap_or_default();
        article.split('/').next().unwrap_or_default()
    }

    /// What a part of the query says.
    pub fn part(&self, name: &str) -> Option<String> {
        #[cfg(feature = "ssr")]
        {
            let mut parts = form_urlencoded::parse(self.query.as_bytes());
            parts.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
        }
        #[cfg(not(feature = "ssr"))]
        web_sys::UrlSearchParams::new_with_str(&self.query).ok()?.get(name)
    }

    /// The address itself.
    pub fn address(&self) -> String {
        match self.query.as_str() {
            "" => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }
}

/// The way to other pages, and where the reader is now. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Navigation {
    here: RwSignal<Place>,
    /// Whether the reader has done anything since the last change of place.
    acted: StoredValue<bool>,
    /// Keeps where the view is, once it is at rest.
    keeping: StoredValue<Option<TimeoutHandle>>,
}

/// How one goes.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Whether Back leads to where one was before this place.
    pub replace: bool,
    /// Whether the new page is shown from its top.
    pub scroll: bool,
}

impl Navigation {
    fn new(here: Place) -> Self {
        let here = RwSignal::new(here);
        Self { here, acted: StoredValue::new(false), keeping: StoredValue::new(None) }
    }

    /// Where the reader is.
    pub fn place(self) -> Signal<Place> {
        self.here.into()
    }

    /// Goes to an address of the interface.
    pub fn go(self, address: &str) {
        self.step(address, Step { replace: false, scroll: true });
    }

    /// Goes there in a certain way.
    pub fn step(self, address: &str, Step { replace, scroll }: Step) {
        let window = window();
        let place = Place::new(address);
        let gone = window.history().and_then(|history| {
            let address = Some(address);
            // As for a link to where one is.
            if replace || self.here.with_untracked(|here| *here == place) {
                return history.replace_state_with_url(&JsValue::NULL, "", address);
            }
            keep_scroll()?;
            history.push_state_with_url(&JsValue::NULL, "", address)
        });
        if gone.is_err() {
            // Browsers limit how often a page may do it; then it is loaded anew.
            if let Err(error) = window.location().set_href(address) {
                leptos::logging::warn!("no way to {address}: {error:?}");
            }
            return;
        }
        self.arrive(place, None);
        if scroll {
            window.scroll_to_with_x_and_y(0.0, 0.0);
        }
    }

    /// Shows what is there: as soon as it is in place the keyboard goes on from it, and the view
    /// returns to `y`, unless the reader has acted or gone on meanwhile.
    fn arrive(self, place: Place, y: Option<f64>) {
        self.stop_keeping();
        let from = self.here.get_untracked();
        if from == place {
            return;
        }
        let is_same_page = from.path == place.path;
        self.here.set(place.clone());
        let settle = move || {
            let stays = self.here.try_with_untracked(|here| *here == place) == Some(true);
            if !stays || self.acted.try_get_value() != Some(false) {
                return true;
            }
            let page = document().get_element_by_id("content");
            let Some(page) = page.filter(|page| page.child_element_count() > 0) else {
                return false;
            };
            if !is_same_page {
                begin_with(&page);
            }
            y.is_none_or(scroll_to)
        };
        // With the next frame the page that was left is gone, and what led here done.
        request_animation_frame(move || {
            _ = self.acted.try_set_value(false);
            when_there(settle);
        });
    }

    /// Whoever comes back finds the view where it was.
    fn keep_scroll_at_rest(self) {
        // A view that follows an article moves with every frame.
        if self.keeping.with_value(Option::is_some) {
            return;
        }
        let before = window().scroll_y();
        let keep = move || {
            self.keeping.set_value(None);
            if window().scroll_y() != before {
                self.keep_scroll_at_rest();
            } else if let Err(error) = keep_scroll() {
                leptos::logging::warn!("where the view is cannot be kept: {error:?}");
            }
        };
        self.keeping.set_value(set_timeout_with_handle(keep, AT_REST).ok());
    }

    fn stop_keeping(self) {
        if let Some(timer) = self.keeping.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    }
}

/// Keeps where the view is with the place in the browser's history.
fn keep_scroll() -> Result<(), JsValue> {
    window().history()?.replace_state(&window().scroll_y()?.into(), "")
}

/// Scrolls there, or as near as the page is high; whether it is high enough.
fn scroll_to(y: f64) -> bool {
    window().scroll_to_with_x_and_y(0.0, y);
    let height = document().document_element().map_or(0, |root| root.scroll_height());
    let view = window().inner_height().ok().and_then(|view| view.as_f64());
    f64::from(height) - view.unwrap_or_default() >= y
}

/// Has the keyboard, and who listens to the page, go on from its content, unless it has put them
/// somewhere within already.
fn begin_with(page: &web_sys::Element) {
    let within = document().active_element();
    let Some(page) = page.dyn_ref::<web_sys::HtmlElement>() else { return };
    if !page.contains(within.as_deref()) {
        page.set_tab_index(-1);
        let options = web_sys::FocusOptions::new();
        options.set_prevent_scroll(true);
        _ = page.focus_with_options(&options);
    }
}

/// Lets everything inside know where the reader is, and go elsewhere; links do so, too.
pub fn provide_navigation() -> Navigation {
    let navigation = Navigation::new(Place::of_this_page());
    provide_context(navigation);
    Effect::new(move || {
        let link = window_event_listener(leptos::ev::click, move |click| {
            if let Some((address, step)) = step_of(&click) {
                click.prevent_default();
                navigation.step(&address, step);
            }
        });
        // Back and Forward.
        let other = window_event_listener(leptos::ev::popstate, move |event| {
            navigation.arrive(Place::of_this_page(), event.state().as_f64());
        });
        let scrolled =
            window_event_listener(leptos::ev::scroll, move |_| navigation.keep_scroll_at_rest());
        let acts = ACTS.map(|act| {
            window_event_listener_untyped(act, move |_| navigation.acted.set_value(true))
        });
        on_cleanup(move || {
            [link, other, scrolled].into_iter().chain(acts).for_each(WindowListenerHandle::remove);
        });
    });
    navigation
}

/// Where a click on a link leads and how, unless the browser has to follow it. A link with
/// `data-noscroll` leaves the view where it is.
fn step_of(click: &web_sys::MouseEvent) -> Option<(String, Step)> {
    let other_way = click.meta_key() || click.ctrl_key() || click.shift_key() || click.alt_key();
    if click.default_prevented() || click.button() != 0 || other_way {
        return None;
    }
    let clicked: web_sys::Element = click.target()?.dyn_into().ok()?;
    let link: web_sys::HtmlAnchorElement = clicked.closest("a[href]").ok()??.dyn_into().ok()?;
    let left_to_browser = !link.target().is_empty()
        || link.has_attribute("download")
        || link.rel().split_ascii_whitespace().any(|rel| rel == "external")
        || link.origin() != location().origin().ok()?
        // A place within a page.
        || !link.hash().is_empty();
    let path = link.pathname();
    let step = Step { replace: false, scroll: !link.has_attribute("data-noscroll") };
    (!left_to_browser && Page::of(&path).is_some()).then(|| (path + &link.search(), step))
}

/// See [`provide_navigation`].
pub fn use_navigation() -> Navigation {
    use_context().unwrap_or_else(|| Navigation::new(Place::default()))
}

/// Where the reader is, for a page: once the reader has left for one of another kind, it stays where
/// it was.
pub fn use_place() -> Memo<Place> {
    let Navigation { here, .. } = use_navigation();
    let page = here.with_untracked(Place::page);
    Memo::new(move |before: Option<&Place>| {
        let now = here.get();
        match before {
            Some(before) if now.page() != page => before.clone(),
            _ => now,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_that_of_a_page_or_of_none() {
        assert_eq!(Page::of("/"), Some(Page::Compose));
        assert_eq!(Page::of("/articles"), Some(Page::Library));
        assert_eq!(Page::of("/articles/x"), Some(Page::Article));
        assert_eq!(Page::of("/articles/x/compare"), Some(Page::Compare));
        for path in ["", "/articles/", "/articles//compare", "/models/", "//", "/sign-in"] {
            assert_eq!(Page::of(path), None, "{path}");
        }
        for path in Page::PATHS {
            assert!(Page::of(path).is_some(), "{path}");
        }
    }

    #[test]
    fn an_address_is_taken_apart() {
        let place = Place::new("/articles/x/compare?from=a+b&to=%E4%B8%AD#end");
        assert_eq!((place.article(), place.page()), ("x", Some(Page::Compare)));
        assert_eq!(place.part("from").as_deref(), Some("a b"));
        assert_eq!(place.part("to").as_deref(), Some("中"));
        assert_eq!(place.part("end"), None);
        assert_eq!(place.address(), "/articles/x/compare?from=a+b&to=%E4%B8%AD");
    }
}
