//! The article as Markdown, beside its rendering.
//!
//! What is typed is kept in the browser at once, so leaving never loses it. Saving makes a revision;
//! where the article has changed meanwhile, both texts are shown, and the person decides.

use std::time::Duration;

use leptos::logging::warn;
use leptos::prelude::*;
use leptos::task::spawn_local;
use uuid::Uuid;
use web_sys::KeyboardEvent;

use super::code_copy;
use super::edit_conflict::{EditConflict, TwoTexts};
use super::keys_help::dialog_is_open;
use super::problem_note::ProblemNote;
use crate::app::api::{self, Failure, Saved};
use crate::app::edit_drafts::{self, EditDraft, Taken};
use crate::app::format::local;
use crate::app::live::Live;
use crate::app::navigation::use_navigation;
use crate::app::preferences::{use_locale, use_texts};
use crate::app::preview::Preview;

/// How long after the last keystroke a draft is kept.
const KEEP_AFTER: Duration = Duration::from_millis(250);
/// How long after the last keystroke the preview is drawn, in milliseconds, where drawing is quick;
/// a slow one waits for a multiple of what it takes, so that typing stays quick.
const DRAW_AFTER_MS: f64 = 120.0;
/// The longest wait for the preview, in milliseconds.
const DRAW_AFTER_MAX_MS: f64 = 600.0;

