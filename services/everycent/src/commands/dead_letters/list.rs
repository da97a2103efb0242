//! `everycent dead-letters list`: what was given up, and why.

use serde::Serialize;

use super::letter::letters;
use super::shown::Shown;
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::pipeline::LETTERS_MAX;
use crate::show::{self, count};

pub(super) async fn list(deployment: &Deployment, json: bool) -> Result<(), Failure> {
    let dead_letters: Vec<Shown> = letters(deployment).await?.iter().map(Shown::of).collect();
    let report = Report { may_be_more: dead_letters.len() >= LETTERS_MAX, dead_letters };
    if json {
        show::print_json(&report);
    } else {
        show::print(&report.text());
    }
    Ok(())
}

#[derive(Debug, Serialize)]
struct Report {
    /// The newest first.
    dead_letters: Vec<Shown>,
    may_be_more: bool,
}

impl Report {
    fn text(&self) -> String {
        if self.dead_letters.is_empty() {
            return "No message was given up.\n".to_owned();
        }
        let mut text = format!("{}, the newest first\n\n", count(self.dead_letters.len(), "dead letter"));
        text += &self.dead_letters.iter().map(Shown::text).collect::<String>();
        if self.may_be_more {
            text += &format!("\nThere may be more: no more than {LETTERS_MAX} are shown.\n");
        }
        text + "\nPut right what stands in their way, then `everycent dead-letters redeliver ID` or `--all` sends them again; \
                `everycent dead-letters forget ID` says what is lost, and forgets.\n"
    }
}
