//! A dead letter as a person sees it.

use everycent_runtime::bus::{DeadLetter, Topic};
use everycent_schemas::{AccountId, Day, SnapshotId};
use serde::Serialize;

use super::letter::Letter;
use crate::letters::{About, about};
use crate::show::{count, word};

#[derive(Debug, Serialize)]
pub(super) struct Shown {
    pub id: String,
    topic: &'static str,
    /// When it was given up.
    at: String,
    attempts: u32,
    pub reason: String,
    /// None, where the message does not read.
    source: Option<String>,
    /// None for every account of the vendor.
    account_id: Option<AccountId>,
    from: Option<Day>,
    to: Option<Day>,
    snapshot_id: Option<SnapshotId>,
    /// Its days were loaded since, so that nothing of it is left to do.
    pub done: bool,
}

impl Shown {
    pub(super) fn of(one: &Letter) -> Self {
        Self { done: one.is_done, ..Self::from(&one.letter) }
    }

    /// What it is about, in words.
    fn subject(&self) -> String {
        let Some(source) = &self.source else { return "a message that does not read".to_owned() };
        let account = self.account_id.as_ref().map_or("every account".to_owned(), |id| format!("account `{id}`"));
        let days = match (self.from, self.to) {
            (Some(from), Some(to)) if from == to => format!(", {from}"),
            (Some(from), Some(to)) => format!(", {from} to {to}"),
            _ => String::new(),
        };
        let snapshot = self.snapshot_id.as_ref().map_or(String::new(), |id| format!(", snapshot {id}"));
        format!("{source} of {account}{days}{snapshot}")
    }

    pub(super) fn text(&self) -> String {
        let Self { id, topic, at, reason, done, .. } = self;
        let (mark, tries) = (if *done { '✓' } else { '✗' }, count(self.attempts as usize, "time"));
        let done = if *done { "\n    its days are loaded since: nothing of it is left to do" } else { "" };
        format!(
            "  {mark} {id}  {topic}, given up {at}, tried {tries}\n    {}\n    {}{done}\n",
            word(self.subject()),
            word(reason)
        )
    }

    /// What is lost when it is forgotten.
    pub(super) fn loss(&self) -> String {
        if self.done {
            return "nothing: its days are loaded since".to_owned();
        }
        let Some(source) = &self.source else { return "a message that does not read".to_owned() };
        let days = match (self.from, self.to) {
            (Some(from), Some(to)) => format!(" --from {from} --to {to}"),
            _ => String::new(),
        };
        let again = |command: &str| format!("`everycent {command}{days} --source {source}`");
        match self.topic {
            topic if topic == Topic::FetchRequested.name() => {
                format!("the request: nothing is fetched for it; {} asks again", again("sync"))
            }
            topic if topic == Topic::FetchFailed.name() => {
                format!("the note that these days failed; {} fetches them", again("sync"))
            }
            topic if topic == Topic::AnswerDecided.name() => {
                "a decision, in the tables: it stays in raw/; `everycent accept` makes it again".to_owned()
            }
            _ => format!("the rows of this answer, in the tables: it stays in raw/; {} loads it", again("replay")),
        }
    }
}

impl From<&DeadLetter> for Shown {
    fn from(letter: &DeadLetter) -> Self {
        let (source, account_id, days, snapshot_id) = match about(letter) {
            Some(About { source, account_id, days, snapshot_id }) => (Some(source), account_id, days, snapshot_id),
            None => (None, None, None, None),
        };
        Self {
            id: letter.message_id.clone(),
            topic: letter.topic.name(),
            at: letter.at.to_string(),
            attempts: letter.attempts,
            reason: without_addresses(&letter.reason),
            source,
            account_id,
            from: days.map(|(from, _)| from),
            to: days.map(|(_, to)| to),
            snapshot_id,
            done: false,
        }
    }
}

/// A panic of a handler may quote whatever it had at hand.
fn without_addresses(reason: &str) -> String {
    let words = reason.split(' ').map(|word| if word.contains('@') { "***" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_names_nobody() {
        let quoted = "its handler panicked: no row of ann@example.com, page 3";
        assert_eq!(without_addresses(quoted), "its handler panicked: no row of *** page 3");
    }
}
