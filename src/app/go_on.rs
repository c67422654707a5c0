//! Going on from the text of a generation: from its end, or from a seam in it.

use leptos::prelude::*;

use super::api::{self, Failure};
use super::live::Live;
use super::navigation::use_navigation;

/// Goes on from the text of the article's generation, or from the seam at an offset of it, and then
/// shows what is being written. `reload` renews the whole page.
pub fn use_go_on(live: Live, reload: Callback<()>) -> Callback<Option<u64>> {
    let navigation = use_navigation();
    // Sent again after a lost answer, it must not be written twice.
    let unanswered = StoredValue::new(None::<(Option<u64>, String)>);
    Callback::new(move |seam| {
        let (article, generation) =
            live.data.with_untracked(|data| (data.article.id, data.generation.id));
        let kept = unanswered.get_value().filter(|(known, _)| *known == seam);
        let key = kept.map_or_else(api::idempotency_key, |(_, key)| key);
        unanswered.set_value(Some((seam, key.clone())));
        let home = move || {
            navigation.go(&format!("/articles/{article}"));
            reload.run(());
        };
        live.act(home, async move {
            let answer = api::continue_from(generation, seam, &key).await;
            if answer.as_ref().err().is_none_or(Failure::is_final) {
                unanswered.try_set_value(None);
            }
            answer
        });
    })
}
