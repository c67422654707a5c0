//! Finding an article: words, state, style, language. What is asked for stands in the address.

use std::time::Duration;

use leptos::leptos_dom::helpers::TimeoutHandle;
use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::brief_form::LANGUAGES;
use super::keys_help::{dialog_is_open, letters_work};
use crate::app::focus::is_typing;
use crate::app::frames::when_there;
use crate::app::navigation::{Step, use_navigation};
use crate::app::page_data::LibraryQuery;
use crate::app::preferences::use_texts;
use crate::article::brief::Style;
use crate::article::event::GenerationState;

/// The id of the search field.
const FIELD: &str = "library-search";
/// How long typing has to pause before the list follows.
const PAUSE: Duration = Duration::from_millis(180);
/// The longest query, in characters; what the server takes.
const QUERY_MAX: &str = "200";

/// The states that the list can be narrowed to.
const STATES: [GenerationState; 6] = [
    GenerationState::Done,
    GenerationState::Running,
    GenerationState::Cancelled,
    GenerationState::Failed,
    GenerationState::Interrupted,
    GenerationState::Rejected,
];

/// Whether the search field is to be focused as soon as it is there.
#[derive(Clone, Copy, Debug)]
struct SearchWanted(RwSignal<bool>);

/// `Ctrl`/`Cmd` + `K` leads to the search from anywhere, `/` where it is on the page.
pub fn provide_search_keys() {
    let wanted = RwSignal::new(false);
    provide_context(SearchWanted(wanted));
    let navigation = use_navigation();
    let keys = window_event_listener(leptos::ev::keydown, move |event: KeyboardEvent| {
        if event.is_composing() || event.default_prevented() || event.alt_key() || dialog_is_open()
        {
            return;
        }
        let commanded = event.ctrl_key() || event.meta_key();
        match event.key().as_str() {
            "k" | "K" if commanded && !event.shift_key() => {
                event.prevent_default();
                if !focus_field() {
                    wanted.set(true);
                    navigation.go("/articles");
                }
            }
            "/" if !commanded && letters_work() && !is_typing(&event) && focus_field() => {
                event.prevent_default();
            }
            _ => {}
        }
    });
    on_cleanup(move || keys.remove());
}

fn field() -> Option<web_sys::HtmlInputElement> {
    use wasm_bindgen::JsCast;
    document().get_element_by_id(FIELD)?.dyn_into().ok()
}

/// Focuses the search field with its text selected; `false`: it is not on the page.
fn focus_field() -> bool {
    let Some(field) = field() else { return false };
    field.select();
    field.focus().is_ok()
}

/// What was typed into the server's page before the browser took it over.
fn typed_early() -> Option<String> {
    if cfg!(feature = "hydrate") { field().map(|field| field.value()) } else { None }
}

