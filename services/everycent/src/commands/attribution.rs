//! `everycent attribution test`: what the configured rules would take of the money that is loaded.
//!
//! It reads and shows, and changes nothing: what the rules would do is done by `everycent replay`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::anyhow;
use everycent_domain::attribution::trial::{self, Decider, Leftover, Line, Outcome};
use everycent_domain::attribution::{DEFAULT_WORKSPACE, Rules};
use everycent_domain::vendors::anthropic;
use everycent_domain::window::Window;
use everycent_domain::workspaces::Workspaces;
use everycent_runtime::workspaces::WorkspaceLog;
use everycent_schemas::{Day, Usd};
use serde::Serialize;

use crate::cli::AttributionTestArgs;
use crate::cost_lines;
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::show::{self, Grid, count, heading};

/// Groups without a platform that are shown.
const SHOWN: usize = 10;

pub async fn test(deployment: &Deployment, args: &AttributionTestArgs, json: bool) -> Result<(), Failure> {
    let window = window(args)?;
    let costs = cost_lines::costs(deployment.warehouse.as_ref(), window).await?;
    let analytics = cost_lines::analytics(deployment.warehouse.as_ref(), window).await?;
    let known = known_workspaces(deployment, costs.iter().chain(&analytics)).await?;
    let [costs, analytics] = [costs, analytics].map(|lines| with_workspaces(lines, &known));
    let report = Report::new(args, &deployment.config.recipe.rules, &costs, &analytics);
    if json {
        show::print_json(&report);
    } else {
        show::print(&text(&report));
    }
    Ok(())
}

/// What is known of the workspaces now, as the rows of the next answers are made by it.
async fn known_workspaces(
    deployment: &Deployment,
    lines: impl Iterator<Item = &Line>,
) -> Result<BTreeMap<String, Arc<Workspaces>>, Failure> {
    let log = WorkspaceLog::new(Arc::clone(&deployment.store), anthropic::workspaces::SOURCE.name());
    let accounts: BTreeSet<&String> = lines.filter_map(|line| line.account_id.as_ref()).collect();
    let mut known = BTreeMap::new();
    for account in accounts {
        if let Some((_, workspaces)) = log.latest(&account.as_str().into()).await? {
            known.insert(account.clone(), Arc::new(workspaces));
        }
    }
    Ok(known)
}

fn with_workspaces(lines: Vec<Line>, known: &BTreeMap<String, Arc<Workspaces>>) -> Vec<Line> {
    let of = |line: &Line| known.get(line.account_id.as_ref()?).cloned();
    lines.into_iter().map(|line| Line { workspaces: of(&line), ..line }).collect()
}

/// The days that were named; every day where none was.
fn window(args: &AttributionTestArgs) -> Result<Window, Failure> {
    let (first, last) = Day::new(1, 1, 1).zip(Day::new(9999, 12, 31)).expect("invariant: days of the calendar");
    let window = Window::new(args.from.unwrap_or(first), args.to.unwrap_or(last));
    window.map_err(|e| Failure::usage(anyhow!("--from, --to: {e}")))
}

#[derive(Debug, Serialize)]
struct Report {
    from: Option<Day>,
    to: Option<Day>,
    /// How many are configured.
    rules: usize,
    costs: Vec<Row>,
    /// What no rule takes, the largest first.
    unattributed: Vec<Group>,
    /// The same money as the analytics tell it, by product.
    analytics: Vec<Row>,
}

#[derive(Debug, Serialize)]
struct Row {
    /// Only in the analytics.
    #[serde(skip_serializing_if = "Option::is_none")]
    product: Option<String>,
    /// Id of the rule, or of the rule that was.
    rule: Option<String>,
    /// `rule`, `product`, `not_configured` or `nobody`.
    decided_by: &'static str,
    /// More than one where the tables have another platform than the rule would give.
    platforms: Vec<String>,
    would_usd: Usd,
    now_usd: Usd,
}

#[derive(Debug, Serialize)]
struct Group {
    workspace_id: Option<String>,
    model: Option<String>,
    cost_type: Option<String>,
    would_usd: Usd,
}

impl Report {
    fn new(args: &AttributionTestArgs, rules: &Rules, costs: &[Line], analytics: &[Line]) -> Self {
        Self {
            from: args.from,
            to: args.to,
            rules: rules.len(),
            costs: trial::of_costs(rules, costs).into_iter().map(Row::of).collect(),
            unattributed: trial::leftovers(rules, costs).into_iter().map(Group::of).collect(),
            analytics: trial::of_analytics(rules, analytics).into_iter().map(Row::of).collect(),
        }
    }

    fn days(&self) -> String {
        match (self.from, self.to) {
            (None, None) => "all days that are loaded".into(),
            (Some(from), None) => format!("days from {from} on"),
            (None, Some(to)) => format!("days up to {to}"),
            (Some(from), Some(to)) => format!("{from} to {to}"),
        }
    }
}

