//! The brief once more, to be changed before a new revision is written.

use leptos::prelude::*;

use super::brief_form::BriefForm;
use crate::app::brief_draft::BriefDraft;
use crate::app::live::Live;
use crate::app::navigation::use_navigation;
use crate::app::preferences::use_texts;
use crate::app::sending::Sending;
use crate::article::brief::Brief;

/// See the module. `reload` renews the whole page.
#[component]
pub fn Regenerate(
    /// The article.
    live: Live,
    /// Renews the whole page.
    reload: Callback<()>,
    /// Whether this is open.
    open: RwSignal<bool>,
) -> impl IntoView {
    let texts = use_texts();
    let (article, brief, data) = live.data.with_untracked(|data| {
        (data.article.id, data.generation.brief.clone(), data.compose.clone())
    });
    let draft = RwSignal::new(BriefDraft::from_brief(&brief));
    let sending = Sending::default();
    let navigation = use_navigation();
    let submit = Callback::new(move |brief: Brief| {
        sending.send(brief, Some(article), move |_| {
            navigation.go(&format!("/articles/{article}"));
            reload.run(());
        });
    });
    view! {
        <section class="regenerate" aria-labelledby="regenerate-title">
            <h2 id="regenerate-title">{texts.regenerate_title}</h2>
            <p class="muted">{texts.regenerate_note}</p>
            <BriefForm draft data sending submit_label=texts.rewrite submit>
                <button type="button" class="btn quiet" on:click=move |_| open.set(false)>
                    {texts.cancel}
                </button>
            </BriefForm>
        </section>
    }
    .into_any()
}
