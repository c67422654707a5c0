//! How writing ended, where the text ends, and the way on from there.

use leptos::prelude::*;

use super::continue_button::ContinueButton;
use super::problem_note::ProblemNote;
use crate::app::api::Failure;
use crate::app::format::duration;
use crate::app::live::Live;
use crate::app::page_data::ArticleData;
use crate::app::preferences::use_texts;
use crate::app::progress::Progress;
use crate::article::event::{GenerationState, NOBODY_ASKED};
use crate::article::problem::Problem;

/// How a generation ended.
#[derive(Clone, PartialEq)]
enum How {
    Well,
    Failed(Problem),
    Interrupted,
    /// With what was found wrong.
    Rejected(String),
    /// With how long it took until upstream was closed, in milliseconds, or [`NOBODY_ASKED`].
    Cancelled(Option<f64>),
    /// It was stopped, and is written on for another request.
    Left,
}

impl How {
    fn of(progress: &Progress) -> Self {
        match (progress.state, &progress.problem) {
            (GenerationState::Failed, Some(problem)) => Self::Failed(problem.clone()),
            (GenerationState::Interrupted, _) => Self::Interrupted,
            (GenerationState::Rejected, _) => Self::Rejected(progress.findings.join("; ")),
            (GenerationState::Cancelled, _) if progress.goes_on_for_another => Self::Left,
            (GenerationState::Cancelled, _) => Self::Cancelled(progress.upstream_closed_ms),
            _ => Self::Well,
        }
    }
}

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
    // Who watched the end of the text is shown what can be done from there, and the keyboard goes on
    // from there where what it was on, Stop, is gone.
    Effect::new(move || {
        if let Some(place) = place.get()
            && live.ended_here.get()
        {
            let following = live.following.get_untracked();
            request_animation_frame(move || {
                if following {
                    show(&place);
                }
                take_lost_focus(&place);
            });
        }
    });
    // What else becomes known afterwards does not take a button away that is being pressed.
    let how = Memo::new(move |_| match live.data.with(ArticleData::is_by_hand) {
        true => How::Well,
        false => live.progress.with(How::of),
    });
    let note = move || {
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
        let stopped = |said: &str| {
            let said = [said, meaning].join(texts.between);
            view! {
                <div class="note">
                    <span class="num">{said}</span>
                    <ContinueButton live reload />
                </div>
            }
            .into_any()
        };
        match how.get() {
            How::Failed(problem) => {
                let failure = Failure::Problem(problem);
                let note = view! {
                    <ProblemNote failure meaning>
                        <ContinueButton live reload />
                    </ProblemNote>
                };
                Some(note.into_any())
            }
            How::Interrupted => Some(plain([texts.interrupted, meaning].join(texts.between))),
            How::Rejected(findings) => {
                let findings = findings.trim_end_matches(['.', '。']);
                Some(plain([(texts.rejected)(findings).as_str(), meaning].join(texts.between)))
            }
            How::Cancelled(closed_ms) => {
                let closed = closed_ms.map(|ms| match ms {
                    NOBODY_ASKED => texts.nobody_asked.to_owned(),
                    _ => (texts.upstream_closed)(&whole(ms)),
                });
                Some(stopped(closed.as_deref().unwrap_or_default()))
            }
            How::Left => Some(stopped(texts.left_to_others)),
            How::Well => None,
        }
    };
    view! {
        <div class="ending" tabindex="-1" node_ref=place>
            {note}
        </div>
    }
}

fn take_lost_focus(place: &web_sys::HtmlElement) {
    let focused = document().active_element();
    if focused.is_none_or(|focused| focused.tag_name() == "BODY") {
        let options = web_sys::FocusOptions::new();
        options.set_prevent_scroll(true);
        // Where it fails, the keyboard begins at the top of the page.
        _ = place.focus_with_options(&options);
    }
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
