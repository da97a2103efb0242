//! Every check on one range: facts from the warehouse, verdicts from the domain.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use everycent_domain::reconcile::{
    BucketFact, Check, StampsByFeed, Tolerances, Verdict, charges_equal_facts, figures_in_range, future_stamps,
    no_future_stamp, no_held_answer, no_missing_bucket, no_reject, no_strange_account, no_twin_account, remarked,
    sum_out_of_range, tables_equal_coverage,
};
use everycent_domain::source::Source;
use everycent_domain::vendor::Vendor;
use everycent_domain::vendors::anthropic::checks::{analytics_within_bill, implied_price, keys_equal_analytics};
use everycent_domain::vendors::cursor::checks::{cursor_cycle_day, cursor_events_equal_spend};
use everycent_domain::vendors::{anthropic, cursor as cursor_reports};
use everycent_domain::wanted::plan;
use everycent_domain::window::Window;
use everycent_runtime::warehouse::{CoverageRow, Warehouse};
use everycent_schemas::{AccountId, Day};

use super::wanted::wanted;
use super::{Question, expected};
use crate::admission::Books;
use crate::completeness;
use crate::deployment::{Deployment, Services};
use crate::facts::{self, Loaded, claude, cursor, money};
use crate::failure::{Failure, is_out_of_range};
use crate::rule_misses;
use crate::stamps::{add_stored, stored_in_the_future};

/// Verdicts on the question's range. `coverage` is that of all days there are.
pub(super) async fn judge(
    deployment: &Deployment,
    question: &Question,
    coverage: &[CoverageRow],
) -> Result<Vec<Verdict>, Failure> {
    let (warehouse, window) = (deployment.warehouse.as_ref(), question.window);
    let tolerances = &deployment.config.tolerances;
    let facts = Facts { warehouse, window, loaded: Loaded::new(coverage), tolerances };
    let mut verdicts = Vec::new();
    for (checks, outcome) in [
        ("the reports that show the same money", facts.controls().await),
        ("implied prices", facts.prices().await),
        ("what each key cost", facts.keys().await),
        ("Cursor's spend", facts.cursor().await),
        ("the expected total", expected::verdicts(deployment, question, coverage).await),
        ("charges", facts.charges(deployment.clock.now().day(), coverage).await),
    ] {
        verdicts.extend(unless_out_of_range(window, checks, outcome)?);
    }
    let sums_are_made = verdicts.iter().all(|verdict| verdict.check != Check::FiguresInRange);
    if sums_are_made {
        verdicts.extend(figures_in_range(window, &facts::out_of_range(warehouse, window).await?));
    } else {
        let culprits = facts::culprits(warehouse, window).await?;
        verdicts.extend(figures_in_range(window, &culprits).into_iter().filter(|verdict| !verdict.passed));
    }
    let books = Books::read(Arc::clone(&deployment.store)).await?;
    let twins = facts.twins(&books).await;
    verdicts.extend(unless_out_of_range(window, "accounts that the vendor does not name", twins)?);
    let retired = books.retired();
    let buckets = facts::buckets(warehouse, window, coverage, wanted(deployment, question, coverage)).await?;
    let buckets = without_gaps_of(&retired, buckets);
    let accounts = deployment.config.accounts.iter().map(|account| (account.vendor, account.id.clone()));
    let mut configured: Vec<(Vendor, AccountId)> = accounts.collect();
    let vendors: BTreeSet<Vendor> = configured.iter().map(|(vendor, _)| *vendor).collect();
    configured.extend(retired.into_iter().filter(|(vendor, _)| vendors.contains(vendor)));
    verdicts.extend(tables_equal_coverage(&buckets));
    verdicts.extend(no_missing_bucket(&buckets));
    verdicts.extend(no_held_answer(&buckets));
    verdicts.extend(no_reject(&buckets));
    verdicts.extend(completeness::verdicts(deployment, window, coverage));
    verdicts.extend(completeness::stored_verdicts(deployment, question.stored, coverage).await?);
    verdicts.extend(remarked(&buckets));
    verdicts.extend(no_strange_account(&buckets, &configured));
    verdicts.extend(no_future_stamp(window, &stamps(deployment, coverage).await?));
    verdicts.extend(rule_misses::verdicts(deployment, window, coverage).await?);
    Ok(verdicts)
}

/// Stamps of the future in coverage, and in the store where a look at all of it costs nothing.
async fn stamps(deployment: &Deployment, coverage: &[CoverageRow]) -> Result<StampsByFeed, Failure> {
    let now = deployment.clock.now();
    let mut stamps = future_stamps(coverage, now);
    if deployment.services == Services::Here {
        add_stored(&mut stamps, &stored_in_the_future(deployment.store.as_ref(), now).await?);
    }
    Ok(stamps)
}

/// A sum that the warehouse can't make fails its own checks and keeps back no other.
fn unless_out_of_range(
    window: Window,
    checks: &str,
    outcome: Result<Vec<Verdict>, Failure>,
) -> Result<Vec<Verdict>, Failure> {
    match outcome {
        Err(Failure::Failed(error)) if is_out_of_range(&error) => {
            Ok(vec![sum_out_of_range(window, checks, &format!("{error:#}"))])
        }
        other => other,
    }
}

/// What the checks of money need.
struct Facts<'a> {
    warehouse: &'a dyn Warehouse,
    window: Window,
    loaded: Loaded<'a>,
    tolerances: &'a Tolerances,
}

