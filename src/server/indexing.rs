//! Makes articles searchable behind their ends, while the server runs.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::store::{INDEXED_AT_ONCE, Store, StoreError};

/// How long others have the store to themselves between two batches.
const PAUSE: Duration = Duration::from_millis(5);
/// How long ends gather: many at once cost less. A search does not wait for this.
const GATHER: Duration = Duration::from_secs(1);

/// The task that does it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Indexing {
    store: Store,
    tasks: TaskTracker,
    closing: CancellationToken,
    caught_up: CancellationToken,
}

impl Indexing {
    /// Begins, without waiting for the end.
    pub fn start(store: Store) -> Self {
        let indexing = Self {
            store,
            tasks: TaskTracker::new(),
            closing: CancellationToken::new(),
            caught_up: CancellationToken::new(),
        };
        let this = indexing.clone();
        indexing.tasks.spawn(async move {
            tokio::select! {
                () = this.closing.cancelled() => {}
                () = this.run() => {}
            }
        });
        indexing.tasks.close();
        indexing
    }

    /// Waits until everything is searchable that was there at the start.
    pub async fn finished(&self) {
        self.caught_up.cancelled().await;
    }

    /// Ends it, and makes searchable what has ended last. The next start goes on with the rest.
    pub async fn shutdown(&self) {
        self.closing.cancel();
        self.tasks.wait().await;
        self.index_ended().await;
    }

    async fn run(&self) {
        if let Err(error) = catch_up(&self.store).await {
            tracing::error!(
                error_type = "storage",
                %error,
                resolution = "articles of an earlier process are found after the next start",
                "articles could not be made searchable"
            );
        }
        self.caught_up.cancel();
        loop {
            self.store.lags().await;
            tokio::time::sleep(GATHER).await;
            self.index_ended().await;
        }
    }

    async fn index_ended(&self) {
        if let Err(error) = self.store.index_lagging().await {
            tracing::error!(
                error_type = "storage",
                %error,
                resolution = error.to_problem().resolution,
                "articles could not be made searchable; it will be tried again"
            );
        }
    }
}

/// What an earlier process left.
async fn catch_up(store: &Store) -> Result<(), StoreError> {
    // What is deleted can come back; it has time.
    for deleted in [false, true] {
        let mut after = None;
        loop {
            let found = store.unsearchable(deleted, after, INDEXED_AT_ONCE).await?;
            let Some(last) = found.last() else { break };
            after = Some(*last);
            let articles: Vec<_> = found.iter().map(|(_, id)| *id).collect();
            store.index_or_skip(&articles).await?;
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}
