//! What a failing disk means, in words for a person.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::failure::Reason;

/// Whether waiting helps, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Trying again may help.
    Passing(Reason),
    /// Trying again does not help until a person did something.
    Lasting(Reason),
}

/// What `error` at `place` means.
pub(crate) fn trouble(error: io::Error, place: &Path) -> Trouble {
    let (at, kind) = (place.display(), error.kind());
    let lasting = |words: String, error: io::Error| Trouble::Lasting(Reason::from(words).caused_by(error));
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            lasting(format!("no space left on {at}: free some and run the same command again"), error)
        }
        ErrorKind::FileTooLarge => lasting(
            format!("a file below {at} may grow no further: raise the limit and run the same command again"),
            error,
        ),
        ErrorKind::ReadOnlyFilesystem => {
            lasting(format!("the disk of {at} is read-only: make it writable or use another place"), error)
        }
        ErrorKind::PermissionDenied => {
            lasting(format!("no permission for {at}: give this user the right to read and write there"), error)
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            lasting(format!("a part of {at} is a file where a folder is needed: move it away"), error)
        }
        ErrorKind::IsADirectory => lasting(format!("{at} is a folder where a file is needed: move it away"), error),
        ErrorKind::InvalidFilename => lasting(format!("{at} is no name that this disk can hold"), error),
        _ => Trouble::Passing(Reason::from(format!("{at}: {error}")).caused_by(error)),
    }
}

/// SQLite calls only one full disk by its name. A quota, a limit on the size of files and a disk that lost a write are
/// failed writes to it, and none of them passes by itself.
pub(crate) fn is_refused_write(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_FSYNC, SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE};
    let codes = [SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_SHMSIZE];
    matches!(error, rusqlite::Error::SqliteFailure(failure, _) if codes.contains(&failure.extended_code))
}

/// What to do about one.
pub(crate) const REFUSED_WRITE: &str =
    "it could not be written; look at the free space, quota and limits of this user, and run the same command again";

impl Trouble {
    pub(crate) fn into_reason(self) -> Reason {
        match self {
            Self::Passing(reason) | Self::Lasting(reason) => reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: ErrorKind, lasting: bool, word: &str) {
        let found = trouble(io::Error::from(kind), Path::new("/mnt/usage"));
        assert_eq!(matches!(found, Trouble::Lasting(_)), lasting, "{found:?}");
        let reason = found.into_reason();
        assert!(reason.contains(word) && reason.contains("/mnt/usage"), "{reason}");
    }

    #[test]
    fn a_person_is_told_the_place_and_what_to_do() {
        check(ErrorKind::StorageFull, true, "free some and run the same command again");
        check(ErrorKind::QuotaExceeded, true, "free some and run the same command again");
        check(ErrorKind::FileTooLarge, true, "raise the limit and run the same command again");
        check(ErrorKind::ReadOnlyFilesystem, true, "make it writable");
        check(ErrorKind::PermissionDenied, true, "give this user the right");
        check(ErrorKind::NotADirectory, true, "move it away");
        check(ErrorKind::AlreadyExists, true, "move it away");
        check(ErrorKind::IsADirectory, true, "move it away");
        check(ErrorKind::InvalidFilename, true, "no name");
        check(ErrorKind::Interrupted, false, "interrupted");
    }
}
