//! The queue's file: its tables, and whether it is one that this program knows.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::failure::bus_error;
use crate::bus::BusError;
use crate::failure::Reason;
use crate::private;
use crate::read_only;

/// Version of the tables, in the file's `user_version`.
pub(super) const FORMAT: i64 = 1;
/// How long one process waits for another's transaction.
const PATIENCE: Duration = Duration::from_secs(10);

/// `due_at` is when a message may be delivered: a leased one, when its lease runs out. Every name of a lease is made of
/// `deliveries`, which only grows, so no lease has the name of an earlier one.
const TABLES: &str = "
    CREATE TABLE messages (
        message_id INTEGER PRIMARY KEY AUTOINCREMENT,
        topic TEXT NOT NULL,
        payload BLOB NOT NULL,
        attributes TEXT NOT NULL,
        due_at INTEGER NOT NULL,
        deliveries INTEGER NOT NULL DEFAULT 0,
        released INTEGER NOT NULL DEFAULT 0,
        lease TEXT,
        nack_reason TEXT,
        nack_attempt INTEGER NOT NULL DEFAULT 0,
        published_at INTEGER
    ) STRICT;
    CREATE INDEX messages_due ON messages (topic, due_at);
    CREATE INDEX messages_leased ON messages (topic, due_at) WHERE lease IS NOT NULL;
    CREATE TABLE dead_letters (
        dead_letter_id INTEGER PRIMARY KEY AUTOINCREMENT,
        topic TEXT NOT NULL,
        message_id INTEGER NOT NULL,
        payload BLOB NOT NULL,
        attributes TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        reason TEXT NOT NULL,
        at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX dead_letters_topic ON dead_letters (topic);
";

pub(super) fn open(path: &Path) -> Result<Connection, BusError> {
    let failed = |error: rusqlite::Error| bus_error("open", path, error);
    // SQLite would follow it.
    private::refuse_link(path).map_err(|error| {
        let reason = Reason::of(error).reworded(|said| format!("{}: {said}", path.display()));
        BusError::Refused { action: "open", reason }
    })?;
    private::prepare_database(path);
    let mut connection = Connection::open(path).map_err(failed)?;
    match prepare(&mut connection).map_err(failed)? {
        FORMAT => Ok(connection),
        found => Err(other_format(path, found)),
    }
}

/// The queue as it lies, to be looked at; an empty one where there is no file.
pub(super) fn open_read_only(path: &Path) -> Result<Connection, BusError> {
    let opened = match path.exists() {
        true => read_only::open(path, PATIENCE),
        false => Connection::open_in_memory().and_then(|mut connection| prepare(&mut connection).map(|_| connection)),
    };
    let connection = opened.map_err(|error| bus_error("open", path, error))?;
    match format(&connection).map_err(|error| bus_error("open", path, error))? {
        FORMAT => Ok(connection),
        found => Err(other_format(path, found)),
    }
}

fn other_format(path: &Path, found: i64) -> BusError {
    BusError::Refused {
        action: "open",
        reason: format!(
            "{} has format {found} and this everycent knows only {FORMAT}: run a newer one, or use another --home",
            path.display()
        )
        .into(),
    }
}

/// Creates the tables in an empty file; gives the format that the file has.
fn prepare(connection: &mut Connection) -> rusqlite::Result<i64> {
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(32);
    let found = format(connection)?;
    if found > FORMAT {
        return Ok(found);
    }
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if format(&transaction)? == 0 {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "user_version", FORMAT)?;
    }
    if !has_column(&transaction, "published_at")? {
        // A file of an earlier release, which goes on working with a column that it does not know.
        transaction.execute_batch("ALTER TABLE messages ADD COLUMN published_at INTEGER")?;
    }
    transaction.commit()?;
    format(connection)
}

fn has_column(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM pragma_table_info('messages') WHERE name = ?1)";
    connection.query_row(sql, [name], |row| row.get(0))
}

fn format(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}
