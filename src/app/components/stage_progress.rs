//! The four stages as they pass.

use leptos::prelude::*;

use crate::app::format::duration;
use crate::app::i18n::StageState;
use crate::app::preferences::use_texts;
use crate::app::progress::Progress;
use crate::article::event::Stage;

/// `elapsed_ms`: since the generation was accepted, while it runs.
#[component]
pub fn StageProgress(
    /// What is known of the generation.
    progress: RwSignal<Progress>,
    /// Milliseconds since the generation was accepted, while it runs and once the browser counts.
    #[prop(into)]
    elapsed_ms: Signal<Option<u64>>,
) -> impl IntoView {
    let texts = use_texts();
    let stages = Stage::ALL
        .into_iter()
        .map(|stage| {
            let state = Memo::new(move |_| progress.with(|progress| progress.stage_state(stage)));
            let took = move || {
                let ms = progress.with(|progress| progress.stage_ms(stage, elapsed_ms.get()));
                ms.map(duration)
            };
            view! {
                <li
                    class:done=move || state.get() == StageState::Done
                    class:now=move || state.get() == StageState::Now
                    class:stopped=move || state.get() == StageState::Stopped
                >
                    <span>
                        {(texts.stage)(stage)}
                        <span class="unseen">{move || format!(" ({})", (texts.stage_state)(state.get()))}</span>
                    </span>
                    <span class="num">{took}</span>
                </li>
            }
        })
        .collect_view();
    view! {
        <h2>{texts.progress}</h2>
        <ol class="stages">{stages}</ol>
    }
    .into_any()
}
