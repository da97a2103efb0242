//! What is done to the queue's tables. Times come in as arguments, in microseconds.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use everycent_schemas::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use crate::bus::{BusSettings, DeadLetter, Delivery, Depth, Message, Topic};

#[derive(Debug)]
pub(super) struct Queue {
    connection: Connection,
    lease_us: i64,
    max_attempts: u32,
}

/// A message that is due, as far as it decides what becomes of it.
struct Due {
    message_id: i64,
    attempts: u32,
    nack_reason: Option<String>,
    nack_attempt: u32,
}

/// No message is delayed for longer.
const LONGEST_DELAY: Duration = Duration::from_secs(3600);

const NEXT_DUE: &str = "
    SELECT message_id, deliveries - released, nack_reason, nack_attempt FROM messages
    WHERE topic = ?1 AND due_at <= ?2 ORDER BY due_at, message_id LIMIT 1";

const COUNTS: &str = "
    SELECT
        (SELECT count(*) FROM messages WHERE topic = ?1),
        (SELECT count(*) FROM messages WHERE topic = ?1 AND lease IS NOT NULL AND due_at > ?2),
        (SELECT count(*) FROM dead_letters WHERE topic = ?1)";

impl Queue {
    pub(super) fn new(connection: Connection, settings: BusSettings) -> Self {
        // With no lease at all a message would be due again within the pull that took it.
        let lease_us = micros(settings.lease).max(1);
        Self { connection, lease_us, max_attempts: settings.max_attempts.max(1) }
    }

    pub(super) fn publish(&mut self, topic: Topic, message: &Message, now: i64) -> rusqlite::Result<()> {
        let attributes = serde_json::to_string(&message.attributes).expect("invariant: text to text is JSON");
        let sql = "INSERT INTO messages (topic, payload, attributes, due_at, published_at) VALUES (?1, ?2, ?3, ?4, ?4)";
        let mut insert = self.connection.prepare_cached(sql)?;
        insert.execute(params![topic.name(), &message.payload[..], attributes, now])?;
        Ok(())
    }

    /// Leases up to `max` due messages; gives up those that had all their attempts.
    pub(super) fn take(&mut self, topic: Topic, max: usize, now: i64) -> rusqlite::Result<Vec<Delivery>> {
        if max == 0 || next_due(&self.connection, topic, now)?.is_none() {
            return Ok(Vec::new());
        }
        let (until, max_attempts) = (now.saturating_add(self.lease_us), self.max_attempts);
        let transaction = self.begin()?;
        let mut taken = Vec::new();
        while taken.len() < max
            && let Some(due) = next_due(&transaction, topic, now)?
        {
            if due.attempts >= max_attempts {
                bury(&transaction, due.message_id, &due.reason(), now)?;
            } else {
                taken.push(lease(&transaction, topic, due.message_id, until)?);
            }
        }
        transaction.commit()?;
        Ok(taken)
    }

    pub(super) fn ack(&mut self, delivery: &Delivery) -> rusqlite::Result<()> {
        let sql = "DELETE FROM messages WHERE message_id = ?1 AND lease = ?2";
        self.connection.prepare_cached(sql)?.execute(params![delivery.message_id, delivery.lease])?;
        Ok(())
    }

