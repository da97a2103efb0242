//! What an error of SQLite means for who called.

use std::path::Path;

use rusqlite::{Error, ErrorCode};

use crate::disk::{REFUSED_WRITE, is_refused_write};
use crate::failure::Reason;
use crate::warehouse::WarehouseError;

/// Names the file, and tells what may go away by itself from what a person has to see to.
pub(super) fn named<'a>(path: &'a Path, action: &'static str) -> impl Fn(Error) -> WarehouseError + Copy + 'a {
    move |error| {
        let words = format!("{}: {}", path.display(), in_words(&error));
        let (passes, overflows) = (may_pass(&error), is_overflow(&error));
        let reason = Reason::from(words).caused_by(error);
        if overflows {
            return WarehouseError::OutOfRange { action, reason };
        }
        if passes { WarehouseError::Unavailable { action, reason } } else { WarehouseError::Refused { action, reason } }
    }
}

/// A sum of integers left 64 bits. SQLite has no code of its own for it.
fn is_overflow(error: &Error) -> bool {
    matches!(error, Error::SqliteFailure(_, Some(said)) if said == "integer overflow")
}

fn may_pass(error: &Error) -> bool {
    use ErrorCode::*;
    !is_refused_write(error)
        && matches!(
            error.sqlite_error_code(),
            Some(
                DatabaseBusy
                    | DatabaseLocked
                    | OutOfMemory
                    | SystemIoFailure
                    | FileLockingProtocolFailed
                    | OperationInterrupted
                    | SchemaChanged
            )
        )
}

fn in_words(error: &Error) -> String {
    match error.sqlite_error_code() {
        _ if is_refused_write(error) => format!("{error}: {REFUSED_WRITE}"),
        Some(ErrorCode::NotADatabase) => {
            "it is no SQLite file; move it away, and `everycent replay` makes a new one from the raw store".into()
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            format!(
                "the file is damaged ({error}); move it away, and `everycent replay` makes a new one from the raw store"
            )
        }
        Some(ErrorCode::DiskFull) => "no space is left on its disk; free some and run the same command again".into(),
        Some(ErrorCode::DatabaseBusy) => "another process has been writing to it for too long".into(),
        Some(ErrorCode::ReadOnly) => "it can't be written to; look at its permissions and those of its folder".into(),
        Some(ErrorCode::CannotOpen) => "it can't be opened; look whether its folder is there and may be used".into(),
        _ => error.to_string(),
    }
}

/// Whether a row was refused by the table: twice the same key, a null or a type that its column does not take.
pub(super) fn is_about_the_row(error: &Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation)
}