/// See the module. `reload` renews the whole page.
#[component]
pub fn Editor(
    /// The article.
    live: Live,
    /// What the editor begins with; `None` closes it.
    open: RwSignal<Option<EditDraft>>,
    /// The draft that it goes on from.
    taken: StoredValue<Option<Taken>>,
    /// Renews the whole page.
    reload: Callback<()>,
) -> impl IntoView {
    let (texts, locale) = (use_texts(), use_locale());
    let (article, language, title_now, old_text) = live.data.with_untracked(|data| {
        let article = &data.article;
        (article.id, article.language.clone(), article.title.clone(), data.text.clone())
    });
    let begin = open.get_untracked();
    let base = begin.as_ref().map_or(Uuid::nil(), |begin| begin.base);
    let editor = begin.as_ref().map(|begin| begin.editor.clone()).unwrap_or_default();
    let began_with = match begin {
        // A title that nobody touched follows the article's.
        Some(begin) if begin.title == begin.base_title => (title_now.clone(), begin.text),
        Some(begin) => (begin.title, begin.text),
        None => Default::default(),
    };
    let (old, editor) = (StoredValue::new((title_now, old_text)), StoredValue::new(editor));
    let conflict_language = language.clone();

    let title_field = NodeRef::<leptos::html::Input>::new();
    let text_field = NodeRef::<leptos::html::Textarea>::new();
    let pane = NodeRef::<leptos::html::Div>::new();
    let paper = NodeRef::<leptos::html::Article>::new();
    let typed = move || {
        let title = title_field.try_get_untracked().flatten()?.value();
        Some((title, text_field.try_get_untracked().flatten()?.value()))
    };

    // When the draft was kept; `Some(None)`: it could not be.
    let kept = RwSignal::new(None::<Option<i64>>);
    let over = StoredValue::new(false);
    // What was taken over is here now, or is what the article has already.
    let forget_taken = move || {
        if let Some(taken) = taken.try_update_value(Option::take).flatten() {
            edit_drafts::forget_taken(article, &taken);
        }
    };
    let keep = move || {
        let Some((title, text)) = typed().filter(|_| !over.try_get_value().unwrap_or(true)) else {
            return;
        };
        let editor = editor.get_value();
        if old.with_value(|old| old.0 == title && old.1 == text) {
            edit_drafts::forget(article, &editor);
            forget_taken();
            kept.try_set(None);
            return;
        }
        #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds")]
        let at = js_sys::Date::now() as i64;
        let base_title = old.with_value(|old| old.0.clone());
        let draft = EditDraft { editor, base, at, base_title, title, text };
        let done = edit_drafts::keep(article, &draft);
        if done {
            forget_taken();
        }
        kept.try_set(Some(done.then_some(at)));
    };

    let preview = StoredValue::new_local(None::<Preview>);
    let cost_ms = StoredValue::new(0.0);
    let draw = move || {
        let Some((_, text)) = typed() else { return };
        let began = js_sys::Date::now();
        preview.try_with_value(|preview| {
            if let Some(preview) = preview {
                preview.show(&text);
            }
        });
        cost_ms.try_set_value(js_sys::Date::now() - began);
    };
    let timers = StoredValue::new((None::<TimeoutHandle>, None::<TimeoutHandle>));
    let input = move |_| {
        timers.update_value(|(keeping, drawing)| {
            for timer in [keeping.take(), drawing.take()].into_iter().flatten() {
                timer.clear();
            }
            let draw_after =
                (cost_ms.get_value() * 3.0).clamp(DRAW_AFTER_MS, DRAW_AFTER_MAX_MS) / 1000.0;
            *keeping = set_timeout_with_handle(keep, KEEP_AFTER).ok();
            *drawing = set_timeout_with_handle(draw, Duration::from_secs_f64(draw_after)).ok();
        });
    };
    Effect::new(move || {
        let (Some(paper), Some(pane)) = (paper.get(), pane.get()) else { return };
        let (Some(title), Some(text)) = (title_field.get(), text_field.get()) else { return };
        let made = live.data.with_untracked(|data| {
            Preview::new(paper.into(), pane.into(), texts.copy, &data.text, &data.highlights)
        });
        match made {
            Ok(made) => preview.set_value(Some(made)),
            Err(error) => warn!("there is no preview: {error:?}"),
        }
        // Set here, because a `prop:value` comes later than this, and an empty text would be kept.
        title.set_value(&began_with.0);
        text.set_value(&began_with.1);
        draw();
        keep();
        if text.focus().and_then(|()| text.set_selection_range(0, 0)).is_err() {
            warn!("the text could not be focused");
        }
        // Setting the text had left the caret at its end, and the view with it.
        text.set_scroll_top(0);
    });

    let navigation = use_navigation();
    let home = Callback::new(move |()| {
        navigation.go(&format!("/articles/{article}"));
        reload.run(());
    });
    let (busy, elsewhere) = (RwSignal::new(false), RwSignal::new(false));
    let failure = RwSignal::new(None::<Failure>);
    let conflict = RwSignal::new(None::<(Uuid, TwoTexts)>);
    let save_over = move |base: Uuid| {
        let Some((title, text)) = typed().filter(|_| !busy.get_untracked()) else { return };
        keep();
        busy.set(true);
        failure.set(None);
        let new_title = old.with_value(|old| (old.0 != title).then(|| title.clone()));
        let editor = editor.get_value();
        spawn_local(async move {
            let answer = api::save_edit(article, base, new_title.as_deref(), &text).await;
            let rows = match &answer {
                Ok(Saved::Conflict(_)) => api::compare_text(article, text.clone()).await.ok(),
                _ => None,
            };
            if answer == Ok(Saved::Done) {
                // Also where the editor was left meanwhile.
                over.try_set_value(true);
                edit_drafts::forget(article, &editor);
                forget_taken();
                edit_drafts::tell_saved(article);
            }
            if busy.try_set(false).is_some() {
                return;
            }
            match answer {
                Ok(Saved::Done) => {
                    open.set(None);
                    home.run(());
                }
                Ok(Saved::Conflict(theirs)) => {
                    // Where it changed once more in between, the rows are of another text.
                    let rows = rows.filter(|it| it.from.id == theirs.id).map(|it| it.rows);
                    let titles = new_title.map(|mine| (theirs.meta.title, mine));
                    let both = TwoTexts { mine: text, theirs: theirs.text, titles, rows };
                    conflict.set(Some((theirs.id, both)));
                }
                Err(failed) => failure.set(Some(failed)),
            }
        });
    };
    let saved_meanwhile = move || conflict.with_untracked(|it| it.as_ref().map(|(id, _)| *id));
    let leave = move || {
        keep();
        over.set_value(true);
        open.set(None);
    };
    let is_current =
        live.data.with_untracked(|data| data.shown.as_ref().is_some_and(|it| it.current));
    let unchanged = move || {
        let same = |typed: &(String, String)| old.with_value(|old| old == typed);
        is_current && !elsewhere.get_untracked() && typed().as_ref().is_some_and(same)
    };
    let save = move || match saved_meanwhile() {
        // Both are on the screen: the buttons there decide.
        Some(_) => {}
        // A revision that is the one before it is none.
        None if unchanged() => leave(),
        None => save_over(base),
    };
    let keep_mine = Callback::new(move |()| {
        if let Some(theirs) = saved_meanwhile() {
            save_over(theirs);
        }
    });
    let take_theirs = Callback::new(move |()| {
        over.set_value(true);
        edit_drafts::forget(article, &editor.get_value());
        open.set(None);
        home.run(());
    });
    let back = Callback::new(move |()| conflict.set(None));

    let key = window_event_listener(leptos::ev::keydown, move |event: KeyboardEvent| {
        if event.is_composing() || event.default_prevented() || dialog_is_open() {
            return;
        }
        if event.key() == "Escape" {
            event.prevent_default();
            if conflict.with_untracked(Option::is_some) { conflict.set(None) } else { leave() }
        } else if event.key().eq_ignore_ascii_case("s")
            && (event.ctrl_key() || event.meta_key())
            && !event.alt_key()
        {
            event.prevent_default();
            save();
        }
    });
    let hide = window_event_listener(leptos::ev::pagehide, move |_| keep());
    let told = window_event_listener(leptos::ev::storage, move |event| {
        if event.key() == Some(edit_drafts::saved_key(article)) && event.new_value().is_some() {
            elsewhere.set(true);
        }
    });
    on_cleanup(move || {
        keep();
        key.remove();
        hide.remove();
        told.remove();
    });

    let previewing = RwSignal::new(false);
    let state = move || match kept.get() {
        None => String::new(),
        Some(Some(at)) => (texts.draft_kept)(&local(at, locale)),
        Some(None) => texts.draft_not_kept.to_owned(),
    };
    let tab = move |label: &'static str, shows_preview: bool| {
        view! {
            <label>
                <input
                    type="radio"
                    name="edit-tab"
                    prop:checked=move || previewing.get() == shows_preview
                    on:change=move |_| {
                        previewing.set(shows_preview);
                        // What is hidden has no place to scroll to before the next frame.
                        request_animation_frame(move || {
                            preview.try_with_value(|preview| {
                                if let Some(preview) = preview {
                                    preview.reveal();
                                }
                            });
                        });
                    }
                />
                {label}
            </label>
        }
    };
    view! {
        <main id="content" class="editor" class:previewing=move || previewing.get()>
            <div class="editor-bar">
                <label class="unseen" for="edit-title">
                    {texts.edit_title}
                </label>
                <input
                    id="edit-title"
                    type="text"
                    autocomplete="off"
                    maxlength="300"
                    readonly=move || busy.get()
                    node_ref=title_field
                    on:input=input
                />
                <span class="faint num" role="status">
                    {state}
                </span>
                <span class="seg tabs">
                    {tab(texts.edit_write, false)} {tab(texts.edit_preview, true)}
                </span>
                <button type="button" class="btn quiet" on:click=move |_| leave()>
                    {texts.edit_leave}
                    <kbd>"Esc"</kbd>
                </button>
                <button
                    type="button"
                    class="btn primary"
                    aria-keyshortcuts="Control+S Meta+S"
                    disabled=move || busy.get() || conflict.with(Option::is_some)
                    on:click=move |_| save()
                >
                    {move || if busy.get() { texts.edit_saving } else { texts.edit_save }}
                </button>
            </div>
            {move || failure.get().map(|failure| view! { <ProblemNote failure typed=true /> })}
            <Show when=move || elsewhere.get() && conflict.with(Option::is_none)>
                <div class="note warn" role="alert">
                    <span>{texts.saved_elsewhere}</span>
                    <button type="button" class="btn" on:click=move |_| save()>
                        {texts.show_both}
                    </button>
                </div>
            </Show>
            {move || {
                conflict
                    .get()
                    .map(|(_, both)| {
                        view! {
                            <EditConflict
                                both
                                language=conflict_language.clone()
                                busy
                                keep_mine
                                take_theirs
                                back
                            />
                        }
                    })
            }}
            <div class="panes" class:hidden=move || conflict.with(Option::is_some)>
                <label class="unseen" for="edit-text">
                    {texts.edit_text}
                </label>
                <textarea
                    id="edit-text"
                    spellcheck="true"
                    lang=language.clone()
                    readonly=move || busy.get()
                    node_ref=text_field
                    on:input=input
                ></textarea>
                <div class="pane" tabindex="0" role="region" aria-label=texts.edit_preview node_ref=pane>
                    <article
                        lang=language
                        node_ref=paper
                        on:click=move |event| code_copy::clicked(&event, texts)
                    ></article>
                </div>
            </div>
        </main>
    }
    .into_any()
}
