//! The database behind the store, and the macros by which a query that is written once runs on
//! every kind of it.
//!
//! A query uses what all dialects share: `$1` placeholders, `RETURNING`, `ON CONFLICT`, row values,
//! `CAST(sum(x) AS BIGINT)`, milliseconds in BIGINT columns.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

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
    },
}

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

impl Db {
    /// Opens an SQLite file, makes it if it is not there, and brings its tables up to date.
    pub(super) async fn open_sqlite(file: &Path) -> Result<Self, sqlx::migrate::MigrateError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
            .pragma("journal_size_limit", "67108864");
        let write = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(
                options
                    .clone()
                    .create_if_missing(true)
                    .journal_mode(SqliteJournalMode::Wal)
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
            .connect_lazy_with(options.read_only(true));
        Ok(Self::Sqlite { write, read })
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Sqlite { write, read } => {
                // The writer goes last: the last connection to close empties the write-ahead log.
                read.close().await;
                write.close().await;
            }
        }
    }
}