impl Row {
    fn of(outcome: Outcome) -> Self {
        let (decided_by, rule) = match outcome.decider {
            Decider::Rule(_, id) => ("rule", Some(id)),
            Decider::Product => ("product", None),
            Decider::Gone(id) => ("not_configured", Some(id)),
            Decider::Nobody => ("nobody", None),
        };
        Self {
            product: outcome.product,
            rule,
            decided_by,
            platforms: outcome.platforms,
            would_usd: outcome.would_usd,
            now_usd: outcome.now_usd,
        }
    }

    /// Who decides, in words.
    fn name(&self) -> String {
        match (self.decided_by, &self.rule) {
            ("not_configured", Some(id)) => format!("{id} (not configured)"),
            ("product", _) => "(the vendor's product)".into(),
            (_, Some(id)) => id.clone(),
            (_, None) => "(no rule)".into(),
        }
    }

    fn cells(&self) -> [String; 4] {
        [self.name(), self.platforms.join(", "), self.would_usd.cents_text(), self.now_usd.cents_text()]
    }
}

impl Group {
    fn of(leftover: Leftover) -> Self {
        let Leftover { workspace_id, model, cost_type, amount_usd } = leftover;
        Self { workspace_id, model, cost_type, would_usd: amount_usd }
    }
}

fn text(report: &Report) -> String {
    let mut text = format!("Attribution by {}, tried on {}\n", count(report.rules, "configured rule"), report.days());
    let loaded: Usd = report.costs.iter().map(|row| row.would_usd).sum();
    text += &heading("Claude cost, in US dollars");
    text += &costs_text(&report.costs, loaded);
    if report.rules == 0 {
        text += &how_to_write_a_rule(report);
    }
    text += &unattributed_text(&report.unattributed);
    text += &analytics_text(&report.analytics);
    if report.rules > 0 {
        text += "\nNothing was changed; `everycent replay` applies the rules to history.\n";
    }
    text
}

fn costs_text(rows: &[Row], loaded: Usd) -> String {
    let mut grid = Grid::new(&["rule", "platform", ">would take", ">takes now"]);
    for row in rows {
        grid.row(row.cells());
    }
    let now: Usd = rows.iter().map(|row| row.now_usd).sum();
    grid.row(["total".into(), String::new(), loaded.cents_text(), now.cents_text()]);
    let mut text = grid.text();
    let idle = rows.iter().filter(|row| row.decided_by == "rule" && row.would_usd == Usd::ZERO);
    let idle: Vec<String> = idle.map(|row| format!("`{}`", row.name())).collect();
    if !idle.is_empty() {
        text += &format!("  takes nothing: {}\n", idle.join(", "));
    }
    text
}

fn unattributed_text(groups: &[Group]) -> String {
    if groups.is_empty() {
        return String::new();
    }
    let mut grid = Grid::new(&["workspace", "model", "cost type", ">US dollars"]);
    for group in groups.iter().take(SHOWN) {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "(none)".into());
        let workspace = group.workspace_id.clone().unwrap_or_else(|| DEFAULT_WORKSPACE.into());
        grid.row([workspace, or_none(&group.model), or_none(&group.cost_type), group.would_usd.cents_text()]);
    }
    let more = match groups.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!("  and {}; --json lists all\n", count(more, "more group")),
    };
    format!("{}{}{more}", heading("Largest groups that no rule takes"), grid.text())
}

fn analytics_text(rows: &[Row]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut grid = Grid::new(&["product", "rule", "platform", ">would take", ">takes now"]);
    for row in rows {
        let product = row.product.clone().unwrap_or_else(|| "(none)".into());
        grid.row([product].into_iter().chain(row.cells()));
    }
    format!(
        "{}{}",
        heading("The same money as the analytics tell it, by product; never added to the cost"),
        grid.text()
    )
}

/// The parts of a rule, with the largest group as the example.
fn how_to_write_a_rule(report: &Report) -> String {
    let workspace = report.unattributed.first().and_then(|group| group.workspace_id.as_deref());
    let workspace = toml_text(workspace.unwrap_or(DEFAULT_WORKSPACE));
    format!(
        "
  No rule is configured, so everything stays unattributed. A rule in the configuration file (--config) is written as
    [[attribution.rules]]
    id = \"my-rule\"             # any name; it becomes the platform_basis of its rows
    platform = \"claude_api\"    # or claude_code, claude.ai, cursor, unattributed: what you know that use to be
    workspace_id = {workspace}
  More conditions: workspace_name, api_key_id, description_contains, model_prefix, cost_type, service_tier, product. The first rule that
  matches decides; run this command again to see what it would take.
"
    )
}

fn toml_text(text: &str) -> String {
    format!("\"{}\"", text.escape_default())
}
