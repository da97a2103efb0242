//! Functions that queries call and SQLite lacks.

use everycent_domain::sql::sqlite::{PART_OF, part_of};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

/// Teaches them to a connection.
pub(super) fn add(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function(PART_OF, 3, flags, |context| {
        let argument = |i| context.get::<Option<i64>>(i);
        let (Some(amount), Some(units), Some(whole)) = (argument(0)?, argument(1)?, argument(2)?) else {
            return Ok(None);
        };
        Ok(part_of(amount, units, whole))
    })
}
