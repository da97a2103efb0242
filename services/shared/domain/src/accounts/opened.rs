//! What a key opens, and whether two of them are the same.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::paging::PageRequest;
use crate::vendor::Vendor;
use crate::vendors::anthropic::organization::{self, Organization};
use crate::vendors::cursor::team::{self, Team};

/// Two teams are taken for one from this likeness on. One person may well be in two teams of a company.
const SAME_TEAM_PERCENT: usize = 50;
/// Below this likeness the team is written down again, so that the members last seen are never far from those kept.
const KEPT_TEAM_PERCENT: usize = 75;

/// What the key of an account opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opened {
    Organization(Organization),
    Team(Team),
}

/// The question whose answer tells it.
pub fn request(vendor: Vendor) -> PageRequest {
    match vendor {
        Vendor::Anthropic => organization::request(),
        Vendor::Cursor => team::request(),
    }
}

impl Opened {
    /// Of the answer to [`request`], where there is one, and the organization that a header names. `None`: not given.
    pub fn read(vendor: Vendor, body: Option<&[u8]>, header: Option<&str>) -> Option<Self> {
        match vendor {
            Vendor::Anthropic => Organization::read(body, header).map(Self::Organization),
            Vendor::Cursor => Team::read(body?).map(Self::Team),
        }
    }

    /// Whether it may be what the account opened before, changed by time.
    pub fn continues(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::Organization(now), Self::Organization(was)) => now.is_same(was),
            (Self::Team(now), Self::Team(was)) => now.meets(was),
            _ => false,
        }
    }

    /// Whether two accounts open the same at the same time.
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Organization(one), Self::Organization(other)) => one.is_same(other),
            (Self::Team(one), Self::Team(other)) => one.likeness_percent(other) > SAME_TEAM_PERCENT,
            _ => false,
        }
    }

    /// What to write down in place of what was seen before, if enough of it is new.
    pub fn worth_noting(&self, known: &Self) -> Option<Self> {
        match (self, known) {
            (Self::Organization(now), Self::Organization(was)) => {
                let ids = was.ids.union(&now.ids).cloned().collect();
                let both = Organization { ids, name: now.name.clone().or_else(|| was.name.clone()) };
                (both != *was).then_some(Self::Organization(both))
            }
            (Self::Team(now), Self::Team(was)) => (now.likeness_percent(was) < KEPT_TEAM_PERCENT).then(|| self.clone()),
            _ => None,
        }
    }
}

impl fmt::Display for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organization(organization) => organization.fmt(f),
            Self::Team(team) => team.fmt(f),
        }
    }
}
