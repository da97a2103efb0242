//! `everycent accounts forget`: an account that was never meant goes with all that it brought.

use everycent_domain::accounts::{Book, Change};
use everycent_domain::sql::{count_account, tables_of_vendor};
use everycent_domain::vendor::Vendor;
use everycent_runtime::bus::DeadLetter;
use everycent_schemas::AccountId;
use serde::Serialize;

use super::objects::{self, Stored};
use super::subject::{Subject, change, subject};
use crate::cli::ForgetArgs;
use crate::deployment::Deployment;
use crate::facts;
use crate::failure::Failure;
use crate::letters::is_about_account;
use crate::pipeline;
use crate::show::{self, Grid, count};

pub(super) async fn forget(deployment: &Deployment, args: &ForgetArgs, json: bool) -> Result<(), Failure> {
    let subject = subject(deployment, &args.account).await?;
    let stored = objects::stored(deployment.store.as_ref(), subject.vendor, &subject.account_id).await?;
    let letters = letters(deployment, &subject).await?;
    let report = Report {
        vendor: subject.vendor.name(),
        account_id: subject.account_id.clone(),
        configured: is_configured(deployment, &subject),
        tables: held(deployment, subject.vendor, &subject.account_id).await?,
        answers: stored.answers,
        objects: stored.objects.len(),
        dead_letters: letters.len(),
        done: args.yes,
    };
    if args.yes {
        take_out(deployment, &subject, &stored, &letters).await?;
    }
    if json {
        show::print_json(&report);
    } else {
        show::print(&report.text());
    }
    Ok(())
}

/// What is interrupted here is ended by the same command: as long as anything of it is left, the account is known.
async fn take_out(
    deployment: &Deployment,
    subject: &Subject,
    stored: &Stored,
    letters: &[DeadLetter],
) -> Result<(), Failure> {
    let Subject { vendor, account_id } = subject;
    objects::delete(deployment.store.as_ref(), stored).await?;
    deployment.bus.forget_dead_letters(letters).await?;
    deployment.warehouse.forget_account(*vendor, account_id).await?;
    change(deployment, subject, Change::Forgotten, |book: &Book| book.get(account_id).is_none()).await?;
    Ok(())
}

async fn letters(deployment: &Deployment, subject: &Subject) -> Result<Vec<DeadLetter>, Failure> {
    let mut letters = deployment.bus.dead_letters(pipeline::LETTERS_MAX).await?;
    letters.retain(|letter| is_about_account(letter, subject.vendor, &subject.account_id));
    Ok(letters)
}

fn is_configured(deployment: &Deployment, subject: &Subject) -> bool {
    let mut accounts = deployment.config.accounts.iter();
    accounts.any(|account| (account.vendor, &account.id) == (subject.vendor, &subject.account_id))
}

/// The tables that hold something of the account.
pub(super) async fn held(
    deployment: &Deployment,
    vendor: Vendor,
    account_id: &AccountId,
) -> Result<Vec<Held>, Failure> {
    let mut held = Vec::new();
    for table in tables_of_vendor(vendor) {
        let rows = deployment.warehouse.query(&count_account(table, vendor, account_id)).await?;
        for fact in facts::each(&rows) {
            let rows = fact.integer("n")?;
            let (first_day, last_day) = (fact.text("first_day")?, fact.text("last_day")?);
            held.push(Held { table: table.name, rows, first_day, last_day });
        }
    }
    held.retain(|held| held.rows > 0);
    Ok(held)
}

/// What a table holds of an account.
#[derive(Debug, Serialize)]
pub(super) struct Held {
    pub table: &'static str,
    pub rows: i64,
    pub first_day: String,
    pub last_day: String,
}

pub(super) fn held_text(held: &[Held]) -> String {
    let mut grid = Grid::new(&["table", ">rows", "first day", "last day"]);
    for Held { table, rows, first_day, last_day } in held {
        grid.row([(*table).to_owned(), rows.to_string(), first_day.clone(), last_day.clone()]);
    }
    if grid.is_empty() { String::new() } else { grid.text() }
}

#[derive(Debug, Serialize)]
struct Report {
    vendor: &'static str,
    account_id: AccountId,
    configured: bool,
    tables: Vec<Held>,
    /// Stored answers, and the objects that they and their pages are.
    answers: usize,
    objects: usize,
    dead_letters: usize,
    done: bool,
}

impl Report {
    fn text(&self) -> String {
        let Self { vendor, account_id, .. } = self;
        let verb = if self.done { "is forgotten" } else { "would be forgotten" };
        let (answers, objects) = (count(self.answers, "stored answer"), count(self.objects, "object"));
        let letters = count(self.dead_letters, "dead letter");
        let mut text = format!(
            "{vendor} account `{account_id}` {verb}, with {answers} in {objects}, {letters}, and these rows:\n"
        );
        text += &held_text(&self.tables);
        if self.configured {
            text += "It is configured, so the next sync fetches it again, as a new one\n";
        }
        if !self.done {
            text += "It can't be undone. Nothing was done; --yes does it\n";
        }
        text
    }
}
