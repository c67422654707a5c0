//! What a button sets off: busy meanwhile, then done or a failure.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::api::Failure;

/// Does `action` with `busy` set, and calls `done` or says why not in `failure`. Where the page that
/// they belong to was left meanwhile, nothing more happens.
pub fn act<T: 'static>(
    busy: RwSignal<bool>,
    failure: RwSignal<Option<Failure>>,
    action: impl Future<Output = Result<T, Failure>> + 'static,
    done: impl FnOnce(T) + 'static,
) {
    busy.set(true);
    failure.set(None);
    spawn_local(async move {
        let answer = action.await;
        if busy.try_set(false).is_some() {
            return;
        }
        match answer {
            Ok(answer) => done(answer),
            Err(failed) => failure.set(Some(failed)),
        }
    });
}
