//! What the header says of the connection, and the way out.

use leptos::prelude::*;

use crate::app::preferences::{keep, use_texts};
use crate::app::site_facts::SiteFacts;
use crate::app::use_hydrated;

/// Ends the session that let this page in. A form, so that it works without JavaScript.
#[component]
pub fn SignOut() -> impl IntoView {
    let texts = use_texts();
    let signed_in = use_context::<SiteFacts>().unwrap_or_default().signed_in;
    signed_in
        .then(|| {
            view! {
                <form method="post" action="/sign-out">
                    <button
                        type="submit"
                        class="btn quiet icon"
                        aria-label=texts.sign_out
                        title=texts.sign_out
                    >
                        <svg viewBox="0 0 16 16" aria-hidden="true">
                            <path
                                d="M6.5 2.5h-4v11h4M6 8h8M11 5l3 3l-3 3"
                                fill="none"
                                stroke="currentColor"
                                stroke-width="1.4"
                            />
                        </svg>
                    </button>
                </form>
            }
        })
        .into_any()
}

/// Says that others can read along, until that is known.
#[component]
pub fn PlainHttpLine() -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let plain_http = use_context::<SiteFacts>().unwrap_or_default().plain_http;
    let dismissed = RwSignal::new(false);
    let dismiss = move |_| {
        keep("plain_http", "known");
        dismissed.set(true);
    };
    plain_http
        .then(|| {
            view! {
                <p class="exposed" role="note" hidden=move || dismissed.get()>
                    <span>{texts.plain_http}</span>
                    <button
                        type="button"
                        class="btn quiet"
                        disabled=move || hydrated.not_yet()
                        on:click=dismiss
                    >
                        {texts.understood}
                    </button>
                </p>
            }
        })
        .into_any()
}
