//! The parts that the client comes in: what a page does not need from its beginning is a program of
//! its own, and loaded when it is first needed.
//!
//! The browser has the part of the page it opens before it takes that page over, so the server's
//! page comes to life whole. The other parts come when somebody begins to use the page, ahead of
//! being needed. On the server everything is at hand, and the same code runs straight through.
//! `scripts/split.mjs` makes the parts, a file for each name below.

use std::ops::ControlFlow;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use wasm_split_helpers::{SplitLoaderError, wasm_split};
use web_sys::Element;

use super::components::dead_letters::Letters;
use super::components::dead_letters::edit::EditLetter;
use super::components::draft_note::DraftNote;
use super::components::editor::Editor;
use super::components::live_bar::LiveBar;
use super::components::old_revision::OldRevision;
use super::components::recovery::Recovery;
use super::components::regenerate::Regenerate;
use super::edit_drafts::{EditDraft, Taken};
use super::later::Later;
use super::live::Live;
use super::navigation::Page;
use super::page_data::{ArticleData, LetterData};
use super::pages::{
    ArticlePage, ComparePage, ComposePage, ConnectPage, LibraryPage, OperationsPage,
};
use super::preferences::use_texts;
use super::use_hydrated;
use crate::app::i18n::{CHINESE, ENGLISH, Locale, Texts};

/// How long a page waits for its part before it says so.
const PATIENCE: Duration = Duration::from_secs(15);
/// The first and the longest pause before a part is asked for again.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What a way into a part gives, unless the part could not be loaded.
pub type Opened<T> = Result<T, SplitLoaderError>;
/// The same, once the part is there.
pub type Opening<T> = Pin<Box<dyn Future<Output = Opened<T>>>>;

#[wasm_split(english, fallible)]
fn open_english() -> Opened<&'static Texts> {
    Ok(&ENGLISH)
}

#[wasm_split(chinese, fallible)]
fn open_chinese() -> Opened<&'static Texts> {
    Ok(&CHINESE)
}

#[wasm_split(brief, fallible, preload(load_compose))]
fn open_compose() -> Opened<AnyView> {
    Ok(view! { <ComposePage /> }.into_any())
}

#[wasm_split(again, fallible, preload(load_regenerate))]
fn open_regenerate(live: Live, reload: Callback<()>, open: RwSignal<bool>) -> Opened<AnyView> {
    Ok(view! { <Regenerate live reload open /> }.into_any())
}

#[wasm_split(again, fallible, preload(load_letter_form))]
fn open_letter_form(data: LetterData, letters: Letters, open: RwSignal<bool>) -> Opened<AnyView> {
    Ok(view! { <EditLetter data letters open /> }.into_any())
}

#[wasm_split(operations, fallible, preload(load_operations))]
fn open_operations() -> Opened<AnyView> {
    Ok(view! { <OperationsPage /> }.into_any())
}

#[wasm_split(article, fallible, preload(load_article))]
fn open_article() -> Opened<AnyView> {
    Ok(view! { <ArticlePage /> }.into_any())
}

#[wasm_split(writing, fallible, preload(load_editor))]
fn open_editor(
    live: Live,
    open: RwSignal<Option<EditDraft>>,
    taken: StoredValue<Option<Taken>>,
    reload: Callback<()>,
) -> Opened<AnyView> {
    Ok(view! { <Editor live open taken reload /> }.into_any())
}

#[wasm_split(writing, fallible, preload(load_writing))]
fn begin_writing(
    live: Live,
    root: Element,
    texts: &'static Texts,
    reload: Callback<()>,
) -> Opened<()> {
    live.write(root, texts, reload);
    Ok(())
}

#[wasm_split(writing, fallible, preload(load_recovery))]
fn open_recovery(live: Live, reload: Callback<()>) -> Opened<AnyView> {
    Ok(view! { <Recovery live reload /> }.into_any())
}

#[wasm_split(writing, fallible, preload(load_draft_note))]
fn open_draft_note(
    live: Live,
    editing: RwSignal<Option<EditDraft>>,
    taken: StoredValue<Option<Taken>>,
) -> Opened<AnyView> {
    Ok(view! { <DraftNote live editing taken /> }.into_any())
}

#[wasm_split(writing, fallible, preload(load_live_bar))]
fn open_live_bar(live: Live, stop: Callback<()>) -> Opened<AnyView> {
    Ok(view! { <LiveBar live stop /> }.into_any())
}

#[wasm_split(writing, fallible, preload(load_old_revision))]
fn open_old_revision(live: Live, reload: Callback<()>) -> Opened<AnyView> {
    Ok(view! { <OldRevision live reload /> }.into_any())
}

