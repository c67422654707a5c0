//! Makes searchable what an earlier version wrote, while the server runs.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::store::Store;

/// How many articles are taken at once: the write lock is held for some milliseconds.
const BATCH: u32 = 25;
/// How long others have the store to themselves between two batches.
const PAUSE: Duration = Duration::from_millis(5);

/// The task that does it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Indexing {
    tasks: TaskTracker,
    closing: CancellationToken,
}

impl Indexing {
    /// Begins, without waiting for the end.
    pub fn start(store: Store) -> Self {
        let indexing = Self { tasks: TaskTracker::new(), closing: CancellationToken::new() };
        let closing = indexing.closing.clone();
        indexing.tasks.spawn(async move {
            tokio::select! {
                () = closing.cancelled() => {}
                () = index_all(&store) => {}
            }
        });
        indexing.tasks.close();
        indexing
    }

    /// Waits until everything is searchable that was there at the start.
    pub async fn finished(&self) {
        self.tasks.wait().await;
    }

    /// Ends it; the next start goes on.
    pub async fn shutdown(&self) {
        self.closing.cancel();
        self.tasks.wait().await;
    }
}

async fn index_all(store: &Store) {
    let (mut deleted, mut after) = (false, None);
    loop {
        match store.index_missing(deleted, after, BATCH).await {
            Ok(Some(last)) => after = Some(last),
            // What is deleted can come back; it has time.
            Ok(None) if !deleted => (deleted, after) = (true, None),
            Ok(None) => return,
            Err(error) => {
                tracing::error!(
                    error_type = "storage",
                    %error,
                    resolution = "articles of an earlier version are found after the next start",
                    "articles could not be made searchable"
                );
                return;
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}
