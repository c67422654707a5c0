//! How tasks give way to each other.

use std::future::poll_fn;
use std::task::Poll;

/// Goes behind the tasks that are ready. Cheaper than `tokio::task::yield_now`, which also looks
/// for new input.
pub async fn let_others_run() {
    let mut yielded = false;
    poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
