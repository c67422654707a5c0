//! Where an article begins: a brief.

use leptos::prelude::*;

use super::not_found::ProblemPage;
use crate::app::brief_draft::{BriefDraft, Field};
use crate::app::components::brief_form::BriefForm;
use crate::app::components::demo_note::DemoNote;
use crate::app::components::ideas::Ideas;
use crate::app::components::topic_field::focus_topic;
use crate::app::draft_store;
use crate::app::fetched::fetched;
use crate::app::i18n::Idea;
use crate::app::navigation::use_navigation;
use crate::app::page_data::{ComposeData, load_compose};
use crate::app::preferences::use_texts;
use crate::app::sending::Sending;
use crate::app::title::{Title, description};
use crate::article::brief::Brief;

/// See the module.
#[component]
pub fn ComposePage() -> impl IntoView {
    let texts = use_texts();
    let data = fetched(|| (), |()| load_compose());
    let show = move |data| match data {
        Ok(data) => view! { <Compose data /> }.into_any(),
        Err(failure) => view! { <ProblemPage failure /> }.into_any(),
    };
    view! {
        <Title text=format!("{} · Inkstream", texts.compose_title) />
        {data.view(|| view! { <main id="content" class="page compose"></main> }.into_any(), show)}
    }
    .into_any()
}

#[component]
fn Compose(data: ComposeData) -> impl IntoView {
    let texts = use_texts();
    let draft = RwSignal::new(draft_store::typed_early());
    let sending = Sending::default();
    let noscript = texts.needs_javascript;

    // What was typed while the page was still coming stays, over what an earlier visit left.
    Effect::new(move |restored: Option<bool>| {
        let content = draft.get();
        if restored.is_none()
            && let Some(kept) = draft_store::load()
        {
            draft.set(kept.with_typed(&content));
        } else if content == BriefDraft::default() {
            draft_store::clear();
        } else {
            draft_store::save(&content);
        }
        true
    });

    let navigation = use_navigation();
    let submit = Callback::new(move |brief: Brief| {
        sending.send(brief, None, move |begun| {
            draft_store::clear();
            navigation.go(&format!("/articles/{}", begun.article_id));
        });
    });
    let choose = Callback::new(move |idea: Idea| {
        draft.update(|draft| {
            draft.set(Field::Topic, idea.topic.to_owned());
            draft.style = idea.style;
        });
        // The form is what comes next, also for the keyboard.
        if !focus_topic() {
            leptos::logging::warn!("the topic could not be focused");
        }
    });
    let demo_only = data.demo_only;
    view! {
        <main id="content" class="page compose">
            {description(texts.site_description)}
            <h1 class="ask">{texts.ask}</h1>
            <BriefForm draft data sending submit_label=texts.submit submit />
            <noscript>
                <p class="note warn">{noscript}</p>
            </noscript>
            {demo_only.then(|| view! { <DemoNote /> })}
            <Ideas choose />
        </main>
    }
    .into_any()
}