/// See the module.
#[component]
pub fn LibrarySearch(
    /// What the address asks for.
    asked: Memo<LibraryQuery>,
) -> impl IntoView {
    let texts = use_texts();
    let first = asked.with_untracked(|asked| asked.q.clone()).unwrap_or_default();
    let typed = RwSignal::new(typed_early().unwrap_or_else(|| first.clone()));
    // What this form has put into the address itself.
    let sent = StoredValue::new(first.clone());
    let composing = StoredValue::new(false);
    let timer = StoredValue::new(None::<TimeoutHandle>);

    let wanted = use_context::<SearchWanted>();
    let navigation = use_navigation();
    let go = Callback::new(move |change: (Option<&'static str>, String)| {
        if let Some(timer) = timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
        let (name, value) = change;
        let q = typed.get_untracked().trim().to_owned();
        let before = asked.get_untracked();
        let mut next = LibraryQuery { q: Some(q.clone()), ..before.clone() };
        match name {
            Some("state") => next.state = Some(value),
            Some("style") => next.style = Some(value),
            Some("language") => next.language = Some(value),
            _ => {}
        }
        let next = next.tidied();
        if next == before {
            return;
        }
        sent.set_value(q);
        // Every word that is refined further is one step for Back, not one for each letter.
        let replace = name.is_none() && before.q.is_some() && next.q.is_some();
        navigation.step(&next.address(), Step { replace, scroll: false });
    });
    let search = move || go.run((None, String::new()));
    let later = move || {
        if composing.get_value() {
            return;
        }
        if let Some(timer) = timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
        timer.set_value(set_timeout_with_handle(search, PAUSE).ok());
    };
    // Back and forward change the address; what is being typed is not taken away.
    Effect::new(move || {
        let q = asked.with(|asked| asked.q.clone()).unwrap_or_default();
        if sent.get_value() != q {
            sent.set_value(q.clone());
            typed.set(q);
        }
    });
    Effect::new(move |begun: Option<()>| {
        if begun.is_none() {
            if typed.get_untracked().trim() != sent.get_value() {
                later();
            }
            if let Some(SearchWanted(wanted)) = wanted
                && wanted.get_untracked()
            {
                wanted.set(false);
                request_animation_frame(move || when_there(focus_field));
            }
        }
    });
    on_cleanup(move || {
        if let Some(timer) = timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    });
    let key = move |event: KeyboardEvent| {
        if event.key() == "Escape"
            && !event.is_composing()
            && !typed.with_untracked(String::is_empty)
        {
            event.prevent_default();
            typed.set(String::new());
            search();
        }
    };

    let state = move || asked.with(|asked| asked.state.clone()).unwrap_or_default();
    let style = move || asked.with(|asked| asked.style.clone()).unwrap_or_default();
    let language = move || asked.with(|asked| asked.language.clone()).unwrap_or_default();
    let states = STATES.map(|it| (it.as_str().to_owned(), (texts.state)(it).to_owned()));
    let styles = Style::ALL.map(|it| (it.as_str().to_owned(), (texts.style)(it).to_owned()));
    let languages = LANGUAGES
        .map(|(tag, name)| (tag.split('-').next().unwrap_or(tag).to_owned(), name.to_owned()));
    view! {
        <form
            class="find"
            role="search"
            method="get"
            action="/articles"
            on:submit=move |event| {
                event.prevent_default();
                search();
            }
        >
            <span class="find-field">
                <input
                    id=FIELD
                    type="search"
                    name="q"
                    maxlength=QUERY_MAX
                    autocomplete="off"
                    enterkeyhint="search"
                    aria-label=texts.search
                    aria-keyshortcuts="/ Control+K"
                    placeholder=texts.search_placeholder
                    value=first
                    prop:value=move || typed.get()
                    on:input=move |event| {
                        typed.set(event_target_value(&event));
                        later();
                    }
                    on:compositionstart=move |_| composing.set_value(true)
                    on:compositionend=move |_| {
                        composing.set_value(false);
                        later();
                    }
                    on:keydown=key
                />
                <kbd aria-hidden="true">"/"</kbd>
            </span>
            <Narrow
                name="state"
                label=texts.filter_state
                all=texts.all_states
                options=states.to_vec()
                chosen=Signal::derive(state)
                go
            />
            <Narrow
                name="style"
                label=texts.style_label
                all=texts.all_styles
                options=styles.to_vec()
                chosen=Signal::derive(style)
                go
            />
            <Narrow
                name="language"
                label=texts.filter_language
                all=texts.all_languages
                options=languages.to_vec()
                chosen=Signal::derive(language)
                go
            />
            <noscript>
                <button type="submit" class="btn">
                    {texts.search}
                </button>
            </noscript>
        </form>
    }
    .into_any()
}

/// A list of values that the library can be narrowed to; the empty one first.
#[component]
fn Narrow(
    name: &'static str,
    label: &'static str,
    all: &'static str,
    options: Vec<(String, String)>,
    chosen: Signal<String>,
    go: Callback<(Option<&'static str>, String)>,
) -> impl IntoView {
    let first = chosen.get_untracked();
    let known = first.is_empty() || options.iter().any(|(value, _)| *value == first);
    let others = (!known).then(|| (first.clone(), first.clone()));
    let options = std::iter::once((String::new(), all.to_owned()))
        .chain(options)
        .chain(others)
        .map(|(value, shown)| {
            let (is, here) = (value.clone(), value == first);
            view! {
                <option value=value selected=here prop:selected=move || chosen.get() == is>
                    {shown}
                </option>
            }
        })
        .collect_view();
    view! {
        <select
            name=name
            aria-label=label
            class:chosen=move || !chosen.with(String::is_empty)
            on:change=move |event| go.run((Some(name), event_target_value(&event)))
        >
            {options}
        </select>
    }
    .into_any()
}
