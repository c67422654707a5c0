//! The article in the middle, everything else at its sides.

use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::article_head::article_head;
use super::code_copy;
use super::copy_button::CopyButton;
use super::downloads::Downloads;
use super::draft_note::DraftPlace;
use super::ending::Ending;
use super::facts::Facts;
use super::keys_help::dialog_is_open;
use super::notices::Notices;
use super::outline::Outline;
use super::problem_note::ProblemNote;
use super::revision_bar::RevisionBar;
use super::stage_progress::StageProgress;
use super::stop_button::StopButton;
use crate::app::edit_drafts::{EditDraft, Taken};
use crate::app::live::Live;
use crate::app::page_data::ArticleData;
use crate::app::parts;
use crate::app::preferences::use_texts;
use crate::app::progress::Connection;
use crate::app::tab_icon::TabIcon;
use crate::app::title::Title;
use crate::app::use_hydrated;

/// See the module. `reload` renews the whole page.
#[component]
pub fn ArticleView(
    /// What the page shows.
    data: ArticleData,
    /// Renews the whole page.
    reload: Callback<()>,
) -> impl IntoView {
    let texts = use_texts();
    let html = data.html.clone();
    let head = article_head(&data);
    let topic = data.generation.brief.topic.clone();
    let warnings = data.generation.warnings.clone();
    let language = data.article.language.clone();
    let live = Live::new(data);
    let running = Memo::new(move |_| live.running());
    let regenerating = RwSignal::new(false);
    let editing = RwSignal::new(None::<EditDraft>);
    let taken = StoredValue::new(None::<Taken>);
    let edit = Callback::new(move |()| {
        taken.set_value(None);
        editing.set(live.data.with_untracked(EditDraft::of));
    });
    let by_hand = Memo::new(move |_| live.data.with(ArticleData::is_by_hand));

    let rendered = use_hydrated().is_taking_over();
    let paper = NodeRef::<leptos::html::Article>::new();
    Effect::new(move |started: Option<bool>| match (started, paper.get()) {
        (Some(true), _) => true,
        (_, Some(element)) => {
            live.start(element.into(), rendered, texts, reload);
            true
        }
        (_, None) => false,
    });

    let stop = Callback::new(move |()| live.stop());
    let key = window_event_listener(leptos::ev::keydown, move |event: KeyboardEvent| {
        if event.key() != "Escape"
            || dialog_is_open()
            || editing.with_untracked(Option::is_some)
            || event.is_composing()
            || event.default_prevented()
        {
            return;
        }
        if regenerating.get_untracked() {
            regenerating.set(false);
        } else if running.get_untracked() {
            live.stop();
        }
    });
    let scroll = window_event_listener(leptos::ev::scroll, move |_| live.scrolled());
    on_cleanup(move || {
        key.remove();
        scroll.remove();
    });

    Effect::new(move || {
        match (live.ended_unseen.get(), running.get()) {
            (Some(state), _) => TabIcon::of_end(state),
            (None, true) => TabIcon::Writing,
            (None, false) => TabIcon::Plain,
        }
        .show();
    });
    on_cleanup(|| {
        if cfg!(not(feature = "ssr")) {
            TabIcon::Plain.show();
        }
    });

    let elapsed_ms = elapsed(live);
    let title = page_title(live, topic.clone());
    let markdown = Signal::derive(move || live.data.with(|data| data.text.clone()));
    let ghost =
        move || (!live.has_text.get()).then(|| view! { <p class="ghost">{topic.clone()}</p> });
    let line_state = move || (texts.connection)(live.connection.get());
    let last_notice =
        move || live.progress.with(|progress| progress.notices.last().map(texts.notice));
    let announced = move || {
        let state = live.progress.with(|progress| progress.state);
        match (running.get(), live.ended_here.get(), live.has_text.get()) {
            // What happens on the way is said once, by its own words, not with the text.
            (true, _, begun) => {
                last_notice().unwrap_or_else(|| if begun { texts.started } else { "" }.to_owned())
            }
            (false, true, _) => (texts.ended)(state).to_owned(),
            _ => String::new(),
        }
    };
    view! {
        <Title text=title />
        {head}
        <Show when=move || editing.with(Option::is_some)>
            {parts::editor(live, editing, taken, reload)}
        </Show>
        <main
            id=move || editing.with(Option::is_none).then_some("content")
            class="desk"
            class:writing=move || running.get()
            class:hidden=move || editing.with(Option::is_some)
        >
            <aside class="side outline-side" aria-label=texts.outline>
                <Outline entries=live.outline current=live.section />
            </aside>
            <div class="middle">
                <RevisionBar live reload regenerating edit />
                <DraftPlace live editing taken />
                {move || live.failure.get().map(|failure| view! { <ProblemNote failure /> })}
                <Show when=move || regenerating.get()>
                    {parts::regenerate(live, reload, regenerating)}
                </Show>
                {ghost}
                <Byline live />
                <article
                    node_ref=paper
                    lang=language
                    inner_html=html
                    on:click=move |event| code_copy::clicked(&event, texts)
                ></article>
                <Show when=move || !running.get()>
                    <Ending live reload />
                </Show>
                <Show when=move || running.get() && !live.following.get()>
                    <button type="button" class="btn jump" on:click=move |_| live.jump_to_end()>
                        {texts.jump_to_end}
                        <span aria-hidden="true">"↓"</span>
                    </button>
                </Show>
            </div>
            <aside class="side facts-side" aria-label=texts.progress>
                <Show when=move || !by_hand.get()>
                    <StageProgress progress=live.progress elapsed_ms />
                    <Facts progress=live.progress />
                </Show>
                <p class="line-state" class:unseen=move || line_state().is_empty() role="status">
                    {line_state}
                </p>
                <Show when=move || live.lumps.get()>
                    <p class="note warn" role="status">{texts.lumps}</p>
                </Show>
                <div class:hidden=move || by_hand.get()>
                    <Notices progress=live.progress warnings />
                    {parts::recovery(live, reload)}
                </div>
                <p class="actions">
                    <Show
                        when=move || running.get()
                        fallback=move || {
                            live.has_text
                                .get()
                                .then(|| view! {
                                    <CopyButton text=markdown label=texts.copy_markdown />
                                    <Downloads live />
                                })
                        }
                    >
                        <StopButton stopping=live.stopping stop with_key=true />
                    </Show>
                </p>
            </aside>
            <p class="unseen" role="status" aria-live="polite">
                {announced}
            </p>
        </main>
        {parts::live_bar(live, stop)}
    }
    .into_any()
}