impl Facts<'_> {
    /// Each report that shows money of another one, against the bill of that one.
    async fn controls(&self) -> Result<Vec<Verdict>, Failure> {
        let Self { warehouse, window, loaded, tolerances } = *self;
        let (mut verdicts, mut bills) = (Vec::new(), BTreeMap::new());
        for source in Source::ALL {
            let Some(control) = &source.report().control else { continue };
            let fact: Source = control.fact.parse().expect("invariant: a test of the catalog shows it");
            let compared = if control.whole_days {
                loaded.both_whole(fact, *source, window)
            } else {
                loaded.both(fact, *source, window)
            };
            let bill = match bills.entry((fact, control.of_fact)) {
                Entry::Occupied(read) => read.into_mut(),
                Entry::Vacant(unread) => unread.insert(money::bill(warehouse, fact, window, control.of_fact).await?),
            };
            let shown = money::shown(warehouse, &control.sums, window).await?;
            verdicts.extend(control.verdicts(source.name(), &compared, &shown, bill, tolerances));
        }
        Ok(verdicts)
    }

    /// Accounts of which the vendor does not say what they open, where there is another one.
    async fn twins(&self, books: &Books) -> Result<Vec<Verdict>, Failure> {
        let mut verdicts = Vec::new();
        for source in Source::ALL.iter().filter(|source| source.is_bill()) {
            let accounts = self.loaded.accounts(*source);
            let is_unbound = |account_id: &&AccountId| books.of(source.vendor()).opened(account_id).is_none();
            let unbound: BTreeSet<AccountId> = accounts.iter().filter(is_unbound).cloned().collect();
            if accounts.len() > 1 && !unbound.is_empty() {
                let bill = money::bill(self.warehouse, *source, self.window, None).await?;
                verdicts.extend(no_twin_account(*source, self.window, &unbound, &bill));
            }
        }
        Ok(verdicts)
    }

    /// A month at a time, because these facts are many.
    async fn prices(&self) -> Result<Vec<Verdict>, Failure> {
        let (cost, usage) = (anthropic::cost_report::SOURCE, anthropic::usage_messages::SOURCE);
        let mut verdicts = Vec::new();
        for part in plan(cost, self.window.days()) {
            let compared = self.loaded.both_whole(cost, usage, part);
            if compared.is_empty() {
                continue;
            }
            let costs = claude::line_costs(self.warehouse, part).await?;
            let tokens = claude::token_counts(self.warehouse, part).await?;
            verdicts.extend(implied_price(&compared, &costs, &tokens, self.tolerances.price_percent));
        }
        verdicts.sort_by(|a, b| (&a.account_id, a.activity_date).cmp(&(&b.account_id, b.activity_date)));
        Ok(verdicts)
    }

    /// A month at a time as well.
    async fn keys(&self) -> Result<Vec<Verdict>, Failure> {
        let (cost, usage) = (anthropic::cost_report::SOURCE, anthropic::usage_messages::SOURCE);
        let analytics = self.loaded.whole(anthropic::analytics_cost::SOURCE);
        let mut verdicts = Vec::new();
        for part in plan(cost, self.window.days()) {
            let mut compared = self.loaded.both_whole(cost, usage, part);
            compared.retain(|day| analytics.contains(day));
            if compared.is_empty() {
                continue;
            }
            let overtold = claude::overtold_pools(self.warehouse, part).await?;
            verdicts.extend(analytics_within_bill(&compared, &overtold, self.tolerances.analytics_percent));
            let [shares, shown] = claude::key_costs(self.warehouse, part).await?;
            verdicts.extend(keys_equal_analytics(&compared, &shares, &shown, self.tolerances.analytics_percent));
        }
        Ok(verdicts)
    }

    /// Charges and their sums, against what the facts make.
    async fn charges(&self, today: Day, coverage: &[CoverageRow]) -> Result<Vec<Verdict>, Failure> {
        let found = facts::charges(self.warehouse, self.window, today, coverage).await?;
        Ok(charges_equal_facts(self.window, &found))
    }

    /// Cursor's readings of the spend, against events and price table from the beginning of the first cycle on.
    async fn cursor(&self) -> Result<Vec<Verdict>, Failure> {
        let readings = cursor::spend_readings(self.warehouse, self.window).await?;
        let Some(first) = readings.iter().map(|reading| reading.cycle_start).min() else { return Ok(Vec::new()) };
        let cycles = Window::new(first.min(self.window.from()), self.window.to())?;
        let events = cursor::charged_events(self.warehouse, cycles).await?;
        let loaded = self.loaded.whole(cursor_reports::usage_events::SOURCE);
        let percent = self.tolerances.cursor_spend_percent;
        let mut verdicts = cursor_events_equal_spend(&readings, &events, &loaded, percent);
        let priced = cursor::priced_cycles(self.warehouse, cycles).await?;
        verdicts.extend(cursor_cycle_day(&readings, &priced));
        Ok(verdicts)
    }
}

/// Nobody asks for what a retired account lacks, so it is not missed; what it has is judged like all else.
fn without_gaps_of(retired: &BTreeSet<(Vendor, AccountId)>, buckets: Vec<BucketFact>) -> Vec<BucketFact> {
    let is_retired = |bucket: &BucketFact| {
        let source = bucket.id.source.parse::<Source>();
        source.is_ok_and(|source| retired.contains(&(source.vendor(), bucket.id.account_id.clone())))
    };
    let judged = |bucket: BucketFact| match is_retired(&bucket) {
        true => bucket.has_anything().then_some(BucketFact { failure: None, ..bucket }),
        false => Some(bucket),
    };
    buckets.into_iter().filter_map(judged).collect()
}
