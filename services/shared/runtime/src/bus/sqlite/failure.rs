//! What SQLite's errors mean for a worker and for a person.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::bus::BusError;
use crate::disk::{REFUSED_WRITE, is_refused_write};
use crate::failure::Reason;

pub(super) fn bus_error(action: &'static str, file: &Path, error: rusqlite::Error) -> BusError {
    let file = file.display();
    let code = error.sqlite_error_code();
    let is_refused_write = is_refused_write(&error);
    let reason = Reason::of(error);
    let refused = |advice: &str| BusError::Refused {
        action,
        reason: reason.clone().reworded(|error| format!("{file}: {error}: {advice}")),
    };
    let unavailable = |advice: &str| BusError::Unavailable {
        action,
        reason: reason.clone().reworded(|error| format!("{file}: {error}{advice}")),
    };
    match code {
        _ if is_refused_write => refused(REFUSED_WRITE),
        Some(ErrorCode::DiskFull) => refused("free some space and run the same command again"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            unavailable(": another process holds it for long; try again when it is done")
        }
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => refused(
            "the file is damaged or none of ours; move it away and run `everycent sync`, which asks again for what is missing",
        ),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            refused("it must be a file, in a folder that this user can write to")
        }
        Some(ErrorCode::SystemIoFailure | ErrorCode::OutOfMemory | ErrorCode::OperationInterrupted) => unavailable(""),
        _ => refused("this is no fault of the disk; please report it"),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    fn check(code: i32, passing: bool, word: &str) {
        let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        let found = bus_error("pull", Path::new("/mnt/bus.sqlite"), error);
        assert_eq!(matches!(found, BusError::Unavailable { .. }), passing, "{found:?}");
        let text = found.to_string();
        assert!(text.starts_with("bus: pull: /mnt/bus.sqlite: ") && text.contains(word), "{text}");
    }

    #[test]
    fn a_person_is_told_the_file_and_what_to_do() {
        check(ffi::SQLITE_FULL, false, "free some space and run the same command again");
        check(ffi::SQLITE_BUSY, true, "another process");
        check(ffi::SQLITE_IOERR, true, "");
        check(ffi::SQLITE_IOERR_READ, true, "");
        check(ffi::SQLITE_IOERR_WRITE, false, "quota");
        check(ffi::SQLITE_IOERR_SHMSIZE, false, "run the same command again");
        check(ffi::SQLITE_CORRUPT, false, "move it away");
        check(ffi::SQLITE_NOTADB, false, "move it away");
        check(ffi::SQLITE_READONLY, false, "can write");
        check(ffi::SQLITE_CANTOPEN, false, "can write");
        check(ffi::SQLITE_CONSTRAINT, false, "report it");
    }
}
