//! What a brief would be written by and cost, asked for while it is typed.

use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::api;
use super::brief_draft::BriefDraft;
use crate::article::brief::Brief;
use crate::article::event::Routed;

/// How long a brief has to stay as it is before it is asked about.
const PAUSE: Duration = Duration::from_millis(500);

/// What the server answers for what a form holds; `None` while that is not known. A question that
/// finds no answer is forgotten: it is nothing that keeps anybody from writing. Nor is it asked while
/// the brief is being sent.
pub fn estimate_of(draft: RwSignal<BriefDraft>, sent: RwSignal<bool>) -> Signal<Option<Routed>> {
    let answered = RwSignal::new(None::<(Brief, Routed)>);
    let brief = Memo::new(move |_| {
        let (brief, faults) = draft.with(BriefDraft::to_brief);
        faults.is_empty().then_some(brief)
    });
    let waiting = StoredValue::new(None::<TimeoutHandle>);
    let stop_waiting = move || {
        if let Some(timer) = waiting.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    };
    Effect::new(move || {
        stop_waiting();
        let Some(asked) = brief.get().filter(|_| !sent.get()) else { return };
        let is_known =
            |answer: &Option<(Brief, _)>| matches!(answer, Some((it, _)) if *it == asked);
        if answered.with_untracked(is_known) {
            return;
        }
        let ask = move || {
            spawn_local(async move {
                let Ok(routed) = api::estimate(&asked).await else { return };
                // Another brief may stand there by now, or none: the form may be gone.
                if brief.try_get_untracked().flatten().as_ref() == Some(&asked) {
                    answered.set(Some((asked, routed)));
                }
            });
        };
        waiting.set_value(set_timeout_with_handle(ask, PAUSE).ok());
    });
    on_cleanup(stop_waiting);
    Signal::derive(move || {
        let now = brief.get()?;
        answered.with(|answered| {
            let (asked, routed) = answered.as_ref()?;
            // A word more changes little; another choice may change everything.
            let same = (asked.style, &asked.model, asked.priority, asked.length, asked.max_tokens)
                == (now.style, &now.model, now.priority, now.length, now.max_tokens);
            same.then(|| routed.clone())
        })
    })
}
