//! Accounts in the tables, against the configured ones: the same organization under two names is its money twice.

use std::collections::BTreeMap;

use everycent_schemas::AccountId;

use super::{BucketFact, Check, Figure, Verdict};
use crate::bucket::BucketId;
use crate::source::Source;
use crate::vendor::Vendor;

/// Every account that has rows is configured. Vendors of which no account is configured are not judged: whoever only
/// reads needs no keys.
pub fn no_strange_account(buckets: &[BucketFact], configured: &[(Vendor, AccountId)]) -> Vec<Verdict> {
    let mut last: BTreeMap<(&str, &AccountId), &BucketFact> = BTreeMap::new();
    for bucket in buckets.iter().filter(|bucket| bucket.merged.is_some() || bucket.stored.rows > 0) {
        last.insert((&bucket.id.source, &bucket.id.account_id), bucket);
    }
    last.into_values().filter_map(|bucket| verdict(bucket, configured)).collect()
}

fn verdict(bucket: &BucketFact, configured: &[(Vendor, AccountId)]) -> Option<Verdict> {
    let vendor = bucket.id.source.parse::<Source>().ok().filter(|source| source.company_account().is_none())?.vendor();
    let mut accounts = configured.iter().filter(|(of, _)| *of == vendor).map(|(_, account)| account).peekable();
    accounts.peek()?;
    let known = accounts.any(|account| *account == bucket.id.account_id);
    let BucketId { source, account_id, activity_date } = &bucket.id;
    let explanation = if known {
        format!("{source}: account `{account_id}` is configured")
    } else {
        format!(
            "{source}: account `{account_id}` has rows and is not configured. If it is a configured organization under \
             an earlier name, its money is in the tables twice: give the account its old id, or rename it with \
             `everycent accounts rebind`. If it is asked no more, say so with `everycent accounts retire {account_id}`; \
             if it was never meant, `everycent accounts forget {account_id}` takes it out"
        )
    };
    Some(Verdict {
        check: Check::NoStrangeAccount,
        source: source.clone(),
        account_id: account_id.clone(),
        activity_date: *activity_date,
        from_date: *activity_date,
        expected: Figure::Count(0),
        found: Figure::Count(i64::from(!known)),
        passed: known,
        explanation,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::BucketSums;
    use super::*;
    use everycent_schemas::Day;

    fn bucket(account_id: &str) -> BucketFact {
        BucketFact {
            id: BucketId {
                source: "anthropic/cost_report".into(),
                account_id: account_id.into(),
                activity_date: Day::new(2025, 10, 5).unwrap(),
            },
            merged: Some(BucketSums::default()),
            stored: BucketSums::default(),
            failure: None,
            held: None,
            is_superseded: false,
            unavailable: None,
        }
    }

    #[test]
    fn an_organization_under_an_earlier_name_is_seen() {
        let buckets = [bucket("default"), bucket("acme"), bucket("acme")];
        let configured = [(Vendor::Anthropic, "acme".into())];
        let verdicts = no_strange_account(&buckets, &configured);
        let failed: Vec<&str> = verdicts.iter().filter(|v| !v.passed).map(|v| v.account_id.as_str()).collect();
        assert_eq!((verdicts.len(), failed), (2, vec!["default"]));
    }

    #[test]
    fn what_is_of_the_whole_company_is_of_no_strange_account() {
        let mut people = bucket("company");
        people.id.source = "upload/people".into();
        assert!(no_strange_account(&[people], &[(Vendor::Anthropic, "acme".into())]).is_empty());
    }

    #[test]
    fn without_a_configured_account_of_the_vendor_nothing_is_judged() {
        assert!(no_strange_account(&[bucket("acme")], &[]).is_empty());
        assert!(no_strange_account(&[bucket("acme")], &[(Vendor::Cursor, "acme".into())]).is_empty());
    }
}
