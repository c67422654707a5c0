//! What of a page comes to life later than the page: a part of the client that most readers never
//! touch is not waited for.

use std::ops::ControlFlow;
use std::sync::Arc;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::parts::{Opening, arriving, persist};
use super::use_hydrated;

/// A view whose program comes by itself, once it is wanted.
pub struct Later {
    /// Whether there is anything to show.
    pub wanted: Signal<bool>,
    /// Loads the part that shows it.
    pub load: fn() -> Opening<()>,
    /// Opens that part.
    pub open: Arc<dyn Fn() -> Opening<AnyView> + Send + Sync>,
}

impl Later {
    /// The view in its place. A browser that takes the page over leaves there what the server has
    /// written until the part has come.
    pub fn view(self) -> AnyView {
        let Self { wanted, load, open } = self;
        // What it shows is made anew only when this changes.
        let wanted = Memo::new(move |_| wanted.get());
        let as_written = RwSignal::new(cfg!(feature = "ssr") || use_hydrated().is_taking_over());
        Effect::new(move || {
            if wanted.get() && as_written.get_untracked() {
                spawn_local(async move {
                    // Whoever has left the page needs it no more.
                    let still_here = move || match as_written.is_disposed() {
                        true => ControlFlow::Break(()),
                        false => ControlFlow::Continue(()),
                    };
                    let came = persist(load, still_here).await;
                    if came.is_some() && still_here().is_continue() {
                        as_written.set(false);
                    }
                });
            }
        });
        let opened = move || {
            let open = Arc::clone(&open);
            arriving(load(), |view| view, Box::new(move || open()))
        };
        let shown = move || match (wanted.get(), as_written.get()) {
            (false, _) => None,
            (true, true) => Some(view! { <div inner_html=written(&opened)></div> }.into_any()),
            (true, false) => Some(opened()),
        };
        shown.into_any()
    }
}

/// What the server writes of a view; the browser does not know it.
fn written(view: &impl Fn() -> AnyView) -> String {
    #[cfg(feature = "ssr")]
    {
        view().to_html()
    }
    #[cfg(not(feature = "ssr"))]
    {
        let _ = view;
        String::new()
    }
}
