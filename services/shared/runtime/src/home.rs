//! The folder of one installation on one machine, and who may write in it.
//!
//! It names the files in it and holds the lock; it never opens the store, the bus or the warehouse.

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use fs4::{FileExt, TryLockError};

use crate::clock::{Clock, SystemClock};
use crate::disk::trouble;
use crate::failure::Reason;
use crate::private;

const LOCK: &str = ".lock";
const COMMANDS_LOCK: &str = ".commands.lock";

/// The lock is held while this lives; the system gives it back when the process dies.
#[derive(Debug)]
pub struct Home {
    dir: PathBuf,
    _lock: Option<File>,
    closed: u64,
}

/// Why the folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    #[error("everycent is already running on {} ({owner}); wait for it or use another --home", .dir.display())]
    AlreadyRunning { dir: PathBuf, owner: String },
    #[error("there is no everycent data in {}; run `everycent sync` first or use another --home", .dir.display())]
    Missing { dir: PathBuf },
    #[error("home {}: {reason}", .dir.display())]
    Unusable {
        dir: PathBuf,
        #[source]
        reason: Reason,
        /// It is right as it was named, and there may be room or a disk again later.
        may_pass: bool,
    },
}

impl Home {
    /// Creates the folder where it is missing, and keeps every other process from writing in it.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, HomeError> {
        Self::hold(dir.as_ref(), LOCK)
    }

    fn hold(dir: &Path, name: &str) -> Result<Self, HomeError> {
        let dir = absolute(dir)?;
        let closed = private::close(&dir, is_ours);
        let mut lock = lock_file(&dir, name)?;
        let failed = |error: io::Error| unusable(&dir, error, &dir.join(name));
        match FileExt::try_lock(&lock) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(HomeError::AlreadyRunning { owner: owner(&mut lock), dir }),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        sign(&mut lock).map_err(failed)?;
        Ok(Self { dir, _lock: Some(lock), closed })
    }

    /// For the services, which work in the folder together: the lock keeps out whoever wants it alone.
    pub fn join(dir: impl AsRef<Path>) -> Result<Self, HomeError> {
        let dir = absolute(dir.as_ref())?;
        let closed = private::close(&dir, is_ours);
        let mut lock = lock_file(&dir, LOCK)?;
        match FileExt::try_lock_shared(&lock) {
            Ok(()) => {
                sign(&mut lock).map_err(|error| unusable(&dir, error, &dir.join(LOCK)))?;
                Ok(Self { dir, _lock: Some(lock), closed })
            }
            Err(TryLockError::WouldBlock) => Err(HomeError::AlreadyRunning { owner: owner(&mut lock), dir }),
            Err(TryLockError::Error(error)) => Err(unusable(&dir, error, &dir.join(LOCK))),
        }
    }

    /// For those who need what is there, also while another process writes. Creates nothing and locks nothing.
    pub fn open_shared(dir: impl AsRef<Path>) -> Result<Self, HomeError> {
        let dir = absolute(dir.as_ref())?;
        match fs::metadata(&dir) {
            Ok(found) if found.is_dir() && holds_data(&dir) => Ok(Self { dir, _lock: None, closed: 0 }),
            Ok(found) if found.is_dir() => Err(HomeError::Missing { dir }),
            Ok(_) => Err(unusable(&dir, io::ErrorKind::NotADirectory.into(), &dir)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(HomeError::Missing { dir }),
            Err(error) => Err(unusable(&dir, error, &dir)),
        }
    }

    /// For commands whose data lies elsewhere: keeps other commands out, and no service that shares the folder.
    pub fn open_for_commands(dir: impl AsRef<Path>) -> Result<Self, HomeError> {
        Self::hold(dir.as_ref(), COMMANDS_LOCK)
    }

    /// For those whose data lies elsewhere. Creates nothing and locks nothing.
    pub fn without_data(dir: impl AsRef<Path>) -> Result<Self, HomeError> {
        Ok(Self { dir: absolute(dir.as_ref())?, _lock: None, closed: 0 })
    }

    /// What an earlier release left open to other users of the machine, and is theirs to read no more: words for a person,
    /// once.
    pub fn closed(&self) -> Option<String> {
        let (closed, dir) = (self.closed, self.dir.display());
        (closed > 0).then(|| {
            format!(
                "{dir} could be read by other users of this machine, and holds addresses and spend; its files and folders \
                 ({closed}) are open to their owner only from now on"
            )
        })
    }

    /// The root of the default store: objects lie under `raw` and `rows` in it.
    pub fn data_dir(&self) -> &Path {
        &self.dir
    }

    pub fn bus_file(&self) -> PathBuf {
        self.dir.join("bus.sqlite")
    }

    pub fn warehouse_file(&self) -> PathBuf {
        self.dir.join("everycent.sqlite")
    }
}

fn lock_file(dir: &Path, name: &str) -> Result<File, HomeError> {
    private::create_folder(dir).map_err(|error| unusable(dir, error, dir))?;
    let path = dir.join(name);
    private::open_or_create(&path).map_err(|error| unusable(dir, error, &path))
}

fn absolute(dir: &Path) -> Result<PathBuf, HomeError> {
    std::path::absolute(dir).map_err(|error| unusable(dir, error, dir))
}

/// What the program makes in a home. A person may keep other things there.
fn is_ours(name: &str) -> bool {
    let is_database = ["bus.sqlite", "everycent.sqlite"].iter().any(|file| name.starts_with(file));
    let is_note = name.ends_with("-begun.json") || name.ends_with("-begun.partial");
    is_database || is_note || matches!(name, LOCK | COMMANDS_LOCK | "raw" | "rows" | ".tmp")
}

