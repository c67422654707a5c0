//! The keys of the interface, on `?` and on a button.

use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::topic_field::focus_topic;
use crate::app::focus::is_typing;
use crate::app::frames::when_there;
use crate::app::navigation::use_navigation;
use crate::app::preferences::use_texts;
use crate::app::use_hydrated;

/// Where it is kept that keys without Ctrl do nothing.
const OFF: &str = "inkstream.keys-off";

/// Whether a dialog is open, which all keys belong to then.
pub fn dialog_is_open() -> bool {
    document().query_selector("dialog[open]").ok().flatten().is_some()
}

/// Whether keys without Ctrl do anything: who steers by voice can turn them off (WCAG 2.1.4).
pub fn letters_work() -> bool {
    let kept = window().local_storage().ok().flatten();
    kept.and_then(|kept| kept.get_item(OFF).ok().flatten()).is_none()
}

fn let_letters_work(work: bool) {
    if let Some(kept) = window().local_storage().ok().flatten() {
        let done = if work { kept.remove_item(OFF) } else { kept.set_item(OFF, "") };
        if done.is_err() {
            leptos::logging::warn!("the choice could not be kept");
        }
    }
}

/// Whether the page that asks for a topic was reached: an article's has such a field as well.
fn at_the_start() -> bool {
    window().location().pathname().is_ok_and(|path| path == "/")
}

/// The button, the dialog, and the keys that work on every page.
#[component]
pub fn KeysHelp() -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let dialog = NodeRef::<leptos::html::Dialog>::new();
    let letters = NodeRef::<leptos::html::Input>::new();
    let show = move || {
        if let Some(letters) = letters.get_untracked() {
            letters.set_checked(letters_work());
        }
        if let Some(dialog) = dialog.get_untracked()
            && !dialog.open()
            && dialog.show_modal().is_err()
        {
            leptos::logging::warn!("the keys could not be shown");
        }
    };
    let navigation = use_navigation();
    let keys = window_event_listener(leptos::ev::keydown, move |event: KeyboardEvent| {
        let commanded = event.ctrl_key() || event.meta_key() || event.alt_key();
        if commanded || event.is_composing() || event.default_prevented() || is_typing(&event) {
            return;
        }
        if dialog_is_open() || !letters_work() {
            return;
        }
        match event.key().as_str() {
            "?" => show(),
            "n" => {
                navigation.go("/");
                when_there(|| at_the_start() && focus_topic());
            }
            "l" => navigation.go("/articles"),
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
            <label class="letters">
                <input
                    type="checkbox"
                    node_ref=letters
                    on:change=move |event| let_letters_work(event_target_checked(&event))
                />
                {texts.keys_letters}
            </label>
            <form method="dialog">
                <button type="submit" class="btn">
                    {texts.close}
                </button>
            </form>
        </dialog>
    }
    .into_any()
}
