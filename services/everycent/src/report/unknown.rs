//! What of the money is not known: what it was for, whose it was, and why.

use everycent_schemas::Usd;
use serde::Serialize;

use super::keys::KeyRow;
use super::people::PersonRow;
use super::spend::SpendRow;
use super::teams::TeamRow;
use crate::show::Grid;

/// Parts of the total, which overlap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unknown {
    /// The platform is not known.
    pub unattributed_usd: Usd,
    /// Nobody is known.
    pub nobody_usd: Usd,
    /// No usage explains the share of the bill.
    pub residual_usd: Usd,
    /// No team is known.
    pub unassigned_usd: Usd,
}

impl Unknown {
    pub fn of(spend: &[SpendRow], people: &[PersonRow], keys: &[KeyRow], teams: &[TeamRow]) -> Self {
        let nobody = people.iter().filter(|row| row.email.is_none());
        Self {
            unattributed_usd: spend.iter().filter(|row| row.platform == "unattributed").map(|row| row.cost_usd).sum(),
            nobody_usd: nobody.map(|row| row.total_usd).sum(),
            residual_usd: keys.iter().filter(|row| row.share_basis == "residual").map(|row| row.cost_usd).sum(),
            unassigned_usd: teams.iter().filter(|row| !row.is_known).map(|row| row.total_usd).sum(),
        }
    }

    pub fn text(&self) -> String {
        let parts = [
            (
                "unattributed",
                self.unattributed_usd,
                "the platform is unknown: no attribution rule matches",
                "a rule; `everycent attribution` tries it",
            ),
            (
                "residual",
                self.residual_usd,
                "no usage explains this part of Claude's bill",
                "nothing for a credit; days of usage that are missing",
            ),
            (
                "nobody",
                self.nobody_usd,
                "the person is unknown: a residual, or a key of nobody's",
                "`everycent import api-key-owners`",
            ),
            (
                "unassigned",
                self.unassigned_usd,
                "the team is unknown: nobody, or a person without one on the day",
                "`everycent import people`",
            ),
        ];
        let mut grid = Grid::new(&["", ">usd", "what it means", "what helps"]);
        for (name, usd, means, helps) in parts.into_iter().filter(|(_, usd, ..)| *usd != Usd::ZERO) {
            grid.row([name.to_owned(), usd.cents_text(), means.to_owned(), helps.to_owned()]);
        }
        match grid.is_empty() {
            true => "  nothing: all of it has a platform, a key, a person and a team\n".to_owned(),
            false => grid.text() + "  These are parts of the total above, and overlap.\n",
        }
    }
}