#[wasm_split(library, fallible, preload(load_library))]
fn open_library() -> Opened<AnyView> {
    Ok(view! { <LibraryPage /> }.into_any())
}

#[wasm_split(others, fallible, preload(load_compare))]
fn open_compare() -> Opened<AnyView> {
    Ok(view! { <ComparePage /> }.into_any())
}

#[wasm_split(others, fallible, preload(load_connect))]
fn open_connect() -> Opened<AnyView> {
    Ok(view! { <ConnectPage /> }.into_any())
}

/// A page of a kind.
pub fn page(page: Page) -> AnyView {
    // What the server has put there needs nothing that writes.
    let rendered = cfg!(feature = "ssr") || use_hydrated().is_taking_over();
    let load = async move {
        load(page).await?;
        if page != Page::Article || rendered { Ok(()) } else { load_writing().await }
    };
    let open = move || -> Opening<AnyView> {
        match page {
            Page::Compose => Box::pin(open_compose()),
            Page::Connect => Box::pin(open_connect()),
            Page::Operations => Box::pin(open_operations()),
            Page::Library => Box::pin(open_library()),
            Page::Article => Box::pin(open_article()),
            Page::Compare => Box::pin(open_compare()),
        }
    };
    arriving(Box::pin(load), frame, Box::new(open))
}

/// The brief of a dead letter, to be changed.
pub fn letter_form(data: LetterData, letters: Letters, open: RwSignal<bool>) -> AnyView {
    let form =
        move || -> Opening<AnyView> { Box::pin(open_letter_form(data.clone(), letters, open)) };
    arriving(Box::pin(load_letter_form()), |view| view, Box::new(form))
}

/// The brief of an article once more.
pub fn regenerate(live: Live, reload: Callback<()>, open: RwSignal<bool>) -> AnyView {
    let form = move || -> Opening<AnyView> { Box::pin(open_regenerate(live, reload, open)) };
    arriving(Box::pin(load_regenerate()), |view| view, Box::new(form))
}

/// An article's text, to be edited.
pub fn editor(
    live: Live,
    open: RwSignal<Option<EditDraft>>,
    taken: StoredValue<Option<Taken>>,
    reload: Callback<()>,
) -> AnyView {
    let editor = move || -> Opening<AnyView> { Box::pin(open_editor(live, open, taken, reload)) };
    arriving(Box::pin(load_editor()), frame, Box::new(editor))
}

/// What it took to write an article.
pub fn recovery(live: Live, reload: Callback<()>) -> AnyView {
    let later = Later {
        wanted: Signal::derive(move || live.took_more()),
        load: || Box::pin(load_recovery()),
        open: Arc::new(move || Box::pin(open_recovery(live, reload))),
    };
    later.view()
}

/// That an old revision is shown, where it is one.
pub fn old_revision(live: Live, reload: Callback<()>) -> AnyView {
    let is_old = |data: &ArticleData| data.shown.as_ref().is_some_and(|shown| !shown.current);
    let later = Later {
        wanted: Signal::derive(move || live.data.with(is_old)),
        load: || Box::pin(load_old_revision()),
        open: Arc::new(move || Box::pin(open_old_revision(live, reload))),
    };
    later.view()
}

/// The bar at the bottom of a phone, while it is being written.
pub fn live_bar(live: Live, stop: Callback<()>) -> AnyView {
    let later = Later {
        wanted: Signal::derive(move || live.running()),
        load: || Box::pin(load_live_bar()),
        open: Arc::new(move || Box::pin(open_live_bar(live, stop))),
    };
    later.view()
}

/// A text that was not saved, once one is `kept`.
pub fn draft_note(
    kept: RwSignal<bool>,
    live: Live,
    editing: RwSignal<Option<EditDraft>>,
    taken: StoredValue<Option<Taken>>,
) -> AnyView {
    let later = Later {
        wanted: kept.into(),
        load: || Box::pin(load_draft_note()),
        open: Arc::new(move || Box::pin(open_draft_note(live, editing, taken))),
    };
    later.view()
}

/// Lets an article write itself into `root`, as soon as what writes has come. `failed` is called
/// each time that it could not be loaded, and where it takes long, and says whether it is still
/// wanted.
pub fn write(
    live: Live,
    root: Element,
    texts: &'static Texts,
    reload: Callback<()>,
    failed: impl Fn() -> ControlFlow<()> + Copy + 'static,
) {
    let begin =
        move || -> Opening<()> { Box::pin(begin_writing(live, root.clone(), texts, reload)) };
    let mut begun = begin();
    if !matches!(at_once(&mut begun), Some(Ok(()))) {
        let late = set_timeout_with_handle(move || _ = failed(), PATIENCE).ok();
        spawn_local(async move {
            persist(begin, failed).await;
            if let Some(late) = late {
                late.clear();
            }
        });
    }
}

