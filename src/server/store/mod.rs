//! The database, and the only place that knows SQL.
//!
//! Records go in and come out as the types of [`records`]; what they mean is the service's affair.
//! Every query is written once, in the dialect that SQLite and PostgreSQL share; `db` picks the
//! pool. [`owners`] says which processes are alive.

mod articles;
mod cursor;
mod db;
pub mod dead_letters;
mod edits;
mod encoding;
mod error;
mod flush;
mod generations;
mod lagging;
pub mod owners;
pub mod records;
mod revisions;
mod schema;
mod search;
pub mod spending;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use error::{Outage, StoreError};
pub use lagging::INDEXED_AT_ONCE;
pub use search::Searchable;

use db::Db;

/// The name of the database file in the data directory.
pub const DATABASE_FILE: &str = "inkstream.db";

/// Articles, generations, events and revisions, kept. Cloning it is cheap: clones share
/// connections.
#[derive(Clone, Debug)]
pub struct Store {
    db: Db,
    data_dir: PathBuf,
    lagging: Arc<lagging::Lagging>,
}

impl Store {
    /// Opens the store in a directory, makes both if they are not there, and brings the tables up
    /// to date.
    ///
    /// # Errors
    /// [`StoreError::DataDir`] or [`StoreError::Open`], naming the path.
    pub async fn open(data_dir: &Path) -> Result<Self, StoreError> {
        make_dir(data_dir)?;
        // Two processes that start at once would both find the tables missing.
        let guard = locked(data_dir.join("migration.lock")).await?;
        let path = data_dir.join(DATABASE_FILE);
        let db =
            Db::open_sqlite(&path).await.map_err(|source| StoreError::Open { path, source })?;
        drop(guard);
        Ok(Self { db, data_dir: data_dir.to_owned(), lagging: Arc::default() })
    }

    /// The directory that it was opened in.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Waits for the queries that run, then closes all connections. Later calls fail with
    /// [`Outage::Closed`].
    pub async fn close(&self) {
        self.db.close().await;
    }

    /// Whether a row can be written right now: takes the write lock and gives it back.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot.
    pub async fn ping(&self) -> Result<(), StoreError> {
        db::transaction!(&self.db, |connection| {
            sqlx::query("UPDATE idempotency_keys SET key = key WHERE key = $1")
                .bind("")
                .execute(&mut *connection)
                .await?;
        });
        Ok(())
    }

    /// Limits the size of the database file; what would make it larger fails as if the disk were
    /// full. `None` takes the limit away. A limit below the present size means the present size.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is.
    pub async fn limit_size(&self, max_bytes: Option<u64>) -> Result<(), StoreError> {
        Ok(self.db.limit_size(max_bytes).await?)
    }
}

/// Makes the directory, readable by its owner alone, and those above it.
fn make_dir(path: &Path) -> Result<(), StoreError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|source| StoreError::DataDir { path: path.to_owned(), source })
}

/// Holds a lock file exclusively until the file is dropped; waits for others.
async fn locked(path: PathBuf) -> Result<std::fs::File, StoreError> {
    let lock = {
        let path = path.clone();
        move || -> std::io::Result<std::fs::File> {
            let file = std::fs::File::options()
                .create(true)
                .truncate(false)
                .read(true)
                .write(true)
                .open(path)?;
            file.lock()?;
            Ok(file)
        }
    };
    tokio::task::spawn_blocking(lock)
        .await
        .map_err(std::io::Error::other)
        .and_then(|file| file)
        .map_err(|source| StoreError::DataDir { path, source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::problem::Code;

    #[tokio::test]
    async fn a_database_that_may_not_be_written_is_an_outage_that_passes() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).await.unwrap();
        let Db::Sqlite { write, read, .. } = &store.db;
        for (value, writable) in [("ON", false), ("OFF", true)] {
            let pragma = sqlx::AssertSqlSafe(format!("PRAGMA query_only = {value}"));
            sqlx::query(pragma).execute(write).await.unwrap();
            match store.ping().await {
                Ok(()) => assert!(writable),
                Err(error) => {
                    assert!(!writable);
                    assert!(matches!(
                        error,
                        StoreError::Unavailable { outage: Outage::ReadOnly, .. }
                    ));
                    assert_eq!(error.to_problem().code, Code::StorageUnavailable);
                }
            }
        }
        let refused = sqlx::query("DELETE FROM articles").execute(read).await.unwrap_err();
        assert!(matches!(
            StoreError::from(refused),
            StoreError::Unavailable { outage: Outage::ReadOnly, .. }
        ));
    }

    #[tokio::test]
    async fn commits_survive_a_loss_of_power() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).await.unwrap();
        let Db::Sqlite { write, .. } = &store.db;
        let pragma = |name| sqlx::query_scalar::<_, String>(name).fetch_one(write);
        assert_eq!(pragma("PRAGMA journal_mode").await.unwrap(), "wal");
        let full: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(write).await.unwrap();
        assert_eq!(full, 2);
    }
}
