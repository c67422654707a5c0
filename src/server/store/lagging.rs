//! The articles that ended and cannot be searched yet.
//!
//! Reading a text for the search takes longer than storing it. So it is not part of an end, which
//! people wait for: it follows within a second, many at once, and before any search. What a killed
//! process leaves is found again at the next start, by the revision that the search table has.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;
use uuid::Uuid;

use super::{Store, StoreError};

/// How many articles are made searchable in one transaction; others wait for the write lock some
/// milliseconds.
pub const INDEXED_AT_ONCE: u32 = 32;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Lagging {
    /// In the order of their creation: an id begins with its time.
    articles: Mutex<BTreeSet<Uuid>>,
    called: Notify,
    /// Held by who takes articles out, until they can be searched.
    working: tokio::sync::Mutex<()>,
}

impl Lagging {
    /// Takes note of articles.
    pub(super) fn add(&self, articles: impl IntoIterator<Item = Uuid>) {
        let mut lagging = self.articles.lock().unwrap_or_else(PoisonError::into_inner);
        let before = lagging.len();
        lagging.extend(articles);
        if lagging.len() > before {
            self.called.notify_one();
        }
    }

    fn take(&self) -> Vec<Uuid> {
        let mut lagging = self.articles.lock().unwrap_or_else(PoisonError::into_inner);
        let taken: Vec<Uuid> = lagging.iter().copied().take(INDEXED_AT_ONCE as usize).collect();
        taken.iter().for_each(|id| _ = lagging.remove(id));
        taken
    }
}

impl Store {
    /// Waits until an article has ended that cannot be searched yet.
    pub async fn lags(&self) {
        self.lagging.called.notified().await;
    }

    /// Makes every article searchable that has ended; waits for others that do the same. Leaving it
    /// half-way is harmless.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; what is left is kept for the next time.
    pub async fn index_lagging(&self) -> Result<(), StoreError> {
        let _working = self.lagging.working.lock().await;
        loop {
            let mut taken = Taken { lagging: &self.lagging, articles: self.lagging.take() };
            if taken.articles.is_empty() {
                return Ok(());
            }
            self.index_or_skip(&taken.articles).await?;
            taken.articles.clear();
        }
    }

    /// Makes articles searchable. One whose text cannot be read is logged and left out: it must not
    /// hold up the others.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn index_or_skip(&self, articles: &[Uuid]) -> Result<(), StoreError> {
        match self.index_articles(articles).await {
            Err(error) if !error.is_outage() => {}
            done => return done,
        }
        for article in articles {
            match self.index_articles(std::slice::from_ref(article)).await {
                Err(error) if !error.is_outage() => tracing::error!(
                    error_type = "storage",
                    article.id = %article,
                    %error,
                    resolution = "the article is read and edited as always; searches miss it",
                    "an article cannot be made searchable"
                ),
                done => done?,
            }
        }
        Ok(())
    }
}

/// Articles that are being made searchable. What is still in it when it goes is lagging again, also
/// where whoever waited for it left.
struct Taken<'a> {
    lagging: &'a Lagging,
    articles: Vec<Uuid>,
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        self.lagging.add(self.articles.drain(..));
    }
}
