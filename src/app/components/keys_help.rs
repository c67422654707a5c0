//! The keys of the interface, on `?` and on a button.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;
use web_sys::KeyboardEvent;

use super::library_search::is_typing;
use crate::app::preferences::use_texts;
use crate::app::use_hydrated;

/// The button, the dialog, and the keys that work on every page.
#[component]
pub fn KeysHelp() -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let dialog = NodeRef::<leptos::html::Dialog>::new();
    let show = move || {
        if let Some(dialog) = dialog.get_untracked()
            && !dialog.open()
            && dialog.show_modal().is_err()
        {
            leptos::logging::warn!("the keys could not be shown");
        }
    };
    let navigate = use_navigate();
    let keys = window_event_listener(leptos::ev::keydown, move |event: KeyboardEvent| {
        let commanded = event.ctrl_key() || event.meta_key() || event.alt_key();
        if commanded || event.is_composing() || event.default_prevented() || is_typing(&event) {
            return;
        }
        match event.key().as_str() {
            "?" => show(),
            "n" => navigate("/", NavigateOptions::default()),
            "l" => navigate("/articles", NavigateOptions::default()),
            _ => return,
        }
        event.prevent_default();
    });
    on_cleanup(move || keys.remove());
    let rows = texts
        .keys
        .iter()
        .map(|(keys, what)| {
            let keys = keys.iter().map(|key| view! { <kbd>{*key}</kbd> }).collect_view();
            view! {
                <div>
                    <dt>{keys}</dt>
                    <dd>{*what}</dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <button
            type="button"
            class="btn quiet keys-button"
            aria-label=texts.keys_title
            aria-keyshortcuts="?"
            title=texts.keys_title
            disabled=move || hydrated.not_yet()
            on:click=move |_| show()
        >
            "?"
        </button>
        <dialog node_ref=dialog class="keys" aria-labelledby="keys-title">
            <h2 id="keys-title">{texts.keys_title}</h2>
            <dl>{rows}</dl>
            <form method="dialog">
                <button type="submit" class="btn">
                    {texts.close}
                </button>
            </form>
        </dialog>
    }
    .into_any()
}
