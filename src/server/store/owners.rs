//! Which processes are alive.
//!
//! Every process that runs generations has an owner id and holds a lock on a file of that name in
//! the data directory. The system lets go of the lock when the process ends, however it ends; so
//! a generation whose owner's file can be locked, or is gone, has nobody who writes it.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::{StoreError, make_dir};

/// This process, as the store's generations name it. Dropping it says that the process has ended.
#[derive(Debug)]
pub struct Owner {
    id: Uuid,
    path: PathBuf,
    /// Held for its lock.
    _file: File,
}

impl Owner {
    /// Registers this process under a new id, and removes the files of processes that have ended.
    ///
    /// # Errors
    /// [`StoreError::DataDir`] when the file cannot be made.
    pub fn register(data_dir: &Path) -> Result<Self, StoreError> {
        let dir = owners_dir(data_dir);
        make_dir(&dir)?;
        let fail = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::DataDir { path, source }
        };
        // Held while files are made and swept: a file must not look abandoned to another process
        // before its own process has locked it.
        let guard_path = dir.join("register.lock");
        let guard = lock_file(&guard_path).map_err(fail(&guard_path))?;
        guard.lock().map_err(fail(&guard_path))?;
        sweep(&dir).map_err(fail(&dir))?;
        let id = Uuid::now_v7();
        let path = lock_path(data_dir, id);
        let file = lock_file(&path).map_err(fail(&path))?;
        file.lock().map_err(fail(&path))?;
        Ok(Self { id, path, _file: file })
    }

    /// The id.
    pub fn id(&self) -> Uuid {
        self.id
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // A file that stays is swept by the next process; its lock ends with this one.
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(path = %self.path.display(), %error, "owner file not removed");
        }
    }
}

/// Whether the process with this id runs. An id whose file cannot be read counts as alive: its
/// generations are then left alone.
pub fn is_alive(data_dir: &Path, owner: Uuid) -> bool {
    match File::open(lock_path(data_dir, owner)) {
        Ok(file) => !is_abandoned(&file),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// The right to be the one server on a data directory, until it is dropped.
#[derive(Debug)]
pub struct ServeLock {
    /// Held for its lock.
    _file: File,
}

impl ServeLock {
    /// Takes the directory, and makes it if it is not there.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another server has it, [`StoreError::DataDir`] when the lock file
    /// cannot be made.
    pub fn acquire(data_dir: &Path) -> Result<Self, StoreError> {
        make_dir(data_dir)?;
        let path = data_dir.join("serve.lock");
        let file = match lock_file(&path) {
            Ok(file) => file,
            Err(source) => return Err(StoreError::DataDir { path, source }),
        };
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse { path: data_dir.to_owned() }),
            Err(TryLockError::Error(source)) => Err(StoreError::DataDir { path, source }),
        }
    }
}

fn owners_dir(data_dir: &Path) -> PathBuf {
    data_dir.join("owners")
}

fn lock_path(data_dir: &Path, owner: Uuid) -> PathBuf {
    owners_dir(data_dir).join(format!("{owner}.lock"))
}

fn lock_file(path: &Path) -> io::Result<File> {
    File::options().create(true).truncate(false).read(true).write(true).open(path)
}

/// Whether nobody holds the file's lock. Asks for a shared one, so that two who look at once do
/// not take each other for the owner.
fn is_abandoned(file: &File) -> bool {
    file.try_lock_shared().is_ok()
}

/// Removes the files of processes that have ended.
fn sweep(dir: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let is_owner = path.extension().is_some_and(|extension| extension == "lock")
            && path
                .file_stem()
                .and_then(|stem| stem.to_str())
                .is_some_and(|stem| Uuid::try_parse(stem).is_ok());
        // A file that cannot be opened or removed belongs to somebody: it stays.
        if is_owner && File::open(&path).is_ok_and(|file| is_abandoned(&file)) {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    tracing::debug!(path = %path.display(), %error, "owner file not removed");
                }
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_alive_until_it_is_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let owner = Owner::register(dir.path()).unwrap();
        let id = owner.id();
        assert!(is_alive(dir.path(), id));
        assert!(is_alive(dir.path(), id), "looking must not change it");
        drop(owner);
        assert!(!is_alive(dir.path(), id));
    }

    #[test]
    fn a_file_that_a_killed_process_left_behind_is_dead_and_swept() {
        let dir = tempfile::tempdir().unwrap();
        let living = Owner::register(dir.path()).unwrap();
        let killed = Uuid::now_v7();
        std::fs::write(lock_path(dir.path(), killed), "").unwrap();
        assert!(!is_alive(dir.path(), killed));
        let other = Owner::register(dir.path()).unwrap();
        assert!(!lock_path(dir.path(), killed).exists());
        assert!(is_alive(dir.path(), living.id()) && is_alive(dir.path(), other.id()));
    }

    #[test]
    fn a_second_server_is_refused_and_told_why() {
        let dir = tempfile::tempdir().unwrap();
        let first = ServeLock::acquire(dir.path()).unwrap();
        let error = ServeLock::acquire(dir.path()).unwrap_err();
        assert!(matches!(&error, StoreError::InUse { path } if path == dir.path()));
        assert!(error.to_string().contains(&dir.path().display().to_string()));
        assert!(error.resolution().contains("INKSTREAM_DATA_DIR"));
        drop(first);
        ServeLock::acquire(dir.path()).unwrap();
    }
}
