//! The accounts of the test.

use crate::model::Report;

/// The accounts: two of Anthropic, one of Cursor. All tell of the same simulated world.
pub const ACCOUNTS: [(&str, &str); 3] = [("anthropic", "acme"), ("anthropic", "beta"), ("cursor", "acme")];

/// Keys of other organizations than that of the simulator's key: each by the account that has it, and the organization.
pub(super) fn keys_of_other_organizations() -> Vec<(String, String)> {
    vec![("beta".to_owned(), "00000000-0000-4000-8000-00000000beta".to_owned())]
}

/// The accounts that tell a report, or that a person uploads a sheet for.
pub fn accounts_of(report: &Report) -> impl Iterator<Item = &'static str> + use<> {
    let vendor = if report.source.starts_with("cursor/") { "cursor" } else { "anthropic" };
    ACCOUNTS.into_iter().filter(move |(of, _)| *of == vendor).map(|(_, account)| account)
}