/// What a reader wants to know before reading.
#[component]
fn Byline(live: Live) -> impl IntoView {
    let texts = use_texts();
    move || {
        live.data.with(|data| {
            let by = if data.is_by_hand() { texts.edited_by_hand } else { texts.machine_written };
            let mut facts = vec![by.to_owned()];
            if let Some(meta) = data.meta.as_ref().filter(|meta| meta.words > 0) {
                facts.push((texts.words)(meta.words, &data.article.language));
                facts.push((texts.minutes_to_read)(meta.reading_minutes));
            }
            // A name that a person gave stands nowhere in the text.
            if data.meta.as_ref().is_some_and(|meta| meta.title != data.article.title) {
                facts.push((texts.named)(&data.article.title));
            }
            view! { <p class="faint byline num">{facts.join(" · ")}</p> }
        })
    }
}

/// What the tab says: that it is written, how it ended while the reader looked elsewhere, or simply
/// the title. The head outlives the view that asked for it, so what the signals said first is kept
/// for when they are gone.
fn page_title(live: Live, topic: String) -> impl Fn() -> String + Clone + Send + Sync + 'static {
    let texts = use_texts();
    let title_of = move |data: &ArticleData| match data.article.title.as_str() {
        "" => topic.clone(),
        title => title.to_owned(),
    };
    let (first, was_running) = (live.data.with_untracked(&title_of), live.running_untracked());
    move || {
        if cfg!(feature = "ssr") {
            // What is in the head is written there as it is.
            let first = first.replace('&', "&amp;").replace('<', "&lt;");
            return match was_running {
                true => (texts.title_writing)(&first),
                false => format!("{first} · Inkstream"),
            };
        }
        let title = live.data.try_with(&title_of).unwrap_or_else(|| first.clone());
        let running = live.progress.try_with(|progress| !progress.state.is_ended());
        match live.ended_unseen.try_get().flatten() {
            Some(state) => (texts.title_ended)(state, &title),
            None if running.unwrap_or(was_running) => (texts.title_writing)(&title),
            None => format!("{title} · Inkstream"),
        }
    }
}

/// Milliseconds since the generation was accepted, by the server's clock, renewed every second
/// while it runs. `None` on the server and until the browser counts.
fn elapsed(live: Live) -> Signal<Option<u64>> {
    let elapsed = RwSignal::new(None);
    Effect::new(move || {
        let (server_now, created) =
            live.data.with_untracked(|data| (data.now, data.generation.created_at));
        #[expect(clippy::cast_precision_loss, reason = "exact until the year 287396")]
        let ahead = server_now as f64 - js_sys::Date::now();
        let tick = move || {
            if live.connection.try_get_untracked() == Some(Connection::Live) {
                #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds")]
                let now = (js_sys::Date::now() + ahead) as i64;
                elapsed.set(u64::try_from(now - created).ok());
            }
        };
        let every = std::time::Duration::from_secs(1);
        if let Ok(interval) = set_interval_with_handle(tick, every) {
            on_cleanup(move || interval.clear());
        }
    });
    elapsed.into()
}
