//! What can go wrong with the store, sorted by what there is to do about it.

use std::io;
use std::path::PathBuf;

use sqlx::migrate::MigrateError;

use crate::article::problem::{Code, Problem};

/// Why the store could not do what it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The data directory cannot be made, or files in it cannot be written.
    #[error("The data directory {path} cannot be written: {source}.", path = path.display())]
    DataDir {
        /// The directory or the file in it.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another server works on the same data directory.
    #[error("Another server is running on the data directory {path}.", path = path.display())]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// The database file cannot be opened or brought up to date.
    #[error("The database {path} cannot be opened: {source}", path = path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the database said.
        source: MigrateError,
    },
    /// The database cannot work right now; the same call may succeed later.
    #[error("The database is unavailable, because {}: {source}", outage.reason())]
    Unavailable {
        /// In which way.
        outage: Outage,
        /// What the database said.
        source: sqlx::Error,
    },
    /// A cursor that no page gave out.
    #[error("The cursor is not one that this list gave out.")]
    InvalidCursor,
    /// The database holds something that this version cannot read, or refused a query: a damaged
    /// file or a bug.
    #[error("The database failed: {0}")]
    Defect(sqlx::Error),
}

/// In which way a database is unavailable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// There is no room left.
    Full,
    /// It may not be written.
    ReadOnly,
    /// Others keep it locked, or too many wait for their turn.
    Busy,
    /// Reading or writing its files failed.
    Io,
    /// The store was closed.
    Closed,
}

impl Outage {
    fn reason(self) -> &'static str {
        match self {
            Self::Full => "there is no room left",
            Self::ReadOnly => "it is read-only",
            Self::Busy => "it is busy",
            Self::Io => "reading or writing its files failed",
            Self::Closed => "it was closed",
        }
    }

    fn resolution(self) -> &'static str {
        match self {
            Self::Full => "Make room on the disk that holds the data directory, then try again.",
            Self::ReadOnly => {
                "Give the server's user write access to the data directory and the files in it, \
                 then try again."
            }
            Self::Busy => {
                "Try again in a moment. If it stays like this, look for a program that keeps the \
                 database open for writing."
            }
            Self::Io => {
                "Check the disk that holds the data directory and the system's log, then try again."
            }
            Self::Closed => "The server is shutting down: try again when it runs.",
        }
    }

    /// SQLite's result codes, the part that speaks of the surroundings rather than of the query.
    fn of_sqlite(code: i32) -> Option<Self> {
        Some(match code & 0xff {
            5 | 6 => Self::Busy,
            3 | 8 => Self::ReadOnly,
            10 | 14 => Self::Io,
            13 => Self::Full,
            _ => return None,
        })
    }

    fn of(error: &sqlx::Error) -> Option<Self> {
        match error {
            sqlx::Error::Database(error) => {
                error.code().and_then(|code| code.parse().ok()).and_then(Self::of_sqlite)
            }
            sqlx::Error::Io(_) => Some(Self::Io),
            sqlx::Error::PoolTimedOut => Some(Self::Busy),
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => Some(Self::Closed),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(source: sqlx::Error) -> Self {
        match Outage::of(&source) {
            Some(outage) => Self::Unavailable { outage, source },
            None => Self::Defect(source),
        }
    }
}

impl StoreError {
    /// Something stored that this version cannot read.
    pub(super) fn unreadable(what: String) -> Self {
        Self::Defect(sqlx::Error::Decode(what.into()))
    }

    /// Whether the same call may succeed later.
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::DataDir { .. })
    }

    /// What there is to do about it.
    pub fn resolution(&self) -> String {
        match self {
            Self::DataDir { .. } => {
                "Give the server's user write access to it, or choose another directory: set \
                 INKSTREAM_DATA_DIR, or `data_dir` under [server] in inkstream.toml."
                    .to_owned()
            }
            Self::InUse { .. } => "Stop that server, or give this one a directory of its own: set \
                 INKSTREAM_DATA_DIR, or `data_dir` under [server] in inkstream.toml."
                .to_owned(),
            Self::Open { source, .. } => match source {
                MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_) => {
                    "It was written by another version of Inkstream: use that version, or choose \
                     another data directory (INKSTREAM_DATA_DIR)."
                        .to_owned()
                }
                MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) => {
                    match Outage::of(source) {
                        Some(Outage::Io | Outage::ReadOnly) => {
                            "Give the server's user write access to the file and its directory, \
                             or choose another directory (INKSTREAM_DATA_DIR)."
                                .to_owned()
                        }
                        Some(outage) => outage.resolution().to_owned(),
                        None => RESTORE.to_owned(),
                    }
                }
                _ => RESTORE.to_owned(),
            },
            Self::Unavailable { outage, .. } => outage.resolution().to_owned(),
            Self::InvalidCursor => {
                "Leave `cursor` out for the first page, and pass on `next` as it came.".to_owned()
            }
            Self::Defect(_) => {
                "This is a bug or a damaged database. Keep a copy of the data directory, and \
                 report the error with its request id."
                    .to_owned()
            }
        }
    }

    /// The error in the shape that the API answers with. What the database said stays in the log:
    /// it is of no use to a caller, and names paths.
    pub fn to_problem(&self) -> Problem {
        let (code, message) = match self {
            Self::DataDir { .. } | Self::InUse { .. } | Self::Open { .. } => {
                (Code::StorageUnavailable, "The data directory cannot be used.".to_owned())
            }
            Self::Unavailable { outage, .. } => (
                Code::StorageUnavailable,
                format!("The database is unavailable, because {}.", outage.reason()),
            ),
            Self::InvalidCursor => {
                return Problem::new(Code::InvalidParameter, self.to_string(), self.resolution())
                    .with_param("cursor");
            }
            Self::Defect(_) => (Code::Internal, "The database failed.".to_owned()),
        };
        Problem::new(code, message, self.resolution())
    }
}

const RESTORE: &str = "The file may be damaged, or be no database: move it away, or restore a copy \
                       of it.";
