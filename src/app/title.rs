//! The title of the page. The server writes it into the head, through `leptos_meta`; the browser
//! has a title already and only changes it, which takes one effect and not that crate.

use leptos::prelude::*;
use leptos::text_prop::TextProp;

/// Lets the pages that the server renders have a title. In the browser there is nothing to provide.
pub fn provide_titles() {
    #[cfg(feature = "ssr")]
    leptos_meta::provide_meta_context();
}

/// Names the page, as long as the view that asks for it stands. The last to ask is heard.
#[component]
pub fn Title(
    /// What the tab says.
    #[prop(into)]
    text: TextProp,
) -> impl IntoView {
    // The call itself hands the text to the head; what it returns would render nothing.
    #[cfg(feature = "ssr")]
    drop(leptos_meta::Title(leptos_meta::TitleProps::builder().text(text).build()));
    #[cfg(not(feature = "ssr"))]
    Effect::new(move || document().set_title(&text.get()));
}

/// What search engines show of the page. Only the server writes it; in the browser the same place
/// is empty.
pub fn description(text: &'static str) -> impl IntoView {
    #[cfg(feature = "ssr")]
    {
        use leptos_meta::Meta;
        view! {
            <div hidden>
                <Meta name="description" content=text />
            </div>
        }
    }
    #[cfg(not(feature = "ssr"))]
    {
        let _: &str = text;
        view! { <div hidden></div> }
    }
}
