//! What a list says of a person's seat: role, kind of seat and membership, in the vendor's words and in ours.
//!
//! A seat is paid unless something says otherwise, and Standard unless something says Premium: an unknown word never makes
//! a seat free.

use everycent_schemas::Day;
use everycent_schemas::rows::CursorSeatReading;

use crate::rows::Output;

/// What one record says, as the vendor wrote it.
#[derive(Debug, Clone, Copy)]
pub(super) struct SeatReading<'a> {
    pub member_id: &'a str,
    pub email: Option<&'a str>,
    pub role: Option<&'a str>,
    pub billing_tier: Option<&'a str>,
    pub is_removed: Option<bool>,
    pub removed_on: Option<Day>,
}

impl SeatReading<'_> {
    /// Keeps it for the day of the reading. A kind of seat that is not known is remarked.
    pub(super) fn keep(&self, output: &mut Output<'_>) {
        let kind = self.billing_tier.map(Kind::of);
        if let (Some(Kind::Unknown), Some(name)) = (kind, self.billing_tier) {
            let reason = format!("`{}` is no known kind of seat; taken for Standard", name.escape_debug());
            output.remark(None, "billingTier", &reason);
        }
        let manifest = output.manifest();
        // The day of the reading is the bucket that it answers.
        let day = manifest.window.from();
        let row = CursorSeatReading {
            source: &manifest.source,
            account_id: manifest.account_id.as_str(),
            activity_date: day,
            member_id: self.member_id,
            email: self.email,
            role: self.role,
            billing_tier: self.billing_tier,
            payment: self.payment(kind),
            tier: kind.and_then(Kind::tier),
            membership: self.membership(),
            removed_on: self.removed_on,
            snapshot_id: manifest.snapshot_id.as_str(),
            fetched_at: manifest.fetched_at,
            ingestion_timestamp: output.normalized_at(),
        };
        output.remember(day, &row);
    }

    fn payment(&self, kind: Option<Kind>) -> Option<&'static str> {
        let role = self.role.filter(|role| !role.trim().is_empty());
        match (role.is_some_and(is_free), kind) {
            (true, _) | (_, Some(Kind::Unpaid)) => Some("unpaid"),
            (false, Some(Kind::Standard | Kind::Premium)) => Some("paid"),
            (false, _) => role.map(|_| "paid"),
        }
    }

    fn membership(&self) -> Option<&'static str> {
        let by_role = self.role.is_some_and(|role| role.to_lowercase().contains("removed"));
        match self.is_removed {
            Some(false) if !by_role => Some("member"),
            Some(true) => Some("removed"),
            _ if by_role || self.removed_on.is_some() => Some("removed"),
            _ => None,
        }
    }
}

/// What `billingTier` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Standard,
    Premium,
    Unpaid,
    Unknown,
    /// An empty name.
    None,
}

impl Kind {
    fn of(name: &str) -> Self {
        let name = name.trim().to_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
        match () {
            () if name.is_empty() => Self::None,
            () if says(&["premium"]) => Self::Premium,
            () if is_free(&name) => Self::Unpaid,
            () if says(&["standard", "business", "team"]) => Self::Standard,
            () => Self::Unknown,
        }
    }

    fn tier(self) -> Option<&'static str> {
        match self {
            Self::Standard => Some("standard"),
            Self::Premium => Some("premium"),
            Self::Unpaid | Self::Unknown | Self::None => None,
        }
    }
}

fn is_free(name: &str) -> bool {
    let name = name.to_lowercase();
    name.contains("free") || name.contains("unpaid")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: SeatReading<'_> = SeatReading {
        member_id: "user_1",
        email: None,
        role: None,
        billing_tier: None,
        is_removed: None,
        removed_on: None,
    };

    fn payment(role: Option<&str>, billing_tier: Option<&str>) -> Option<&'static str> {
        SeatReading { role, billing_tier, ..ANN }.payment(billing_tier.map(Kind::of))
    }

    #[test]
    fn an_unpaid_admin_is_one_in_every_spelling_and_any_other_role_is_paid() {
        for role in ["free-owner", "FREE_OWNER", "TEAM_ROLE_FREE_OWNER", "freeOwner", "Unpaid admin"] {
            assert_eq!(payment(Some(role), None), Some("unpaid"), "{role}");
            assert_eq!(payment(Some(role), Some("premium")), Some("unpaid"), "{role}");
        }
        for role in ["owner", "member", "admin", "dreamer"] {
            assert_eq!(payment(Some(role), None), Some("paid"), "{role}");
            assert_eq!(payment(Some(role), Some("unpaid")), Some("unpaid"), "{role}");
        }
        for role in [None, Some(""), Some(" ")] {
            assert_eq!(payment(role, None), None, "{role:?}");
            assert_eq!(payment(role, Some("?")), None, "{role:?}");
            assert_eq!(payment(role, Some("Standard")), Some("paid"), "{role:?}");
        }
    }

    #[test]
    fn a_seat_is_premium_only_where_its_kind_says_so() {
        let cases = [
            ("premium", Some("premium")),
            ("TEAMS_PREMIUM", Some("premium")),
            ("Standard", Some("standard")),
            ("business", Some("standard")),
            ("free", None),
            ("gold", None),
            ("", None),
        ];
        for (name, tier) in cases {
            assert_eq!(Kind::of(name).tier(), tier, "{name}");
        }
    }

    #[test]
    fn who_left_is_known_by_flag_day_or_role_and_the_flag_decides_against_the_day() {
        let day = Day::new(2026, 11, 10);
        let membership =
            |is_removed, removed_on, role| SeatReading { is_removed, removed_on, role, ..ANN }.membership();
        assert_eq!(membership(None, None, Some("member")), None);
        assert_eq!(membership(Some(false), None, None), Some("member"));
        assert_eq!(membership(Some(false), day, None), Some("member"), "came back");
        assert_eq!(membership(Some(true), None, None), Some("removed"));
        assert_eq!(membership(None, day, None), Some("removed"));
        assert_eq!(membership(Some(false), None, Some("TEAM_ROLE_REMOVED")), Some("removed"));
    }
}
