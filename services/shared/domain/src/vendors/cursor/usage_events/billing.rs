//! What the kind of a usage event means for the bill.
//!
//! The vendor spells kinds in three ways: `Included in Business` in its API, `USAGE_EVENT_KIND_INCLUDED_IN_BUSINESS`
//! inside it, `Included` on its dashboard and in what that exports. It adds new ones; the row keeps its word beside this.

/// How kinds end that nobody pays for.
const NOT_CHARGED: [&str; 2] = ["notcharged", "nocharge"];
const ON_DEMAND: [&str; 3] = ["usagebased", "ondemand", "usagebasedpricing"];
const OWN_KEY: [&str; 6] = ["userapikey", "apikey", "ownapikey", "customapikey", "byok", "bringyourownkey"];
/// How kinds begin that the seats include, or that are free.
const INCLUDED: [&str; 2] = ["included", "free"];
/// What the vendor gives besides.
const GIVEN: [&str; 4] = ["bonus", "credit", "bonuscredit", "promotionalcredit"];

/// Who pays for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Billing {
    /// It is within what the seats include.
    Included,
    OnDemand,
    /// It failed or was broken off.
    NotCharged,
    /// The model is paid with the customer's own key; only a token fee is the vendor's.
    OwnKey,
    /// A kind that is not known yet.
    Unknown,
}

impl Billing {
    /// Reads every spelling of a kind, whatever its case and separators.
    pub fn of_kind(kind: Option<&str>) -> Self {
        let Some(kind) = kind else { return Self::Unknown };
        let words = || letters(kind.strip_prefix("USAGE_EVENT_KIND_").unwrap_or(kind));
        let is_one_of = |known: &[&str]| known.iter().any(|known| words().eq(known.bytes()));
        if NOT_CHARGED.iter().any(|end| is_ended_by(words(), end)) {
            Self::NotCharged
        } else if is_one_of(&ON_DEMAND) {
            Self::OnDemand
        } else if is_one_of(&OWN_KEY) {
            Self::OwnKey
        } else if INCLUDED.iter().any(|begin| is_begun_by(words(), begin)) || is_one_of(&GIVEN) {
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
            Self::OwnKey => "own_key",
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
    fn every_spelling_of_a_kind_means_the_same() {
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
            ("On-Demand", Billing::OnDemand),
            ("on demand", Billing::OnDemand),
            ("USAGE_EVENT_KIND_ON_DEMAND", Billing::OnDemand),
            ("Included", Billing::Included),
            ("INCLUDED", Billing::Included),
            ("Free", Billing::Included),
            ("Free Bugbot", Billing::Included),
            ("Bonus", Billing::Included),
            ("Credit", Billing::Included),
            ("Errored, No Charge", Billing::NotCharged),
            ("USAGE_EVENT_KIND_ABORTED_NO_CHARGE", Billing::NotCharged),
            ("User API Key", Billing::OwnKey),
            ("USAGE_EVENT_KIND_USER_API_KEY", Billing::OwnKey),
            ("BYOK", Billing::OwnKey),
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
        for kind in ["USAGE_EVENT_KIND_CUSTOM_SUBSCRIPTION", "Usage-based, discounted", "Bugbot", "", "Charged"] {
            assert_eq!(Billing::of_kind(Some(kind)), Billing::Unknown, "{kind}");
        }
        assert_eq!(Billing::of_kind(None).name(), "unknown");
    }
}