/// Whether anything of ours is in the folder.
fn holds_data(dir: &Path) -> bool {
    [LOCK, "raw", "bus.sqlite", "everycent.sqlite"].iter().any(|name| dir.join(name).exists())
}

/// Writes who holds the lock, for the message that the next process shows.
fn sign(lock: &mut File) -> io::Result<()> {
    lock.set_len(0)?;
    write!(lock, "process {}, since {}", std::process::id(), SystemClock.now())?;
    lock.flush()
}

fn owner(lock: &mut File) -> String {
    let mut text = String::new();
    let read = lock.rewind().and_then(|()| lock.take(200).read_to_string(&mut text));
    if read.is_ok() && !text.is_empty() { text } else { "another process".to_owned() }
}

fn unusable(dir: &Path, error: io::Error, place: &Path) -> HomeError {
    use io::ErrorKind::{AlreadyExists, InvalidFilename, IsADirectory, NotADirectory, PermissionDenied};
    let is_wrong_place =
        matches!(error.kind(), AlreadyExists | InvalidFilename | IsADirectory | NotADirectory | PermissionDenied);
    HomeError::Unusable {
        dir: dir.to_path_buf(),
        reason: trouble(error, place).into_reason(),
        may_pass: !is_wrong_place,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_second_opening_is_told_who_holds_the_home_until_it_is_given_back() {
        let dir = tempfile::tempdir().unwrap();
        let first = Home::open(dir.path()).unwrap();
        let error = Home::open(dir.path()).unwrap_err().to_string();
        let start = format!(
            "everycent is already running on {} (process {}, since 2",
            dir.path().display(),
            std::process::id()
        );
        assert!(error.starts_with(&start), "{error}");
        assert!(error.ends_with("); wait for it or use another --home"), "{error}");
        drop(first);
        Home::open(dir.path()).unwrap();
    }

    #[test]
    fn services_share_a_home_that_nobody_has_alone() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (Home::join(dir.path()).unwrap(), Home::join(dir.path()).unwrap());
        assert!(matches!(Home::open(dir.path()), Err(HomeError::AlreadyRunning { .. })));
        drop((one, other));
        let _alone = Home::open(dir.path()).unwrap();
        assert!(matches!(Home::join(dir.path()), Err(HomeError::AlreadyRunning { .. })));
    }

    #[test]
    fn commands_whose_services_work_elsewhere_keep_each_other_out_and_no_service() {
        let dir = tempfile::tempdir().unwrap();
        let _service = Home::join(dir.path()).unwrap();
        let _command = Home::open_for_commands(dir.path()).unwrap();
        let _another = Home::join(dir.path()).unwrap();
        assert!(matches!(Home::open_for_commands(dir.path()), Err(HomeError::AlreadyRunning { .. })));
    }

    #[test]
    fn a_home_is_created_with_the_folders_above_it() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(dir.path().join("a/b")).unwrap();
        assert_eq!(home.data_dir(), dir.path().join("a/b"));
        assert_eq!(home.bus_file(), dir.path().join("a/b/bus.sqlite"));
        assert_eq!(home.warehouse_file(), dir.path().join("a/b/everycent.sqlite"));
    }

    #[test]
    fn a_reader_needs_no_lock_and_creates_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let _owner = Home::open(dir.path()).unwrap();
        Home::open_shared(dir.path()).unwrap();
        let missing = Home::open_shared(dir.path().join("missing")).unwrap_err();
        assert!(missing.to_string().contains("run `everycent sync` first"), "{missing}");
        assert!(!dir.path().join("missing").exists());
        let empty = tempfile::tempdir().unwrap();
        assert!(matches!(Home::open_shared(empty.path()), Err(HomeError::Missing { .. })));
        assert!(fs::read_dir(empty.path()).unwrap().next().is_none());
    }

    #[test]
    fn the_lock_of_a_dead_process_is_no_lock() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(LOCK), "process 1, since 2025-10-03T00:00:00Z, and more words").unwrap();
        let _home = Home::open(dir.path()).unwrap();
        let signed = fs::read_to_string(dir.path().join(LOCK)).unwrap();
        assert!(signed.starts_with(&format!("process {}, since ", std::process::id())), "{signed}");
        assert!(!signed.contains("more words"), "{signed}");
    }

    #[cfg(unix)]
    #[test]
    fn a_home_is_its_owners_alone_and_its_locks_are_no_links() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("home");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(Home::open(&dir).unwrap().closed(), None);
        assert_eq!((mode(&dir), mode(&dir.join(LOCK))), (0o700, 0o600));
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
        let said = Home::open(&dir).unwrap().closed().unwrap();
        assert!(said.contains("could be read by other users") && mode(&dir) == 0o700, "{said}");
        assert_eq!(Home::join(&dir).unwrap().closed(), None);
        let target = folder.path().join("target");
        fs::write(&target, "theirs").unwrap();
        for name in [LOCK, COMMANDS_LOCK] {
            fs::remove_file(dir.join(name)).ok();
            symlink(&target, dir.join(name)).unwrap();
        }
        for refused in [Home::open(&dir), Home::join(&dir), Home::open_for_commands(&dir)] {
            let refused = refused.unwrap_err().to_string();
            assert!(refused.contains("symbolic link"), "{refused}");
        }
        assert_eq!(fs::read_to_string(&target).unwrap(), "theirs");
    }

    #[test]
    fn a_file_in_place_of_the_home_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        for error in [
            Home::open(&file).unwrap_err(),
            Home::open(file.join("below")).unwrap_err(),
            Home::open_shared(&file).unwrap_err(),
        ] {
            let text = error.to_string();
            assert!(text.contains(&file.display().to_string()) && text.contains("move it away"), "{text}");
        }
    }
}
