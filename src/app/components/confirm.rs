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
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let asking = RwSignal::new(false);
    let keep = NodeRef::<leptos::html::Button>::new();
    // The harmless answer gets the focus.
    Effect::new(move || {
        if let Some(button) = keep.get()
            && button.focus().is_err()
        {
            leptos::logging::warn!("the button could not be focused");
        }
    });
    let label = format!("{}: {title}", texts.delete);
    view! {
        <Show
            when=move || asking.get()
            fallback=move || {
                view! {
                    <button
                        type="button"
                        class="btn quiet"
                        aria-label=label.clone()
                        disabled=move || hydrated.not_yet()
                        on:click=move |_| asking.set(true)
                    >
                        {texts.delete}
                    </button>
                }
            }
        >
            <span class="confirm" role="group" aria-label=texts.delete_ask>
                <span>{texts.delete_ask}</span>
                <button type="button" class="btn" on:click=move |_| confirmed.run(())>
                    {texts.delete}
                </button>
                <button
                    type="button"
                    class="btn quiet"
                    node_ref=keep
                    on:click=move |_| asking.set(false)
                >
                    {texts.keep}
                </button>
            </span>
        </Show>
    }
    .into_any()
}