    pub(super) fn nack(
        &mut self,
        delivery: &Delivery,
        delay: Duration,
        reason: &str,
        now: i64,
    ) -> rusqlite::Result<()> {
        let max_attempts = self.max_attempts;
        let transaction = self.begin()?;
        let sql = "
            UPDATE messages SET lease = NULL, due_at = ?3, nack_reason = ?4, nack_attempt = deliveries - released
            WHERE message_id = ?1 AND lease = ?2 RETURNING message_id, nack_attempt";
        let due_at = now.saturating_add(micros(delay));
        let held: Option<(i64, u32)> = transaction
            .prepare_cached(sql)?
            .query_row(params![delivery.message_id, delivery.lease, due_at, reason], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        if let Some((message_id, attempts)) = held
            && attempts >= max_attempts
        {
            bury(&transaction, message_id, reason, now)?;
        }
        transaction.commit()
    }

    pub(super) fn release(&mut self, delivery: &Delivery, now: i64) -> rusqlite::Result<()> {
        let sql = "
            UPDATE messages SET lease = NULL, due_at = ?3, released = released + 1
            WHERE message_id = ?1 AND lease = ?2";
        self.connection.prepare_cached(sql)?.execute(params![delivery.message_id, delivery.lease, now])?;
        Ok(())
    }

    pub(super) fn dead_letter(&mut self, delivery: &Delivery, reason: &str, now: i64) -> rusqlite::Result<()> {
        let transaction = self.begin()?;
        let held: Option<i64> = transaction
            .prepare_cached("SELECT message_id FROM messages WHERE message_id = ?1 AND lease = ?2")?
            .query_row(params![delivery.message_id, delivery.lease], |row| row.get(0))
            .optional()?;
        if let Some(message_id) = held {
            bury(&transaction, message_id, reason, now)?;
        }
        transaction.commit()
    }

    pub(super) fn extend(&mut self, delivery: &Delivery, now: i64) -> rusqlite::Result<()> {
        let sql = "UPDATE messages SET due_at = ?3 WHERE message_id = ?1 AND lease = ?2";
        let until = now.saturating_add(self.lease_us);
        self.connection.prepare_cached(sql)?.execute(params![delivery.message_id, delivery.lease, until])?;
        Ok(())
    }

    /// The attempts of those who held the leases count: a message that kills its process is given up in the end. What a clock
    /// that was ahead made due in the future would wait until then.
    pub(super) fn release_all(&mut self, now: i64) -> rusqlite::Result<u64> {
        let sql = "UPDATE messages SET lease = NULL, due_at = ?1 WHERE lease IS NOT NULL OR due_at > ?2";
        let longest = now.saturating_add(micros(LONGEST_DELAY));
        self.connection.execute(sql, params![now, longest]).map(|released| released as u64)
    }

    pub(super) fn depths(&mut self, now: i64) -> rusqlite::Result<Vec<Depth>> {
        let count = |topic: Topic| {
            self.connection.prepare_cached(COUNTS)?.query_row(params![topic.name(), now], |row| {
                let counted = |at: usize| row.get(at).map(i64::unsigned_abs);
                let leased = counted(1)?;
                Ok(Depth { topic, ready: counted(0)? - leased, leased, dead: counted(2)? })
            })
        };
        Topic::ALL.iter().copied().filter(|topic| topic.has_reader()).map(count).collect()
    }

    pub(super) fn dead_letters(&mut self, limit: usize) -> rusqlite::Result<Vec<DeadLetter>> {
        let sql = "
            SELECT topic, message_id, payload, attributes, attempts, reason, at FROM dead_letters
            ORDER BY dead_letter_id DESC LIMIT ?1";
        let mut select = self.connection.prepare_cached(sql)?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = select.query_map(params![limit], |row| {
            Ok(DeadLetter {
                topic: topic(row, 0)?,
                message_id: row.get::<_, i64>(1)?.to_string(),
                message: message(row, 2)?,
                attempts: row.get(4)?,
                reason: row.get(5)?,
                at: Timestamp::from_micros(row.get(6)?),
            })
        })?;
        rows.collect()
    }

    pub(super) fn forget_dead_letters(&mut self, letters: &[DeadLetter]) -> rusqlite::Result<()> {
        let transaction = self.begin()?;
        for letter in letters {
            transaction
                .prepare_cached("DELETE FROM dead_letters WHERE topic = ?1 AND message_id = ?2")?
                .execute(params![letter.topic.name(), letter.message_id])?;
        }
        transaction.commit()
    }

    #[cfg(test)]
    pub(super) fn pragmas(&self) -> rusqlite::Result<(String, i64)> {
        let journal = self.connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
        Ok((journal, self.connection.pragma_query_value(None, "synchronous", |row| row.get(0))?))
    }

    /// Takes the write lock at once: a transaction that starts by reading can't always be upgraded.
    fn begin(&mut self) -> rusqlite::Result<Transaction<'_>> {
        self.connection.transaction_with_behavior(TransactionBehavior::Immediate)
    }
}

