//! What a page shows, once it is there: the server waits for it and writes it into the page, where
//! the browser finds it; what is asked for later, the browser fetches.
//!
//! In the browser this stands for Leptos' resources and `Suspense`, which are there for more than
//! one thing that a page waits for, and take more room than most pages.

use leptos::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// See the module.
pub struct Fetched<T: Send + Sync + 'static> {
    #[cfg(feature = "ssr")]
    resource: Resource<T>,
    #[cfg(not(feature = "ssr"))]
    came: RwSignal<Option<T>>,
    #[cfg(not(feature = "ssr"))]
    again: Trigger,
}

impl<T: Send + Sync + 'static> Clone for Fetched<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Fetched<T> {}

/// Has `load` bring what a page shows, and anew whenever `asked` changes.
pub fn fetched<S, T, Loading>(
    asked: impl Fn() -> S + Send + Sync + 'static,
    load: impl Fn(S) -> Loading + Send + Sync + 'static,
) -> Fetched<T>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    Loading: Future<Output = T> + Send + 'static,
{
    #[cfg(feature = "ssr")]
    {
        Fetched { resource: Resource::new(asked, load) }
    }
    #[cfg(not(feature = "ssr"))]
    {
        let there = in_page();
        let missing = there.is_none();
        let (came, again) = (RwSignal::new(there), Trigger::new());
        let latest = StoredValue::new(0_u32);
        Effect::new(move |earlier: Option<()>| {
            again.track();
            let asked = asked();
            if earlier.is_some() || missing {
                let loading = untrack(|| load(asked));
                latest.update_value(|turn| *turn += 1);
                let turn = latest.get_value();
                leptos::task::spawn_local(async move {
                    let answer = loading.await;
                    // Who has left meanwhile, or asked for something else, does not want it.
                    if latest.try_get_value() == Some(turn) {
                        came.set(Some(answer));
                    }
                });
            }
        });
        Fetched { came, again }
    }
}

/// What the server has written into the page that is taken over. What it writes is numbered, and
/// `Suspense` takes numbers there, too: all that a page waits for has to be asked for before any of
/// it is shown.
#[cfg(not(feature = "ssr"))]
fn in_page<T: DeserializeOwned>() -> Option<T> {
    let page = Owner::current_shared_context()?;
    let number = page.next_id();
    crate::article::json::read(&page.read_data(&number)?).ok()
}

impl<T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static> Fetched<T> {
    /// Asks for the same once more. What is there stays until the answer comes.
    pub fn reload(self) {
        #[cfg(feature = "ssr")]
        self.resource.refetch();
        #[cfg(not(feature = "ssr"))]
        self.again.notify();
    }

    /// Shows it, and `meanwhile` until there is anything to show.
    pub fn view(
        self,
        meanwhile: fn() -> AnyView,
        show: impl Fn(T) -> AnyView + Clone + Send + Sync + 'static,
    ) -> AnyView {
        #[cfg(feature = "ssr")]
        {
            let Self { resource } = self;
            let shown = move || {
                let show = show.clone();
                Suspend::new(async move { show(resource.await) })
            };
            view! { <Suspense fallback=meanwhile>{shown}</Suspense> }.into_any()
        }
        #[cfg(not(feature = "ssr"))]
        {
            let Self { came, .. } = self;
            (move || came.get().map_or_else(meanwhile, |there| untrack(|| show(there)))).into_any()
        }
    }
}
