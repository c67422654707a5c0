//! The database behind the store, and the macros by which a query that is written once runs on
//! every kind of it.
//!
//! A query uses what all dialects share: `$1` placeholders, `RETURNING`, `ON CONFLICT`, row values,
//! `CAST(sum(x) AS BIGINT)`, milliseconds in BIGINT columns.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{AssertSqlSafe, Connection};

use super::schema;

/// A database of one of the supported kinds.
#[derive(Clone, Debug)]
pub(super) enum Db {
    /// One file. SQLite has one writer at a time, so the write pool is one connection, and waiting
    /// for it is orderly; readers see the last commit and block nobody.
    Sqlite {
        /// The only connection that writes.
        write: SqlitePool,
        /// Connections that cannot write.
        read: SqlitePool,
        /// How many pages the file may have.
        max_pages: Arc<AtomicU32>,
    },
}

/// What a query that is put together from pieces is written for.
pub(super) type Dialect = sqlx::Sqlite;

/// Runs `$body`, a query, with `$pool` standing for the pool that may write.
macro_rules! write {
    ($db:expr, |$pool:ident| $body:expr) => {
        match $db {
            $crate::server::store::db::Db::Sqlite { write: $pool, .. } => $body,
        }
    };
}

/// Runs `$body`, a query, with `$pool` standing for the pool that only reads.
macro_rules! read {
    ($db:expr, |$pool:ident| $body:expr) => {
        match $db {
            $crate::server::store::db::Db::Sqlite { read: $pool, .. } => $body,
        }
    };
}

/// Runs `$body` in a transaction and commits it; `?` inside `$body` leaves the function and rolls
/// back. `$connection` stands for a `&mut` connection: pass on `&mut *$connection`.
///
/// On SQLite the transaction takes the write lock at once: one that reads first and writes later
/// fails, whatever the busy timeout, when another has written in between.
macro_rules! transaction {
    ($db:expr, |$connection:ident| $body:expr) => {
        match $db {
            $crate::server::store::db::Db::Sqlite { write, .. } => {
                let mut transaction = write.begin_with("BEGIN IMMEDIATE").await?;
                let $connection = &mut *transaction;
                let outcome = $body;
                transaction.commit().await?;
                outcome
            }
        }
    };
}

pub(super) use {read, transaction, write};

/// How long a statement waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a query waits for its turn among those of this process.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
const READERS: u32 = 4;
/// After so many pages in the write-ahead log a commit takes them into the database: 32 MB. SQLite's
/// own 1,000 would let every fifth edit of a long article wait for that.
const CHECKPOINT_PAGES: &str = "8000";
/// The page cache of each reader, in KiB as a negative number; the system caches the file as well.
const READER_CACHE: &str = "-512";

/// What SQLite allows.
const MAX_PAGES: u32 = u32::MAX - 1;

/// Below the file's present size it means the present size.
async fn set_max_pages(connection: &mut SqliteConnection, pages: u32) -> sqlx::Result<()> {
    let pragma = format!("PRAGMA max_page_count = {pages}");
    sqlx::query(AssertSqlSafe(pragma)).execute(connection).await.map(|_| ())
}

impl Db {
    /// Opens an SQLite file, makes it if it is not there, and brings its tables up to date.
    pub(super) async fn open_sqlite(file: &Path) -> Result<Self, sqlx::migrate::MigrateError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
            .pragma("journal_size_limit", "67108864");
        let max_pages = Arc::new(AtomicU32::new(MAX_PAGES));
        let connection_limit = Arc::clone(&max_pages);
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .after_connect(move |connection, _| {
                let pages = connection_limit.load(Ordering::Relaxed);
                Box::pin(async move { set_max_pages(connection, pages).await })
            })
            // SQLite itself rolls back where the disk is full; sqlx then believes for ever that
            // the transaction is open. Such a connection is replaced.
            .before_acquire(|connection, _| {
                Box::pin(async move { Ok(!connection.is_in_transaction()) })
            })
            .connect_with(
                options
                    .clone()
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
                    .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
                    .synchronous(SqliteSynchronous::Full),
            )
            .await?;
        // SQLite opens a file that it may not write as read-only, without a word.
        write.begin_with("BEGIN IMMEDIATE").await?.rollback().await?;
        schema::for_sqlite().run(&write).await?;
        let read = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_lazy_with(options.read_only(true).pragma("cache_size", READER_CACHE));
        Ok(Self::Sqlite { write, read, max_pages })
    }

    /// Limits the size of the database, `None`: not at all.
    pub(super) async fn limit_size(&self, max_bytes: Option<u64>) -> sqlx::Result<()> {
        match self {
            Self::Sqlite { write, max_pages, .. } => {
                let mut connection = write.acquire().await?;
                let page_size: i64 =
                    sqlx::query_scalar("PRAGMA page_size").fetch_one(&mut *connection).await?;
                let pages = match max_bytes {
                    Some(bytes) => u32::try_from(bytes / page_size.cast_unsigned().max(1)),
                    None => Ok(MAX_PAGES),
                };
                let pages = pages.unwrap_or(MAX_PAGES).clamp(1, MAX_PAGES);
                max_pages.store(pages, Ordering::Relaxed);
                set_max_pages(&mut connection, pages).await
            }
        }
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { write, read, .. } => {
                // The writer goes last: the last connection to close empties the write-ahead log.
                read.close().await;
                write.close().await;
            }
        }
    }
}
