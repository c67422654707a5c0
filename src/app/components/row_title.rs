//! The title of an article in the list: a link, what was searched for marked in it, or the field
//! in which it gets another name.

use leptos::prelude::*;
use web_sys::KeyboardEvent;

use crate::app::preferences::use_texts;
use crate::article::generation::ArticleSummary;
use crate::article::library::Stretch;

/// The longest title, in characters; what the server takes.
const TITLE_MAX: &str = "300";

/// Text with what was searched for marked.
pub fn marked(stretches: Vec<Stretch>) -> AnyView {
    stretches
        .into_iter()
        .map(|Stretch { text, hit }| match hit {
            true => view! { <mark>{text}</mark> }.into_any(),
            false => text.into_any(),
        })
        .collect_view()
        .into_any()
}

/// See the module.
#[component]
pub fn RowTitle(
    /// The article.
    article: ArticleSummary,
    /// Whether it is being renamed.
    renaming: RwSignal<bool>,
    /// Called with another title.
    rename: Callback<String>,
) -> impl IntoView {
    let ArticleSummary { id, title, language, hit, .. } = article;
    let shown = title.clone();
    let link = move || {
        let text = match hit.clone() {
            Some(hit) => marked(hit.title),
            None => shown.clone().into_any(),
        };
        view! {
            <a href=format!("/articles/{id}") lang=language.clone()>
                {text}
            </a>
        }
    };
    view! {
        <Show when=move || renaming.get() fallback=link>
            <RenameField title=title.clone() renaming rename />
        </Show>
    }
    .into_any()
}

/// Enter or leaving the field keeps what was typed, Escape does not.
#[component]
fn RenameField(title: String, renaming: RwSignal<bool>, rename: Callback<String>) -> impl IntoView {
    let texts = use_texts();
    let typed = RwSignal::new(title.clone());
    let before = StoredValue::new(title.clone());
    let field = NodeRef::<leptos::html::Input>::new();
    Effect::new(move || {
        if let Some(field) = field.get() {
            field.select();
            if field.focus().is_err() {
                leptos::logging::warn!("the title could not be focused");
            }
        }
    });
    let keep = move || {
        // Leaving the field by Enter or Escape takes it away, which is leaving it again.
        if !renaming.try_get_untracked().unwrap_or_default() {
            return;
        }
        let title = typed.get_untracked().trim().to_owned();
        renaming.set(false);
        if !title.is_empty() && before.get_value() != title {
            rename.run(title);
        }
    };
    let key = move |event: KeyboardEvent| {
        // While a word is composed, both keys belong to the input method.
        if event.is_composing() || event.key_code() == 229 {
            return;
        }
        match event.key().as_str() {
            "Enter" => {
                event.prevent_default();
                keep();
            }
            "Escape" => {
                event.prevent_default();
                renaming.set(false);
            }
            _ => {}
        }
    };
    view! {
        <input
            type="text"
            class="rename"
            node_ref=field
            maxlength=TITLE_MAX
            aria-label=(texts.new_title_of)(&title)
            prop:value=move || typed.get()
            on:input=move |event| typed.set(event_target_value(&event))
            on:keydown=key
            on:blur=move |_| keep()
        />
    }
    .into_any()
}
