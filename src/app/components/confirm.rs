//! A question in place, instead of a dialog.

use leptos::prelude::*;

use crate::app::preferences::use_texts;
use crate::app::use_hydrated;

/// A quiet Delete that asks once before it does anything.
#[component]
pub fn ConfirmDelete(
    /// What is deleted, for those who do not see where the button stands.
    title: String,
    /// Called when the answer is yes.
    confirmed: Callback<()>,
) -> impl IntoView {
    let texts = use_texts();
    view! { <Confirm action=texts.delete ask=texts.delete_ask title confirmed /> }
}

/// A quiet button that asks once before it does anything.
#[component]
pub fn Confirm(
    /// What the button says.
    action: &'static str,
    /// What is asked.
    ask: &'static str,
    /// What it is done with, for those who do not see where the button stands; empty where the
    /// button says it.
    title: String,
    /// Called when the answer is yes.
    confirmed: Callback<()>,
) -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let asking = RwSignal::new(false);
    let keep = NodeRef::<leptos::html::Button>::new();
    let ask_again = NodeRef::<leptos::html::Button>::new();
    let kept = StoredValue::new(false);
    let focus = |button: Option<web_sys::HtmlButtonElement>| {
        if button.is_some_and(|button| button.focus().is_err()) {
            leptos::logging::warn!("the button could not be focused");
        }
    };
    // The harmless answer gets the focus, and gives it back.
    Effect::new(move || focus(keep.get()));
    Effect::new(move || {
        let button = ask_again.get();
        if kept.get_value() {
            focus(button);
        }
    });
    let keep_it = move || {
        kept.set_value(true);
        asking.set(false);
    };
    let escape = move |event: web_sys::KeyboardEvent| {
        if event.key() == "Escape" && !event.is_composing() {
            event.prevent_default();
            keep_it();
        }
    };
    let label = (!title.is_empty()).then(|| format!("{action}: {title}"));
    view! {
        <Show
            when=move || asking.get()
            fallback=move || {
                view! {
                    <button
                        type="button"
                        class="btn quiet"
                        node_ref=ask_again
                        aria-label=label.clone()
                        disabled=move || hydrated.not_yet()
                        on:click=move |_| asking.set(true)
                    >
                        {action}
                    </button>
                }
            }
        >
            <span class="confirm" role="group" aria-label=ask on:keydown=escape>
                <span>{ask}</span>
                <button type="button" class="btn" on:click=move |_| confirmed.run(())>
                    {action}
                </button>
                <button
                    type="button"
                    class="btn quiet"
                    node_ref=keep
                    on:click=move |_| keep_it()
                >
                    {texts.keep}
                </button>
            </span>
        </Show>
    }
    .into_any()
}
