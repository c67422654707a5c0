//! Where one answer ends in the text and the next begins, and the way to have the rest anew.

use leptos::prelude::*;

use super::recovery::is_open;
use crate::app::go_on::use_go_on;
use crate::app::live::Live;
use crate::app::preferences::use_texts;
use crate::app::use_hydrated;
use crate::article::seam_place::SeamPlace;

/// A folded list; nothing where one answer wrote it all. `reload` renews the whole page.
#[component]
pub fn Seams(
    /// The article.
    live: Live,
    /// Renews the whole page.
    reload: Callback<()>,
) -> impl IntoView {
    let (texts, hydrated) = (use_texts(), use_hydrated());
    let go_on = use_go_on(live, reload);
    let seams = Memo::new(move |_| live.data.with(|data| data.seams.clone()));
    let language = live.data.with_untracked(|data| data.article.language.clone());
    let item = move |place: SeamPlace| {
        let SeamPlace { seam, percent, before, behind } = place;
        let id = format!("seam-{}", seam.offset);
        let anew = seam.offset;
        view! {
            <li>
                <p id=id.clone()>
                    <b class="num">{(texts.seam_at)(percent)}</b>
                    " "
                    {(texts.seam_between)(seam.from.as_deref(), &seam.to)}
                    {texts.between}
                    {(texts.seam_why)(&seam.reason)}
                </p>
                <p class="seam-words" lang=language.clone()>
                    "…"
                    {before}
                    <span class="seam-mark" aria-hidden="true"></span>
                    {behind}
                    "…"
                </p>
                <button
                    type="button"
                    class="btn"
                    aria-describedby=id
                    disabled=move || hydrated.not_yet() || live.busy.get()
                    on:click=move |_| go_on.run(Some(anew))
                >
                    {texts.write_from_here}
                </button>
            </li>
        }
    };
    let open = is_open(".seams");
    let items = move || seams.get().into_iter().map(item.clone()).collect_view();
    view! {
        <Show when=move || !seams.with(Vec::is_empty)>
            <details class="folded seams" open=open>
                <summary>
                    {texts.seams} " " <span class="num">{move || seams.with(Vec::len)}</span>
                </summary>
                <ol>{items.clone()}</ol>
                <p class="faint">{texts.regenerate_note}</p>
            </details>
        </Show>
    }
    .into_any()
}
