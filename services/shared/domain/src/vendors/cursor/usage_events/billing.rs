//! What the kind of a usage event means for the bill.
//!
//! The vendor spells kinds in two ways, `Included in Business` and `USAGE_EVENT_KIND_INCLUDED_IN_BUSINESS`, and adds
//! new ones; the row keeps its word beside this.

/// Who pays for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Billing {
    /// It is within what the seats include.
    Included,
    OnDemand,
    /// It failed or was broken off.
    NotCharged,
    /// A kind that is not known yet.
    Unknown,
}

impl Billing {
    /// Reads either spelling of a kind, whatever its case and separators.
    pub fn of_kind(kind: Option<&str>) -> Self {
        let Some(kind) = kind else { return Self::Unknown };
        let words = || letters(kind.strip_prefix("USAGE_EVENT_KIND_").unwrap_or(kind));
        if is_ended_by(words(), "notcharged") {
            Self::NotCharged
        } else if words().eq("usagebased".bytes()) {
            Self::OnDemand
        } else if is_begun_by(words(), "included") || words().eq("freecredit".bytes()) {
            Self::Included
        } else {
            Self::Unknown
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Included => "included",
            Self::OnDemand => "on_demand",
            Self::NotCharged => "not_charged",
            Self::Unknown => "unknown",
        }
    }
}

fn letters(text: &str) -> impl DoubleEndedIterator<Item = u8> {
    text.bytes().filter(u8::is_ascii_alphabetic).map(|letter| letter.to_ascii_lowercase())
}

fn is_begun_by(mut letters: impl Iterator<Item = u8>, word: &str) -> bool {
    word.bytes().all(|letter| letters.next() == Some(letter))
}

fn is_ended_by(mut letters: impl DoubleEndedIterator<Item = u8>, word: &str) -> bool {
    word.bytes().rev().all(|letter| letters.next_back() == Some(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_a_kind_mean_the_same() {
        let cases = [
            ("Usage-based", Billing::OnDemand),
            ("USAGE_EVENT_KIND_USAGE_BASED", Billing::OnDemand),
            ("Included in Business", Billing::Included),
            ("Included in Pro+", Billing::Included),
            ("USAGE_EVENT_KIND_INCLUDED_IN_BUSINESS", Billing::Included),
            ("USAGE_EVENT_KIND_INCLUDED_IN_PRO", Billing::Included),
            ("USAGE_EVENT_KIND_INCLUDED_IN_PRO_PLUS", Billing::Included),
            ("USAGE_EVENT_KIND_INCLUDED_IN_ULTRA", Billing::Included),
            ("USAGE_EVENT_KIND_FREE_CREDIT", Billing::Included),
            ("Free Credit", Billing::Included),
            ("Errored, Not Charged", Billing::NotCharged),
            ("USAGE_EVENT_KIND_ERRORED_NOT_CHARGED", Billing::NotCharged),
            ("Aborted, Not Charged", Billing::NotCharged),
            ("USAGE_EVENT_KIND_ABORTED_NOT_CHARGED", Billing::NotCharged),
        ];
        for (kind, billing) in cases {
            assert_eq!(Billing::of_kind(Some(kind)), billing, "{kind}");
        }
    }

    #[test]
    fn a_kind_that_is_not_known_is_said_to_be_unknown() {
        for kind in ["USAGE_EVENT_KIND_CUSTOM_SUBSCRIPTION", "Usage-based, discounted", "User API Key", "", "Charged"] {
            assert_eq!(Billing::of_kind(Some(kind)), Billing::Unknown, "{kind}");
        }
        assert_eq!(Billing::of_kind(None).name(), "unknown");
    }
}
