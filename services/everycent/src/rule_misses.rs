//! Attribution rules that miss what they may mean, as the tables have it.

use std::collections::BTreeSet;

use everycent_domain::attribution::aim::{self, Miss};
use everycent_domain::reconcile::{Check, Figure, Verdict};
use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_domain::vendors::anthropic;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::CoverageRow;
use everycent_schemas::AccountId;

use crate::deployment::Deployment;
use crate::facts;

/// What the configured rules miss, with the money of these days, or of all.
pub async fn rule_misses(
    deployment: &Deployment,
    window: Option<Window>,
    coverage: &[CoverageRow],
) -> anyhow::Result<Vec<Miss>> {
    let rules = &deployment.config.recipe.rules;
    if rules.is_empty() {
        return Ok(Vec::new());
    }
    let accounts = claude_accounts(deployment, coverage);
    let directory = facts::directory(deployment, window, &accounts).await?;
    Ok(aim::misses(rules, &directory))
}

/// Those that are configured, and those that have answers.
fn claude_accounts(deployment: &Deployment, coverage: &[CoverageRow]) -> BTreeSet<AccountId> {
    let configured = deployment.config.accounts.iter().filter(|account| account.vendor == Vendor::Anthropic);
    let is_claudes =
        |row: &&CoverageRow| row.source.parse::<Source>().is_ok_and(|source| source.vendor() == Vendor::Anthropic);
    let answered = coverage.iter().filter(is_claudes).map(|row| row.account_id.clone());
    configured.map(|account| account.id.clone()).chain(answered).collect()
}

/// One verdict for each account of Claude; what is of no account in particular is said with the first.
pub async fn verdicts(
    deployment: &Deployment,
    window: Window,
    coverage: &[CoverageRow],
) -> anyhow::Result<Vec<Verdict>> {
    if deployment.config.recipe.rules.is_empty() {
        return Ok(Vec::new());
    }
    let misses = rule_misses(deployment, Some(window), coverage).await?;
    let verdict = |(place, account_id): (usize, AccountId)| {
        let is_its = |miss: &&Miss| miss.account_id().map_or(place == 0, |account| *account == account_id);
        let said: Vec<String> = misses.iter().filter(is_its).map(ToString::to_string).collect();
        verdict(window, account_id, &said)
    };
    Ok(claude_accounts(deployment, coverage).into_iter().enumerate().map(verdict).collect())
}

fn verdict(window: Window, account_id: AccountId, said: &[String]) -> Verdict {
    let found = i64::try_from(said.len()).unwrap_or(i64::MAX);
    Verdict {
        check: Check::RulesNameWhatThereIs,
        source: anthropic::cost_report::SOURCE.name().to_owned(),
        account_id,
        activity_date: window.to(),
        from_date: window.from(),
        expected: Figure::Count(0),
        found: Figure::Count(found),
        passed: said.is_empty(),
        explanation: if said.is_empty() { "every rule names what there is".to_owned() } else { said.join(". ") },
    }
}
