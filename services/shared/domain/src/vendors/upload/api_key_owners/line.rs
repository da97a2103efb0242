//! A line of the sheet: a key, its owner, and from when on.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use everycent_schemas::Day;

use crate::report::Fault;
use crate::vendors::upload::email;
use crate::vendors::upload::sheet::{self, Column, Line};

pub(super) const API_KEY_ID: Column = Column::required("api_key_id");
const OWNER_EMAIL: Column = Column::required("owner_email");
const TEAM: Column = Column::optional("team");
const NOTE: Column = Column::optional("note");
pub(super) const VALID_FROM: Column = Column::optional("valid_from");
const COLUMNS: [Column; 5] = [API_KEY_ID, OWNER_EMAIL, TEAM, NOTE, VALID_FROM];

/// How the secret key itself begins, which is no id and belongs into no sheet.
pub(super) const SECRET_PREFIX: &str = "sk-";
/// One key's owner, on all days or from one on.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Owner<'l> {
    pub api_key_id: &'l str,
    /// In lower case.
    pub owner_email: Cow<'l, str>,
    pub team: Option<&'l str>,
    pub note: Option<&'l str>,
    pub valid_from: Option<Day>,
}

impl<'l> Owner<'l> {
    fn read(line: &Line<'l>) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut kept = |fault: Fault| faults.push(fault);
        let expected = match line.cell(&API_KEY_ID).starts_with(SECRET_PREFIX) {
            true => "the id of the key, as apikey_01..., and never the key itself",
            false => "the id of a key, as apikey_01...",
        };
        let api_key_id = line.read(&API_KEY_ID, expected, id).map_err(&mut kept);
        let owner_email = line.read(&OWNER_EMAIL, email::EXPECTED, email::read).map_err(&mut kept);
        let valid_from = line.read(&VALID_FROM, "a day such as 2025-10-03, or nothing", day).map_err(&mut kept);
        let (Ok(api_key_id), Ok(owner_email), Ok(valid_from)) = (api_key_id, owner_email, valid_from) else {
            return Err(faults);
        };
        let text = |column| Some(line.cell(column)).filter(|cell| !cell.is_empty());
        Ok(Self { api_key_id, owner_email, team: text(&TEAM), note: text(&NOTE), valid_from })
    }
}

fn id(cell: &str) -> Option<&str> {
    let is_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    Some(cell).filter(|cell| !cell.is_empty() && cell.chars().all(is_id) && !cell.starts_with(SECRET_PREFIX))
}

/// The outer `None` is no day; an empty cell is the inner one, for all days.
fn day(cell: &str) -> Option<Option<Day>> {
    if cell.is_empty() { Some(None) } else { cell.parse().ok().map(Some) }
}

/// The days from which owners of each key hold, with their lines.
pub(super) type Starts = HashMap<String, BTreeMap<Option<Day>, u64>>;

/// Reads every line; a second one of a key from the same day on is a fault. The error is what is wrong with the header.
pub(super) fn read(
    text: &str,
    mut take: impl FnMut(Option<&Line<'_>>, Result<Owner<'_>, Vec<Fault>>),
) -> Result<Starts, Vec<Fault>> {
    let mut seen = Starts::new();
    sheet::read(text, &COLUMNS, |line| {
        let line = match line {
            Ok(line) => line,
            Err(fault) => return take(None, Err(vec![fault])),
        };
        let owner = Owner::read(&line).and_then(|owner| {
            let starts = seen.entry(owner.api_key_id.to_owned()).or_default();
            match starts.get(&owner.valid_from) {
                Some(first) => Err(vec![twice(&line, &owner, *first)]),
                None => {
                    starts.insert(owner.valid_from, line.number);
                    Ok(owner)
                }
            }
        });
        take(Some(&line), owner);
    })?;
    Ok(seen)
}

fn twice(line: &Line<'_>, owner: &Owner<'_>, first: u64) -> Fault {
    match owner.valid_from {
        None => line.fault(
            &API_KEY_ID,
            format!(
                "each key once, unless `valid_from` says from which day on an owner follows; line {first} has this one"
            ),
        ),
        Some(_) => {
            line.fault(&VALID_FROM, format!("one owner of a key from a day on; line {first} has another from this one"))
        }
    }
}

/// Whether a header is that of such a sheet.
pub fn is_like(text: &str) -> bool {
    sheet::has_needed(text, &COLUMNS)
}
