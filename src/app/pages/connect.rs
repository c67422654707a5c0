//! Which models write, whether they answer, and how another is connected.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::not_found::ProblemPage;
use crate::app::api::{self, Failure};
use crate::app::components::copy_button::CopiedLine;
use crate::app::components::problem_note::ProblemNote;
use crate::app::fetched::fetched;
use crate::app::format::{count, duration};
use crate::app::page_data::load_connections;
use crate::app::preferences::use_texts;
use crate::app::title::Title;
use crate::app::use_hydrated;
use crate::article::connection::{
    ConnectedProvider, ConnectionTest, Connections, KnownProvider, StyleRoute,
};

/// So many models of a provider are named; hosted services have hundreds.
const NAMED: usize = 6;

/// See the module.
#[component]
pub fn ConnectPage() -> impl IntoView {
    let texts = use_texts();
    let data = fetched(|| (), |()| load_connections());
    let show = move |data| match data {
        Ok(data) => view! { <Connect data /> }.into_any(),
        Err(failure) => view! { <ProblemPage failure /> }.into_any(),
    };
    view! {
        <Title text=format!("{} · Inkstream", texts.models) />
        {data.view(|| view! { <main id="content" class="page"></main> }.into_any(), show)}
    }
    .into_any()
}

#[component]
fn Connect(data: Connections) -> impl IntoView {
    let texts = use_texts();
    let Connections { demo_only, providers, routes, known, warnings } = data;
    let warnings = warnings
        .into_iter()
        .map(|warning| view! { <p class="note warn" lang="en">{warning}</p> })
        .collect_view();
    let rest: Vec<KnownProvider> = known.into_iter().filter(|known| !known.connected).collect();
    view! {
        <main id="content" class="page connect">
            <h1 class="ask">{texts.models}</h1>
            <p class="muted">{if demo_only { texts.connect_nothing } else { texts.connect_found }}</p>
            {warnings}
            <section aria-labelledby="connect-routes">
                <h2 id="connect-routes" class="small">
                    {texts.connect_routes}
                </h2>
                <Routes routes />
            </section>
            <section aria-labelledby="connect-providers">
                <h2 id="connect-providers" class="small">
                    {texts.connect_providers}
                </h2>
                {providers.into_iter().map(|provider| view! { <Provider provider /> }).collect_view()}
            </section>
            <section aria-labelledby="connect-more">
                <h2 id="connect-more" class="small">
                    {texts.connect_more}
                </h2>
                <p class="muted">{texts.connect_how}</p>
                {rest.into_iter().map(|known| view! { <Known known /> }).collect_view()}
                <h3>{texts.connect_other}</h3>
                <p class="muted">{texts.connect_other_how}</p>
                <CopiedLine line="OPENAI_BASE_URL=http://127.0.0.1:8000/v1" />
                <CopiedLine line="OPENAI_MODEL=qwen3" />
                <h3>{texts.connect_local}</h3>
                <p class="muted">{texts.connect_local_how}</p>
                <CopiedLine line="ollama pull qwen3" />
            </section>
        </main>
    }
    .into_any()
}

/// What each style is written by.
#[component]
fn Routes(routes: Vec<StyleRoute>) -> impl IntoView {
    let texts = use_texts();
    let line = |route: StyleRoute| {
        let mut models = route.models.into_iter();
        let first = models.next().unwrap_or_else(|| "—".to_owned());
        let then: Vec<String> = models.collect();
        let then = (!then.is_empty()).then(|| (texts.connect_then)(&then.join(", ")));
        view! {
            <tr>
                <th scope="row">{(texts.style)(route.style)}</th>
                <td>
                    <code>{first}</code>
                    {then.map(|then| view! { <span class="faint">{then}</span> })}
                </td>
            </tr>
        }
    };
    view! { <table class="routes"><tbody>{routes.into_iter().map(line).collect_view()}</tbody></table> }
}

/// A provider that is connected, and the button that asks it.
#[component]
fn Provider(provider: ConnectedProvider) -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let ConnectedProvider { name, base_url, has_key, demo, models } = provider;
    let chosen = RwSignal::new(models.first().cloned().unwrap_or_default());
    let asking = RwSignal::new(false);
    let outcome = RwSignal::new(None::<Result<ConnectionTest, Failure>>);
    let tested = name.clone();
    let test = move |_| {
        asking.set(true);
        outcome.set(None);
        let tested = tested.clone();
        spawn_local(async move {
            let answer = api::test_connection(&tested, &chosen.get_untracked()).await;
            // The page may have been left meanwhile.
            if asking.try_set(false).is_none() {
                outcome.set(Some(answer));
            }
        });
    };
    let facts = if demo {
        texts.connect_demo.to_owned()
    } else {
        let key = if has_key { texts.connect_with_key } else { texts.connect_without_key };
        format!("{base_url} · {key}")
    };
    let said = move || {
        outcome.get().map(|outcome| match outcome {
            Ok(ConnectionTest { works: true, model, first_token_ms, .. }) => {
                let ms = duration(first_token_ms.unwrap_or_default());
                view! { <p class="works">{(texts.connect_works)(&model, &ms)}</p> }.into_any()
            }
            Ok(ConnectionTest { problem: Some(problem), .. }) => {
                view! { <ProblemNote failure=Failure::Problem(problem) /> }.into_any()
            }
            Ok(_) => view! { <ProblemNote failure=Failure::Malformed /> }.into_any(),
            Err(failure) => view! { <ProblemNote failure /> }.into_any(),
        })
    };
    let (can_test, several) = (!models.is_empty(), models.len() > 1);
    let options = models
        .iter()
        .map(|model| view! { <option value=model.clone()>{model.clone()}</option> })
        .collect_view();
    let label = (texts.connect_model_of)(&name);
    let more = models.len().saturating_sub(NAMED);
    let named = models.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let listed = match more {
        0 => named,
        more => format!("{named} … +{}", count(more as u64)),
    };
    view! {
        <div class="provider">
            <h3>{name}</h3>
            <p class="faint">{facts}</p>
            <p class="listed">
                {if can_test { listed } else { texts.connect_no_models.to_owned() }}
            </p>
            {can_test
                .then(|| {
                    view! {
                        <p class="test">
                            {several
                                .then(|| {
                                    view! {
                                        <select
                                            class="pick"
                                            aria-label=label
                                            disabled=move || hydrated.not_yet() || asking.get()
                                            on:change=move |event| {
                                                chosen.set(event_target_value(&event));
                                            }
                                        >
                                            {options}
                                        </select>
                                    }
                                })}
                            <button
                                type="button"
                                class="btn"
                                disabled=move || hydrated.not_yet() || asking.get()
                                on:click=test
                            >
                                {move || {
                                    if asking.get() { texts.connect_testing } else { texts.connect_test }
                                }}
                            </button>
                        </p>
                    }
                })}
            <div role="status">{said}</div>
        </div>
    }
    .into_any()
}

/// A provider that a key is enough for, with the line that connects it.
#[component]
fn Known(known: KnownProvider) -> impl IntoView {
    let texts = use_texts();
    let brings: Vec<String> = known
        .routes
        .iter()
        .filter_map(|route| {
            Some(format!("{} → {}", (texts.style)(route.style), route.models.first()?))
        })
        .collect();
    view! {
        <h3>{known.name}</h3>
        <CopiedLine line=format!("{}=", known.key_variable) />
        <p class="faint">{brings.join(" · ")}</p>
    }
    .into_any()
}