impl Due {
    fn reason(self) -> String {
        let died = format!("its worker died {} times", self.attempts - self.nack_attempt);
        match self.nack_reason {
            Some(reason) => format!("{reason}; after that {died}"),
            None => died,
        }
    }
}

fn next_due(connection: &Connection, topic: Topic, now: i64) -> rusqlite::Result<Option<Due>> {
    let mut select = connection.prepare_cached(NEXT_DUE)?;
    let due = select.query_row(params![topic.name(), now], |row| {
        Ok(Due { message_id: row.get(0)?, attempts: row.get(1)?, nack_reason: row.get(2)?, nack_attempt: row.get(3)? })
    });
    due.optional()
}

fn lease(transaction: &Transaction<'_>, topic: Topic, message_id: i64, until: i64) -> rusqlite::Result<Delivery> {
    let sql = "
        UPDATE messages SET deliveries = deliveries + 1, lease = message_id || '-' || (deliveries + 1), due_at = ?2
        WHERE message_id = ?1 RETURNING deliveries - released, lease, payload, attributes, published_at";
    transaction.prepare_cached(sql)?.query_row(params![message_id, until], |row| {
        Ok(Delivery {
            topic,
            message: message(row, 2)?,
            message_id: message_id.to_string(),
            attempt: row.get(0)?,
            lease: row.get(1)?,
            published_at: row.get::<_, Option<i64>>(4)?.map(Timestamp::from_micros),
        })
    })
}

fn bury(transaction: &Transaction<'_>, message_id: i64, reason: &str, now: i64) -> rusqlite::Result<()> {
    let sql = "
        INSERT INTO dead_letters (topic, message_id, payload, attributes, attempts, reason, at)
        SELECT topic, message_id, payload, attributes, deliveries - released, ?2, ?3 FROM messages WHERE message_id = ?1";
    transaction.prepare_cached(sql)?.execute(params![message_id, reason, now])?;
    transaction.prepare_cached("DELETE FROM messages WHERE message_id = ?1")?.execute(params![message_id])?;
    Ok(())
}

/// Reads `payload` and `attributes` from the columns `at` and the next.
fn message(row: &Row<'_>, at: usize) -> rusqlite::Result<Message> {
    let payload: Vec<u8> = row.get(at)?;
    let attributes: String = row.get(at + 1)?;
    let attributes: BTreeMap<String, String> = serde_json::from_str(&attributes)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(at + 1, Type::Text, error.into()))?;
    Ok(Message { payload: Bytes::from(payload), attributes })
}

fn topic(row: &Row<'_>, at: usize) -> rusqlite::Result<Topic> {
    let name: String = row.get(at)?;
    let found = Topic::ALL.iter().copied().find(|topic| topic.name() == name);
    found.ok_or_else(|| rusqlite::Error::FromSqlConversionFailure(at, Type::Text, format!("topic {name}").into()))
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_pull_finds_what_is_due_by_an_index_and_sorts_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let connection = super::super::open::open(&dir.path().join("bus.sqlite")).unwrap();
        let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {NEXT_DUE}")).unwrap();
        let plan: Vec<String> =
            explain.query_map(params!["t", 0], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
        assert_eq!(plan, ["SEARCH messages USING INDEX messages_due (topic=? AND due_at<?)"]);
    }

    #[test]
    fn the_reason_of_a_message_whose_workers_died_keeps_the_last_nack() {
        let due = |reason: Option<&str>, nack_attempt| Due {
            message_id: 1,
            attempts: 3,
            nack_reason: reason.map(str::to_owned),
            nack_attempt,
        };
        assert_eq!(due(None, 0).reason(), "its worker died 3 times");
        assert_eq!(due(Some("vendor is down"), 1).reason(), "vendor is down; after that its worker died 2 times");
    }
}
