//! The messages that were given up, and which of them a call means.

use std::collections::BTreeSet;

use anyhow::anyhow;
use everycent_runtime::bus::{DeadLetter, Topic};

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::healed;
use crate::pipeline;

/// A message that was given up.
pub(super) struct Letter {
    pub letter: DeadLetter,
    /// Its days were loaded since, by whatever answer.
    pub is_done: bool,
}

/// The newest first, as many as are looked at.
pub(super) async fn letters(deployment: &Deployment) -> Result<Vec<Letter>, Failure> {
    let letters = deployment.bus.dead_letters(pipeline::LETTERS_MAX).await?;
    let coverage = deployment.whole_coverage().await?;
    let (done, others) = healed::split(deployment, letters, &coverage).await?;
    let of = |is_done| move |letter| Letter { letter, is_done };
    let mut letters: Vec<Letter> = done.into_iter().map(of(true)).chain(others.into_iter().map(of(false))).collect();
    letters.sort_by_key(|one| std::cmp::Reverse(one.letter.at));
    Ok(letters)
}

/// A call says which messages it means.
pub(super) fn check_call(ids: &[String], all: bool) -> Result<(), Failure> {
    if !ids.is_empty() || all {
        return Ok(());
    }
    Err(Failure::usage(anyhow!("name messages by the ids that `everycent dead-letters list` shows, or say --all")))
}

/// Those of the topic and with the ids, if any is named.
pub(super) fn chosen(letters: Vec<Letter>, ids: &[String], topic: Option<Topic>) -> Result<Vec<Letter>, Failure> {
    let of_topic = letters.into_iter().filter(|one| topic.is_none_or(|topic| one.letter.topic == topic));
    let is_named = |one: &Letter| ids.is_empty() || ids.contains(&one.letter.message_id);
    let chosen: Vec<Letter> = of_topic.filter(is_named).collect();
    for id in ids {
        let topics: BTreeSet<Topic> =
            chosen.iter().filter(|one| one.letter.message_id == *id).map(|one| one.letter.topic).collect();
        match topics.len() {
            0 => {
                let known = "`everycent dead-letters list` shows those that there are";
                return Err(Failure::usage(anyhow!("no dead letter has the id `{id}`; {known}")));
            }
            1 => {}
            _ => {
                let names: Vec<&str> = topics.into_iter().map(Topic::name).collect();
                let names = names.join(", ");
                return Err(Failure::usage(anyhow!(
                    "the id `{id}` is one of several topics ({names}): name it by --topic"
                )));
            }
        }
    }
    Ok(chosen)
}
