//! What the analytics tell of a pool of the bill: of the lines that are alike in workspace, model, cost type and token type.
//!
//! The bill is shared out by it. What they tell less stays in sight, without a key; what they tell more has no money in the
//! bill, so their amounts are scaled down, and who pays what is a guess.

use std::collections::BTreeMap;

use everycent_schemas::{AccountId, Day, Usd};
use rust_decimal::Decimal;

use crate::reconcile::{AccountDay, Check, Figure, Verdict, is_near};
use crate::vendors::anthropic::analytics_cost;

/// A pool of which the analytics tell more than is billed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OvertoldPool {
    pub account_id: AccountId,
    pub day: Day,
    pub workspace_id: Option<String>,
    pub model: Option<String>,
    pub cost_type: Option<String>,
    pub token_type: Option<String>,
    pub billed: Usd,
    pub told: Usd,
}

impl OvertoldPool {
    fn excess(&self) -> i128 {
        (self.told - self.billed).nanos()
    }

    fn name(&self) -> String {
        let parts = [self.model.as_deref(), self.token_type.as_deref().or(self.cost_type.as_deref())];
        let what = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
        format!("{what} of workspace {}", self.workspace_id.as_deref().unwrap_or("default"))
    }
}

/// A verdict for each compared day, on the pool that they tell most too much of.
pub fn analytics_within_bill(compared: &[AccountDay], overtold: &[OvertoldPool], percent: Decimal) -> Vec<Verdict> {
    let mut days: BTreeMap<AccountDay, Vec<&OvertoldPool>> = BTreeMap::new();
    for pool in overtold {
        days.entry((pool.account_id.clone(), pool.day)).or_default().push(pool);
    }
    let none = Vec::new();
    compared.iter().map(|day| verdict(day, days.get(day).unwrap_or(&none), percent)).collect()
}

fn verdict((account_id, day): &AccountDay, pools: &[&OvertoldPool], percent: Decimal) -> Verdict {
    let is_far = |pool: &&&OvertoldPool| !is_near(pool.told, pool.billed, percent);
    let far = pools.iter().filter(is_far).count();
    let worst = pools.iter().filter(is_far).max_by_key(|pool| pool.excess());
    let compared = "claude_analytics_costs against claude_costs by workspace, model, cost type and token type";
    let explanation = match worst {
        None => format!("{compared}: none is told beyond {percent} % more than billed"),
        Some(pool) => format!(
            "{compared}: {} is told more than billed{}. Who pays is scaled down to the bill there; the total is right. The \
             analytics hold use that is billed elsewhere, or one of the two was restated: \
             `everycent sync --from {day} --to {day}` reads both again",
            pool.name(),
            if far > 1 { format!(", and so are {} more", far - 1) } else { String::new() },
        ),
    };
    Verdict {
        check: Check::AnalyticsWithinBill,
        source: analytics_cost::NAME.to_owned(),
        account_id: account_id.clone(),
        activity_date: *day,
        from_date: *day,
        expected: Figure::Usd(worst.map_or(Usd::ZERO, |pool| pool.billed)),
        found: Figure::Usd(worst.map_or(Usd::ZERO, |pool| pool.told)),
        passed: worst.is_none(),
        explanation,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn pool(model: &str, billed: i128, told: i128) -> OvertoldPool {
        let usd = |dollars: i128| Usd::from_nanos(dollars * 1_000_000_000);
        OvertoldPool {
            account_id: "acme".into(),
            day: Day::new(2026, 10, 5).unwrap(),
            workspace_id: None,
            model: Some(model.into()),
            cost_type: Some("tokens".into()),
            token_type: Some("output_tokens".into()),
            billed: usd(billed),
            told: usd(told),
        }
    }

    fn check(pools: &[OvertoldPool]) -> Verdict {
        let day = ("acme".into(), Day::new(2026, 10, 5).unwrap());
        analytics_within_bill(&[day], pools, Decimal::ONE).remove(0)
    }

    #[test]
    fn the_pool_that_is_told_most_too_much_is_named_and_a_percent_is_let_pass() {
        assert!(check(&[]).passed);
        assert!(check(&[pool("opus", 100, 101)]).passed);
        let verdict = check(&[pool("opus", 100, 103), pool("haiku", 0, 9), pool("sonnet", 1000, 1001)]);
        assert!(!verdict.passed);
        assert_eq!(verdict.difference(), Figure::Usd(Usd::from_nanos(9_000_000_000)));
        let named = "haiku output_tokens of workspace default is told more than billed, and so are 1 more.";
        assert!(verdict.explanation.contains(named), "{}", verdict.explanation);
    }
}
