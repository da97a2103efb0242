//! What a failing disk means, in words for a person.

use std::io::{self, ErrorKind};
use std::path::Path;

/// Whether waiting helps, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Trying again may help.
    Passing(String),
    /// Trying again does not help until a person did something.
    Lasting(String),
}

/// What `error` at `place` means.
pub(crate) fn trouble(error: &io::Error, place: &Path) -> Trouble {
    let at = place.display();
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            Trouble::Lasting(format!("no space left on {at}: free some and run the same command again"))
        }
        ErrorKind::ReadOnlyFilesystem => {
            Trouble::Lasting(format!("the disk of {at} is read-only: make it writable or use another place"))
        }
        ErrorKind::PermissionDenied => {
            Trouble::Lasting(format!("no permission for {at}: give this user the right to read and write there"))
        }
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            Trouble::Lasting(format!("a part of {at} is a file where a folder is needed: move it away"))
        }
        ErrorKind::IsADirectory => Trouble::Lasting(format!("{at} is a folder where a file is needed: move it away")),
        ErrorKind::InvalidFilename => Trouble::Lasting(format!("{at} is no name that this disk can hold")),
        _ => Trouble::Passing(format!("{at}: {error}")),
    }
}

impl Trouble {
    pub(crate) fn into_reason(self) -> String {
        match self {
            Self::Passing(reason) | Self::Lasting(reason) => reason,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: ErrorKind, lasting: bool, word: &str) {
        let found = trouble(&io::Error::from(kind), Path::new("/mnt/usage"));
        assert_eq!(matches!(found, Trouble::Lasting(_)), lasting, "{found:?}");
        let reason = found.into_reason();
        assert!(reason.contains(word) && reason.contains("/mnt/usage"), "{reason}");
    }

    #[test]
    fn a_person_is_told_the_place_and_what_to_do() {
        check(ErrorKind::StorageFull, true, "free some and run the same command again");
        check(ErrorKind::QuotaExceeded, true, "free some and run the same command again");
        check(ErrorKind::ReadOnlyFilesystem, true, "make it writable");
        check(ErrorKind::PermissionDenied, true, "give this user the right");
        check(ErrorKind::NotADirectory, true, "move it away");
        check(ErrorKind::AlreadyExists, true, "move it away");
        check(ErrorKind::IsADirectory, true, "move it away");
        check(ErrorKind::InvalidFilename, true, "no name");
        check(ErrorKind::Interrupted, false, "interrupted");
    }
}