/// Opens a part, again and again with ever longer pauses until it can be or `failed`, which is
/// called each time, breaks it off.
pub async fn persist<T>(
    open: impl Fn() -> Opening<T>,
    failed: impl Fn() -> ControlFlow<()>,
) -> Option<T> {
    let mut pause = FIRST_PAUSE;
    loop {
        if let Ok(opened) = open().await {
            return Some(opened);
        }
        if failed().is_break() {
            return None;
        }
        sleep(pause).await;
        pause = LONGEST_PAUSE.min(2 * pause);
    }
}

/// Waits.
pub async fn sleep(pause: Duration) {
    let slept = js_sys::Promise::new(&mut |wake, _| {
        set_timeout(
            move || {
                // It resolves a promise, which cannot fail.
                let _ = wake.call0(&JsValue::NULL);
            },
            pause,
        );
    });
    // It is resolved, never rejected.
    let _ = JsFuture::from(slept).await;
}

/// The part that a page begins with, as the build names it.
pub fn part_of(page: Page) -> &'static str {
    match page {
        Page::Compose => "brief",
        Page::Article => "article",
        Page::Library => "library",
        Page::Compare | Page::Connect => "others",
        Page::Operations => "operations",
    }
}

/// Loads what a page begins with.
///
/// # Errors
/// It could not be loaded; it can be tried again.
pub async fn load(page: Page) -> Opened<()> {
    match page {
        Page::Compose => load_compose().await,
        Page::Article => load_article().await,
        Page::Library => load_library().await,
        Page::Compare => load_compare().await,
        Page::Connect => load_connect().await,
        Page::Operations => load_operations().await,
    }
}

/// The part with the words of a language, as the build names it.
pub fn words_of(locale: Locale) -> &'static str {
    match locale {
        Locale::En => "english",
        Locale::Zh => "chinese",
    }
}

/// The words of a language.
///
/// # Errors
/// They could not be loaded; it can be tried again.
pub async fn words(locale: Locale) -> Opened<&'static Texts> {
    match locale {
        Locale::En => open_english().await,
        Locale::Zh => open_chinese().await,
    }
}

/// What is ready already.
fn at_once<T>(future: &mut Pin<Box<dyn Future<Output = T>>>) -> Option<T> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn frame(view: AnyView) -> AnyView {
    view! {
        <main id="content" class="page">
            {view}
        </main>
    }
    .into_any()
}

/// Opens a part. Boxed: the wait for it is one program, not one for each part.
pub(super) type Open = Box<dyn Fn() -> Opening<AnyView> + Send>;

/// What `open` shows, once `load` has brought its part. What is there already is shown at once: a
/// page that is taken over must not change. While the part is on its way there is the empty
/// `frame`, and where it does not come a way on.
pub(super) fn arriving(
    mut load: Opening<()>,
    frame: fn(AnyView) -> AnyView,
    open: Open,
) -> AnyView {
    let texts = use_texts();
    let failed = move || {
        let again = view! {
            <div class="note warn" role="alert">
                <span>
                    <b>{texts.part_missing}</b>
                    {texts.between}
                    {texts.part_missing_hint}
                </span>
                <a class="btn" rel="external" href="">
                    {texts.load_again}
                </a>
            </div>
        };
        frame(again.into_any())
    };
    let opened = move || match at_once(&mut open()) {
        Some(Ok(view)) => view,
        // Only what was loaded is opened.
        Some(Err(_)) | None => failed(),
    };
    match at_once(&mut load) {
        Some(Ok(())) => opened(),
        Some(Err(_)) => failed(),
        None => {
            let loaded = RwSignal::new(None);
            spawn_local(async move {
                let came = load.await.is_ok();
                // Whoever has gone on meanwhile needs it no more.
                let _gone = loaded.try_set(Some(came));
            });
            // It may come later all the same; nobody shall wait for it without a word.
            let give_up = move || {
                if loaded.try_get_untracked() == Some(None) {
                    loaded.set(Some(false));
                }
            };
            set_timeout(give_up, PATIENCE);
            let shown = move || match loaded.get() {
                None => frame(().into_any()),
                Some(true) => opened(),
                Some(false) => failed(),
            };
            shown.into_any()
        }
    }
}
