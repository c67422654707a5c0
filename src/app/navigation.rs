//! Where the reader is, and how one goes elsewhere without loading a page anew.
//!
//! There are six kinds of pages. A router for any number of them, nested and lazy, was a tenth of
//! what a browser loaded.

use leptos::prelude::*;
use wasm_bindgen::JsValue;

use super::frames::when_there;

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
    fn of_this_page() -> Self {
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
pub struct Navigation(RwSignal<Place>);

/// How one goes.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Whether Back leads to where one was before this place.
    pub replace: bool,
    /// Whether the new page is shown from its top.
    pub scroll: bool,
}

impl Navigation {
    /// Where the reader is.
    pub fn place(self) -> Signal<Place> {
        self.0.into()
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
            if replace || self.0.with_untracked(|here| *here == place) {
                return history.replace_state_with_url(&JsValue::NULL, "", address);
            }
            // Whoever comes back finds the view where it was.
            history.replace_state(&window.scroll_y()?.into(), "")?;
            history.push_state_with_url(&JsValue::NULL, "", address)
        });
        if gone.is_err() {
            // Browsers limit how often a page may do it; then it is loaded anew.
            if let Err(error) = window.location().set_href(address) {
                leptos::logging::warn!("no way to {address}: {error:?}");
            }
            return;
        }
        self.arrive(place);
        if scroll {
            window.scroll_to_with_x_and_y(0.0, 0.0);
        }
    }

    /// Scrolls to where the view was as soon as the page is there and as high again, unless the
    /// reader has gone on meanwhile.
    fn scroll_back(self, place: Place, y: f64) {
        let back = move || {
            if self.0.try_with_untracked(|here| *here == place) != Some(true) {
                return true;
            }
            let there = document().query_selector("#content > *").is_ok_and(|it| it.is_some());
            let height = document().document_element().map_or(0, |root| root.scroll_height());
            let view = window().inner_height().ok().and_then(|view| view.as_f64());
            let fits = there && f64::from(height) - view.unwrap_or_default() >= y;
            if fits {
                window().scroll_to_with_x_and_y(0.0, y);
            }
            fits
        };
        // With the next frame the page that was left is gone.
        request_animation_frame(move || when_there(back));
    }

    fn arrive(self, place: Place) {
        if self.0.with_untracked(|here| *here != place) {
            self.0.set(place);
        }
    }
}

/// Lets everything inside know where the reader is, and go elsewhere; links do so, too.
pub fn provide_navigation() -> Navigation {
    let navigation = Navigation(RwSignal::new(Place::of_this_page()));
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
            let place = Place::of_this_page();
            navigation.arrive(place.clone());
            if let Some(y) = event.state().as_f64() {
                navigation.scroll_back(place, y);
            }
        });
        on_cleanup(move || {
            link.remove();
            other.remove();
        });
    });
    navigation
}

/// Where a click on a link leads and how, unless the browser has to follow it. A link with
/// `data-noscroll` leaves the view where it is.
fn step_of(click: &web_sys::MouseEvent) -> Option<(String, Step)> {
    use wasm_bindgen::JsCast;
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
    use_context().unwrap_or_else(|| Navigation(RwSignal::new(Place::default())))
}

/// Where the reader is, for a page: once the reader has left for one of another kind, it stays where
/// it was.
pub fn use_place() -> Memo<Place> {
    let Navigation(place) = use_navigation();
    let page = place.with_untracked(Place::page);
    Memo::new(move |before: Option<&Place>| {
        let now = place.get();
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
