//! The preview of a file of money, and what stands against importing it.

mod against;

use anyhow::anyhow;
use bytes::Bytes;
use everycent_domain::report::{Contents, Faults, Import, Occasion};
use everycent_domain::source::Source;
use everycent_domain::vendors::upload::money::{Lines, Preview, Sums, Tally};
use everycent_domain::vendors::upload::{claude_console_cost, claude_spend, cursor_usage};
use everycent_domain::window::Window;
use everycent_runtime::threads;
use everycent_runtime::warehouse::Warehouse;
use everycent_schemas::{AccountId, Day, Usd};
use serde::Serialize;

use self::against::refuse_the_same_money;
use crate::facts::imported_money::imported_lines;
use crate::failure::Failure;
use crate::show::count;

/// What becomes of the lines, and what the file adds up to.
#[derive(Debug, Serialize)]
pub struct Money {
    takes_away: bool,
    /// What is billed.
    amount_usd: String,
    list_usd: Option<String>,
    tokens: Option<i64>,
    people: usize,
    added: Part,
    /// As they are known.
    changed_from: Part,
    /// As the file has them.
    changed_to: Part,
    taken_away: Part,
    unchanged: Part,
    /// Columns that are not read.
    columns_left_out: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Part {
    lines: usize,
    first_day: Option<Day>,
    last_day: Option<Day>,
    amount_usd: String,
}

/// What is imported: a file, or the end of what was imported of these days.
#[derive(Debug, Clone)]
pub enum Given {
    File(Bytes),
    Withdrawal(Window),
}

/// Checks a file, holds it against what is known, and refuses money that is there already.
pub async fn look(
    source: Source,
    warehouse: Option<&dyn Warehouse>,
    account_id: &AccountId,
    given: Given,
    occasion: Occasion,
) -> Result<Result<(Contents, Money), Faults>, Failure> {
    let (contents, lines, sums) = match given {
        Given::Withdrawal(window) => (Contents { window, lines: 0 }, Lines::new(), Sums::default()),
        Given::File(body) => match threads::compute(move || check(source, &body, occasion)).await {
            Ok(checked) => checked,
            Err(faults) => return Ok(Err(faults)),
        },
    };
    let is_withdrawal = contents.lines == 0;
    let known = match warehouse {
        Some(warehouse) => {
            refuse_the_same_money(source, warehouse, account_id, &contents, (&lines, &sums)).await?;
            imported_lines(warehouse, source, account_id, contents.window).await?
        }
        None => Lines::new(),
    };
    if is_withdrawal && known.is_empty() {
        let (from, to) = (contents.window.from(), contents.window.to());
        return Err(Failure::usage(anyhow!("nothing is imported of {from} to {to}, so there is nothing to take back")));
    }
    // The lines of a file without dates are of its whole period, which is shown anyway.
    let has_days = source != claude_spend::SOURCE;
    Ok(Ok((contents, Money::of(&Preview::of(&known, &lines), sums, has_days))))
}

fn check(source: Source, body: &[u8], occasion: Occasion) -> Result<(Contents, Lines, Sums), Faults> {
    let import = source.import().expect("invariant: the file is imported");
    let contents = import.check(body, occasion)?;
    let text = Import::text(body)?;
    let (lines, sums) = if source == claude_spend::SOURCE {
        claude_spend::lines(text, contents.window)
    } else if source == claude_console_cost::SOURCE {
        claude_console_cost::lines(text)
    } else {
        cursor_usage::lines(text)
    };
    Ok((contents, lines, sums))
}

impl Money {
    fn of(preview: &Preview, sums: Sums, has_days: bool) -> Self {
        let part = |tally: &Tally| Part::of(tally, has_days);
        let [changed_from, changed_to] = &preview.changed;
        Self {
            takes_away: preview.takes_away(),
            amount_usd: sums.amount_usd.short(),
            list_usd: sums.list_usd.map(Usd::short),
            tokens: sums.tokens,
            people: sums.people.len(),
            added: part(&preview.added),
            changed_from: part(changed_from),
            changed_to: part(changed_to),
            taken_away: part(&preview.taken_away),
            unchanged: part(&preview.unchanged),
            columns_left_out: sums.left_out,
        }
    }

    pub fn loss(&self) -> Option<String> {
        self.takes_away.then(|| format!("{} would be gone", self.taken_away.text()))
    }

    pub fn text(&self) -> String {
        let list = self.list_usd.as_ref().map(|list| format!(", list cost {list}")).unwrap_or_default();
        let people = if self.people > 0 { format!(", {}", people(self.people)) } else { String::new() };
        let tokens = self.tokens.map(|tokens| format!(", {}", count(tokens, "token"))).unwrap_or_default();
        let mut text = format!("  billed: {} USD{list}{people}{tokens}\n", self.amount_usd);
        for (word, part) in [("taken away", &self.taken_away), ("changed", &self.changed_from), ("added", &self.added)]
        {
            if part.lines > 0 {
                text += &format!("  {word}: {}", part.text());
                text += &if word == "changed" {
                    format!("; it becomes {}\n", self.changed_to.amount_usd)
                } else {
                    "\n".to_owned()
                };
            }
        }
        if self.unchanged.lines > 0 {
            text += &format!("  unchanged: {}\n", self.unchanged.text());
        }
        if !self.columns_left_out.is_empty() {
            text += &format!("  columns that are not read: {}\n", self.columns_left_out.join(", "));
        }
        text
    }
}

fn people(number: usize) -> String {
    if number == 1 { "1 person".to_owned() } else { format!("{number} people") }
}

impl Part {
    fn of(tally: &Tally, has_days: bool) -> Self {
        let end = |day: Option<&Day>| day.copied().filter(|_| has_days);
        let (first_day, last_day) = (end(tally.days.first()), end(tally.days.last()));
        Self { lines: tally.lines, first_day, last_day, amount_usd: tally.amount_usd.short() }
    }

    fn text(&self) -> String {
        let days = match (self.first_day, self.last_day) {
            (Some(first), Some(last)) if first == last => format!(" of {first}"),
            (Some(first), Some(last)) => format!(" of {first} to {last}"),
            _ => String::new(),
        };
        format!("{}{days} with {} USD", count(self.lines, "line"), self.amount_usd)
    }
}
