//! `everycent dead-letters forget`: a person says that messages are not wanted any more.

use std::collections::BTreeSet;

use everycent_runtime::bus::{DeadLetter, Topic};
use serde::Serialize;

use super::letter::{Letter, check_call, chosen, letters};
use super::shown::Shown;
use crate::cli::ForgetLettersArgs;
use crate::deployment::{Deployment, Services};
use crate::failure::Failure;
use crate::pipeline::LETTERS_MAX;
use crate::show::{self, count};

pub(super) async fn forget(deployment: &Deployment, args: &ForgetLettersArgs, json: bool) -> Result<(), Failure> {
    check_call(&args.ids, args.all)?;
    let letters = chosen(letters(deployment).await?, &args.ids, args.topic)?;
    let mut report = Report {
        forgotten: letters.iter().map(Lost::of).collect(),
        done: args.yes || !args.all,
        still_there: Vec::new(),
    };
    if report.done && !letters.is_empty() {
        let letters: Vec<DeadLetter> = letters.into_iter().map(|one| one.letter).collect();
        deployment.bus.forget_dead_letters(&letters).await?;
        report.still_there = still_there(deployment, &letters).await?;
    }
    if json {
        show::print_json(&report);
    } else {
        show::print(&report.text());
    }
    if report.still_there.is_empty() { Ok(()) } else { Err(Failure::Reported) }
}

/// Between machines another reader may have had some of them in that moment.
async fn still_there(deployment: &Deployment, forgotten: &[DeadLetter]) -> Result<Vec<String>, Failure> {
    if deployment.services == Services::Here {
        return Ok(Vec::new());
    }
    let forgotten: BTreeSet<(Topic, &str)> =
        forgotten.iter().map(|letter| (letter.topic, letter.message_id.as_str())).collect();
    let left = deployment.bus.dead_letters(LETTERS_MAX).await?;
    let left = left.into_iter().filter(|letter| forgotten.contains(&(letter.topic, letter.message_id.as_str())));
    Ok(left.map(|letter| letter.message_id).collect())
}

#[derive(Debug, Serialize)]
struct Lost {
    #[serde(flatten)]
    letter: Shown,
    lost: String,
}

impl Lost {
    fn of(letter: &Letter) -> Self {
        let letter = Shown::of(letter);
        Self { lost: letter.loss(), letter }
    }
}

#[derive(Debug, Serialize)]
struct Report {
    /// Or what would be.
    forgotten: Vec<Lost>,
    done: bool,
    still_there: Vec<String>,
}

impl Report {
    fn text(&self) -> String {
        let mut text = String::new();
        for Lost { letter, lost } in &self.forgotten {
            text += &format!("{}    lost with it: {lost}\n", letter.text());
        }
        let letters = count(self.forgotten.len(), "dead letter");
        text += &match (self.done, self.forgotten.is_empty()) {
            (_, true) => "No message was given up; nothing was done\n".to_owned(),
            (false, false) => format!("\n{letters} would be forgotten. Nothing was done; --yes does it\n"),
            (true, false) => format!("\n{letters} forgotten\n"),
        };
        if !self.still_there.is_empty() {
            let ids = self.still_there.join(", ");
            text += &format!(
                "still there, for another reader has them in this moment: {ids}; run the same command again\n"
            );
        }
        text
    }
}
