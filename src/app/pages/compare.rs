//! Two revisions of an article, side by side.

use leptos::prelude::*;
use uuid::Uuid;

use super::id_in;
use super::not_found::ProblemPage;
use crate::app::acting::act;
use crate::app::api::{self, Failure};
use crate::app::components::compared_rows::ComparedRows;
use crate::app::components::moment::Moment;
use crate::app::components::problem_note::ProblemNote;
use crate::app::components::revision_bar::how_made;
use crate::app::fetched::fetched;
use crate::app::navigation::{Step, use_navigation, use_place};
use crate::app::page_data::{CompareData, compare_address, load_comparison};
use crate::app::preferences::use_texts;
use crate::app::title::Title;
use crate::app::use_hydrated;
use crate::article::comparison::{Change, Comparison};
use crate::article::generation::RevisionSummary;
use crate::article::problem::Code;

/// See the module.
#[component]
pub fn ComparePage() -> impl IntoView {
    let place = use_place();
    let asked = Memo::new(move |_| {
        place.with(|place| (place.article().to_owned(), place.part("from"), place.part("to")))
    });
    let data = fetched(
        move || asked.get(),
        |(article, from, to)| async move {
            let article = id_in(&article, Code::ArticleNotFound)?;
            let id = |text: Option<String>| {
                text.map(|text| id_in(&text, Code::RevisionNotFound)).transpose()
            };
            load_comparison(article, id(from)?, id(to)?).await
        },
    );
    let reload = Callback::new(move |()| data.reload());
    let show = move |data| match data {
        Ok(data) => view! { <Compared data reload /> }.into_any(),
        Err(failure) => view! { <ProblemPage failure /> }.into_any(),
    };
    view! {
        {data.view(|| view! { <main id="content" class="page"></main> }.into_any(), show)}
    }
    .into_any()
}

#[component]
fn Compared(data: CompareData, reload: Callback<()>) -> impl IntoView {
    let texts = use_texts();
    let CompareData { article, numbers, comparison } = data;
    let Comparison { from, to, added, removed, rows } = comparison;
    let failure = RwSignal::new(None::<Failure>);
    let said = match rows.iter().all(|row| row.change == Change::Same) {
        true => texts.nothing_changed.to_owned(),
        false => (texts.words_changed)(added, removed),
    };
    let title = format!("{}: {}", texts.compare, article.title);
    let not_in = ((texts.only_here)(from.number), (texts.only_here)(to.number));
    view! {
        <Title text=format!("{title} · Inkstream") />
        <main id="content" class="compare-page">
            <p class="faint">
                <a href=format!("/articles/{}", article.id)>{texts.back_to_article}</a>
            </p>
            <h1 class="ask" lang=article.language.clone()>
                {article.title.clone()}
            </h1>
            <p class="muted num" role="status">
                {said}
            </p>
            {move || failure.get().map(|failure| view! { <ProblemNote failure /> })}
            <div class="sides">
                <Side
                    article=article.id
                    language=article.language.clone()
                    numbers=numbers.clone()
                    name="from"
                    shown=from.clone()
                    other=to.id
                    failure
                    reload
                />
                <Side
                    article=article.id
                    language=article.language.clone()
                    numbers
                    name="to"
                    shown=to
                    other=from.id
                    failure
                    reload
                />
            </div>
            <div class="compared" lang=article.language>
                <ComparedRows rows not_in />
            </div>
        </main>
    }
    .into_any()
}

/// One of the two: which it is, how it came about, and what makes it the current one.
#[component]
fn Side(
    article: Uuid,
    /// The article's.
    language: String,
    /// Number and id of every revision.
    numbers: Vec<(u32, Uuid)>,
    /// `from` or `to`.
    name: &'static str,
    shown: RevisionSummary,
    /// The revision on the other side.
    other: Uuid,
    failure: RwSignal<Option<Failure>>,
    reload: Callback<()>,
) -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let navigation = use_navigation();
    let is_old = name == "from";
    let choose = move |event| {
        if let Ok(chosen) = event_target_value(&event).parse::<Uuid>() {
            let (from, to) = if is_old { (chosen, other) } else { (other, chosen) };
            let address = compare_address(article, Some(from), Some(to));
            navigation.step(&address, Step { replace: false, scroll: false });
        }
    };
    let busy = RwSignal::new(false);
    let revision = shown.id;
    let restore = move |_| {
        act(busy, failure, api::restore_revision(article, revision), move |()| reload.run(()));
    };
    let options = numbers
        .into_iter()
        .map(|(number, id)| {
            view! {
                <option value=id.to_string() selected=id == shown.id>
                    {(texts.revision_number)(number)}
                </option>
            }
        })
        .collect_view();
    let made = how_made(&shown, texts);
    let words = (texts.words)(shown.words, &language);
    view! {
        <section>
            <select
                class="pick"
                name=name
                aria-label=if is_old { texts.compare_older } else { texts.compare_newer }
                disabled=move || hydrated.not_yet()
                on:change=choose
            >
                {options}
            </select>
            {match shown.current {
                true => view! { <span class="tag">{texts.current_one}</span> }.into_any(),
                false => {
                    view! {
                        <button
                            type="button"
                            class="btn quiet"
                            disabled=move || hydrated.not_yet() || busy.get()
                            on:click=restore
                        >
                            {texts.make_current}
                        </button>
                    }
                        .into_any()
                }
            }}
            <p class="faint num">
                {made} " · " {words} " · " <Moment at=shown.created_at />
            </p>
        </section>
    }
    .into_any()
}
