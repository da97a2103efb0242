//! How a rule misses what it may mean, in words.

use std::fmt;

use everycent_schemas::{AccountId, Usd};

use crate::window::Window;

/// How a rule misses what it may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Miss {
    /// There is no such thing.
    Unknown { rule: String, what: &'static str, named: String },
    /// It is the name of something; these are the ids.
    NameForId { rule: String, what: &'static str, named: String, meant: Vec<String> },
    /// It is the id of a workspace, where its name is meant.
    IdForName { rule: String, named: String, name: String },
    /// Workspaces, by id, that had the name and have another one now.
    Renamed { rule: String, named: String, renamed: Vec<(String, String)> },
    /// Money lies in other workspaces of the same name.
    SameName { rule: String, account_id: AccountId, id: String, name: String, others: Vec<Other<Usd>> },
    /// Other keys of the same name are used, and the one that is ruled is not.
    SameKey { rule: String, account_id: AccountId, id: String, name: String, status: String, others: Vec<Other<i64>> },
}

/// Something that no rule names, with what it has of the money or the use, and of which days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other<T> {
    pub id: String,
    pub amount: T,
    pub days: Option<Window>,
}

impl Miss {
    /// The account that it is about, where it is of one.
    pub fn account_id(&self) -> Option<&AccountId> {
        match self {
            Self::SameName { account_id, .. } | Self::SameKey { account_id, .. } => Some(account_id),
            Self::Unknown { .. } | Self::NameForId { .. } | Self::IdForName { .. } | Self::Renamed { .. } => None,
        }
    }
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { rule, what, named } => {
                write!(f, "rule `{rule}` names {what} `{named}`, which is in no list; check how it is spelled")
            }
            Self::NameForId { rule, what, named, meant } => write!(
                f,
                "rule `{rule}` names {what} `{named}`, which is a name and matches nothing; the id is {}",
                meant.join(" or ")
            ),
            Self::IdForName { rule, named, name } => write!(
                f,
                "rule `{rule}` names a workspace called `{named}`, which is an id; its name is `{name}`, and \
                 workspace_id takes the id"
            ),
            Self::Renamed { rule, named, renamed } => {
                let now: Vec<String> =
                    renamed.iter().map(|(id, name)| format!("{id} is called `{name}` now")).collect();
                write!(
                    f,
                    "rule `{rule}` names a workspace called `{named}`, which none is called any more: {}. A rule on \
                     workspace_id stays with a workspace whatever it is called",
                    now.join(", ")
                )
            }
            Self::SameName { rule, account_id, id, name, others } => {
                let total: Usd = others.iter().map(|other| other.amount).sum();
                write!(
                    f,
                    "rule `{rule}` is of workspace `{name}` ({id}) of account `{account_id}`, and {} dollars{} lie in \
                     other workspaces of this name, which no rule names: {}. If it was made again, a rule for each id \
                     takes them along, or one on workspace_name",
                    total.cents_text(),
                    days(others),
                    list(others, |amount| amount.cents_text())
                )
            }
            Self::SameKey { rule, account_id, id, name, status, others } => {
                let total = others.iter().fold(0_i64, |total, other| total.saturating_add(other.amount));
                write!(
                    f,
                    "rule `{rule}` is of API key `{name}` ({id}) of account `{account_id}`, which is {status}, and \
                     {total} tokens{} were used by other keys of this name in its workspace, which no rule names: {}. \
                     If they replaced it, a rule for each id takes them along",
                    days(others),
                    list(others, i64::to_string)
                )
            }
        }
    }
}

fn list<T>(others: &[Other<T>], text: impl Fn(&T) -> String) -> String {
    let others: Vec<String> = others.iter().map(|other| format!("{} ({})", other.id, text(&other.amount))).collect();
    others.join(", ")
}

/// The days of all of them.
fn days<T>(others: &[Other<T>]) -> String {
    match others.iter().filter_map(|other| other.days).reduce(Window::union) {
        Some(days) if days.from() == days.to() => format!(" of {}", days.from()),
        Some(days) => format!(" of {} to {}", days.from(), days.to()),
        None => String::new(),
    }
}
