//! How writing ended, where the text ends, and the way on from there.

use leptos::prelude::*;

use super::continue_button::ContinueButton;
use super::problem_note::ProblemNote;
use crate::app::api::Failure;
use crate::app::format::duration;
use crate::app::live::Live;
use crate::app::page_data::ArticleData;
use crate::app::preferences::use_texts;
use crate::article::event::GenerationState;

/// Nothing where it ended well. `reload` renews the whole page.
#[component]
pub fn Ending(
    /// The article.
    live: Live,
    /// Renews the whole page.
    reload: Callback<()>,
) -> impl IntoView {
    let texts = use_texts();
    let place = NodeRef::<leptos::html::Div>::new();
    // Who watched the end of the text is shown what can be done from there.
    Effect::new(move || {
        if let Some(place) = place.get()
            && live.ended_here.get()
            && live.following.get_untracked()
        {
            request_animation_frame(move || show(&place));
        }
    });
    let note = move || {
        if live.data.with(ArticleData::is_by_hand) {
            return None;
        }
        let meaning = if live.has_text.get() { texts.text_kept } else { texts.nothing_written };
        let plain = |said: String| {
            view! {
                <div class="note warn">
                    <span>{said}</span>
                    <ContinueButton live reload />
                </div>
            }
            .into_any()
        };
        live.progress.with(|progress| match (progress.state, &progress.problem) {
            (GenerationState::Failed, Some(problem)) => {
                let failure = Failure::Problem(problem.clone());
                let note = view! {
                    <ProblemNote failure meaning>
                        <ContinueButton live reload />
                    </ProblemNote>
                };
                Some(note.into_any())
            }
            (GenerationState::Interrupted, _) => {
                Some(plain([texts.interrupted, meaning].join(texts.between)))
            }
            (GenerationState::Rejected, _) => {
                Some(plain((texts.rejected)(&progress.findings.join("; "))))
            }
            (GenerationState::Cancelled, _) => {
                let closed =
                    progress.upstream_closed_ms.map(|ms| (texts.upstream_closed)(&whole(ms)));
                let said = [closed.as_deref().unwrap_or_default(), meaning].join(texts.between);
                let note = view! {
                    <div class="note">
                        <span class="num">{said}</span>
                        <ContinueButton live reload />
                    </div>
                };
                Some(note.into_any())
            }
            _ => None,
        })
    };
    view! { <div node_ref=place>{note}</div> }
}

fn show(place: &web_sys::HtmlElement) {
    let height = window().inner_height().ok().and_then(|height| height.as_f64());
    if height.is_some_and(|height| place.get_bounding_client_rect().bottom() > height) {
        place.scroll_into_view_with_bool(false);
    }
}

/// Whole milliseconds; what is faster is said to be.
fn whole(ms: f64) -> String {
    if ms < 1.0 {
        return "< 1 ms".to_owned();
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at least one")]
    let whole = ms.round() as u64;
    duration(whole)
}
