//! What a person asks to import: which kind of file, and of which days where the file does not say.

use std::path::PathBuf;

use anyhow::anyhow;
use everycent_domain::report::{Import, Occasion};
use everycent_domain::source::Source;
use everycent_domain::vendors::upload::{
    api_key_owners, claude_console_cost, claude_spend, claude_usage, cursor_usage, people,
};
use everycent_domain::window::Window;
use everycent_schemas::Day;

use crate::cli::{Sheet, SheetArgs};
use crate::failure::Failure;

/// Every kind, as the command line calls it.
const KINDS: [(Source, &str); 6] = [
    (claude_usage::SOURCE, "claude-usage"),
    (api_key_owners::SOURCE, "api-key-owners"),
    (claude_spend::SOURCE, "claude-spend"),
    (claude_console_cost::SOURCE, "claude-console-cost"),
    (cursor_usage::SOURCE, "cursor-usage"),
    (people::SOURCE, "people"),
];

/// The kind, as the command line calls it.
pub fn word(source: Source) -> &'static str {
    let kind = KINDS.into_iter().find(|(of, _)| *of == source);
    kind.map(|(_, word)| word).expect("invariant: the command line names only sheets")
}

/// The kind whose header a file has.
pub fn kind_of(body: &[u8]) -> Option<Source> {
    let text = Import::text(body).ok()?;
    KINDS
        .into_iter()
        .map(|(source, _)| source)
        .find(|source| source.import().is_some_and(|import| (import.is_like)(text)))
}

#[derive(Debug)]
pub struct Asked<'a> {
    pub source: Source,
    file: Option<&'a PathBuf>,
    period: [Option<Day>; 2],
    withdraws: bool,
}

/// What is to be imported.
#[derive(Debug, PartialEq, Eq)]
pub enum Named<'a> {
    File(&'a PathBuf),
    /// That there is nothing on these days.
    Withdrawal(Window),
}

impl<'a> Asked<'a> {
    pub fn of(sheet: &'a Sheet) -> Self {
        let plain = |source, SheetArgs { file }: &'a SheetArgs| Self {
            source,
            file: file.as_ref(),
            period: [None; 2],
            withdraws: false,
        };
        match sheet {
            Sheet::ClaudeUsage(args) => plain(claude_usage::SOURCE, args),
            Sheet::ApiKeyOwners(args) => plain(api_key_owners::SOURCE, &args.sheet),
            Sheet::ClaudeConsoleCost(args) => plain(claude_console_cost::SOURCE, args),
            Sheet::CursorUsage(args) => plain(cursor_usage::SOURCE, args),
            Sheet::People(args) => plain(people::SOURCE, args),
            Sheet::ClaudeSpend(args) => Self {
                period: [args.from, args.to],
                withdraws: args.withdraw,
                ..plain(claude_spend::SOURCE, &args.sheet)
            },
        }
    }

    /// What is known of the file besides what is in it.
    pub fn occasion(&self, today: Day) -> Result<Occasion, Failure> {
        let period = if self.source == claude_spend::SOURCE { Some(self.period(today)?) } else { None };
        Ok(Occasion { today, period })
    }

    fn period(&self, today: Day) -> Result<Window, Failure> {
        let [Some(from), Some(to)] = self.period else {
            return Err(Failure::usage(anyhow!(
                "name the period that the file was exported for with --from and --to: there is no date in it"
            )));
        };
        if to > today {
            return Err(Failure::usage(anyhow!(
                "--to: {to} has not begun; today is {today} (UTC), and a file can't know what is spent later"
            )));
        }
        let window = Window::new(from, to).map_err(|error| Failure::usage(anyhow!("--from, --to: {error}")))?;
        let most = claude_spend::MAX_PERIOD_DAYS;
        if from.plus(most) <= to {
            return Err(Failure::usage(anyhow!(
                "--from, --to: a period has at most {most} days; export the file for shorter ones"
            )));
        }
        Ok(window)
    }

    pub fn named(&self, occasion: &Occasion) -> Result<Named<'a>, Failure> {
        match (self.file, self.withdraws, occasion.period) {
            (None, true, Some(period)) => Ok(Named::Withdrawal(period)),
            (Some(file), _, _) => Ok(Named::File(file)),
            (None, _, _) => Err(Failure::usage(anyhow!(
                "name the file to import; `everycent import {} --template` prints an example",
                word(self.source)
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn period(from: Option<&str>, to: Option<&str>) -> Result<String, String> {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let asked =
            Asked { source: claude_spend::SOURCE, file: None, period: [from.map(day), to.map(day)], withdraws: false };
        let occasion = asked.occasion(day("2026-11-30"));
        occasion.map(|occasion| occasion.period.unwrap().to_string()).map_err(|failure| format!("{failure:?}"))
    }

    #[test]
    fn a_period_has_both_ends_in_their_order_and_none_of_them_lies_ahead() {
        assert_eq!(period(Some("2026-11-01"), Some("2026-11-30")).unwrap(), "2026-11-01..2026-11-30");
        for (from, to, says) in [
            (Some("2026-11-01"), None, "--from and --to"),
            (None, Some("2026-11-01"), "--from and --to"),
            (Some("2026-11-01"), Some("2026-12-01"), "has not begun"),
            (Some("2026-11-02"), Some("2026-11-01"), "--from, --to"),
            (Some("2025-11-01"), Some("2026-11-30"), "at most 366 days"),
        ] {
            let said = period(from, to).unwrap_err();
            assert!(said.contains(says), "{said}");
        }
    }

    #[test]
    fn a_file_is_known_by_its_header() {
        for (source, name) in KINDS {
            let template = source.import().unwrap().template;
            assert_eq!(kind_of(template.as_bytes()), Some(source), "{name}");
        }
        assert_eq!(kind_of(b"a,b\n1,2\n"), None);
    }
}
