//! Reading what people do with Claude Code: one record for each actor, plan and terminal of a day, with its models.
//!
//! The cost that it tells is an estimate, and on API billing a part of the cost report. It goes into a table of its own
//! and is never added to what is billed.

use std::collections::BTreeMap;

use everycent_schemas::Day;
use everycent_schemas::rows::{ClaudeCodeModelUsage, ClaudeCodeUsageStat, Row};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::record::{ClaudeCodeRecord, CoreMetrics, Estimate, ModelUse};
use super::tools::Tools;
use crate::attribution::Platform;
use crate::identity::{HexId, IdHasher, Twins};
use crate::rows::{
    Mended, NormalizeError, Oddity, Output, PageContext, PageText, Position, Read, RowMaker, mend_openly,
};
use crate::vendors::Flag;

/// Says that the vendor itself is the evidence for the platform.
const BASIS: &str = "vendor";

/// Makes rows of one day of Claude Code.
#[derive(Debug, Default)]
pub struct ClaudeCodeRows {
    twins: Twins,
}

impl ClaudeCodeRows {
    fn take_page<'s, 'p: 's>(
        &mut self,
        page: &PageContext<'_>,
        records: impl Iterator<Item = Result<(&'s ClaudeCodeRecord<'p>, &'s [Oddity]), &'s String>>,
        output: &mut Output<'_>,
    ) {
        for (index, record) in records.enumerate() {
            output.at(page, Position::InData(index));
            let outcome = record.map_err(Clone::clone).and_then(|(record, oddities)| {
                let day = self.take_record(record, output)?;
                output.remark_all(Some(day), oddities);
                Ok(())
            });
            if let Err(reason) = outcome {
                output.reject(page, Position::InData(index), None, &reason);
            }
        }
    }

    /// All rows of a record, or none. Gives its day.
    fn take_record(&mut self, record: &ClaudeCodeRecord<'_>, output: &mut Output<'_>) -> Result<Day, String> {
        let day = record.day().ok_or("date: it is no day and no midnight in UTC")?;
        if !output.covers(day) {
            return Err(format!("{day} was not asked for"));
        }
        let no_tools = BTreeMap::new();
        let tools = Tools::read(record.tool_actions.as_ref().unwrap_or(&no_tools));
        let estimates: Vec<Estimate<'_>> =
            record.model_breakdown.iter().map(ModelUse::estimate).collect::<Result<_, _>>()?;
        remark(record, &tools, day, output);
        let row_id = self.twins.next(dimensions(record)).hex();
        let stat = stat_row(output, day, row_id.as_str(), record, &tools);
        let mut twins = Twins::default();
        let models: Vec<(HexId, &ModelUse<'_>, Estimate<'_>)> = record
            .model_breakdown
            .iter()
            .zip(estimates)
            .map(|(model, estimate)| {
                let id = IdHasher::new("claude_code_model_usage").part(stat.row_id).optional(model.model.as_deref());
                (twins.next(id).hex(), model, estimate)
            })
            .collect();
        let models: Vec<ClaudeCodeModelUsage<'_>> =
            models.iter().map(|(row_id, model, estimate)| model_row(&stat, row_id.as_str(), model, estimate)).collect();
        let magnitude = models.iter().fold(stat.magnitude(), |sum, model| sum + model.magnitude());
        output.fits(day, magnitude)?;
        models.iter().try_for_each(|model| output.is_short(model))?;
        output.row(day, &stat)?;
        for model in &models {
            output.row(day, model)?;
        }
        Ok(day)
    }
}

/// What the record lacks and a row can do without.
fn remark(record: &ClaudeCodeRecord<'_>, tools: &Tools<'_>, day: Day, output: &mut Output<'_>) {
    let missing = [
        ("customer_type", record.customer_type.is_none()),
        ("core_metrics", record.core_metrics.is_none()),
        ("core_metrics.lines_of_code", record.core_metrics.as_ref().is_some_and(|core| core.lines_of_code.is_none())),
        ("tool_actions", record.tool_actions.is_none()),
    ];
    for (field, _) in missing.into_iter().filter(|(_, is_missing)| *is_missing) {
        output.remark(Some(day), field, "it is null or missing");
    }
    if let Some(field) = record.actor.missing() {
        output.remark(Some(day), field, "it is empty; nobody is named");
    }
    for tool in tools.odd() {
        output.remark(Some(day), &format!("tool_actions.{tool}"), "it does not read; its counts are taken for 0");
    }
}

/// Who, on which plan and where: the grain of the report.
fn dimensions(record: &ClaudeCodeRecord<'_>) -> IdHasher {
    IdHasher::new("claude_code_usage_stats")
        .part(&record.actor.kind)
        .optional(record.actor.email())
        .optional(record.actor.api_key_name.as_deref())
        .part(customer_type(record))
        .optional(record.subscription_type.as_deref())
        .optional(record.terminal_type.as_deref())
        .optional(record.is_remote.map(|Flag(is_remote)| if is_remote { "remote" } else { "local" }))
}

fn customer_type<'a>(record: &'a ClaudeCodeRecord<'_>) -> &'a str {
    record.customer_type.as_deref().unwrap_or("unknown")
}

fn stat_row<'a>(
    output: &Output<'a>,
    activity_date: Day,
    row_id: &'a str,
    record: &'a ClaudeCodeRecord<'_>,
    tools: &'a Tools<'_>,
) -> ClaudeCodeUsageStat<'a> {
    let manifest = output.manifest();
    let nothing = CoreMetrics::default();
    let metrics = record.core_metrics.as_ref().unwrap_or(&nothing);
    let lines = metrics.lines_of_code.unwrap_or_default();
    ClaudeCodeUsageStat {
        organization_id: manifest.account_id.as_str(),
        activity_date,
        row_id,
        actor_type: &record.actor.kind,
        actor_email: record.actor.email(),
        api_key_name: record.actor.api_key_name.as_deref(),
        customer_type: customer_type(record),
        subscription_type: record.subscription_type.as_deref(),
        terminal_type: record.terminal_type.as_deref(),
        is_remote: record.is_remote.map(|Flag(is_remote)| is_remote),
        num_sessions: metrics.num_sessions.0,
        lines_of_code_added: lines.added.0,
        lines_of_code_removed: lines.removed.0,
        commits_by_claude_code: metrics.commits_by_claude_code.0,
        pull_requests_by_claude_code: metrics.pull_requests_by_claude_code.0,
        edit_tool_accepted: tools.accepted("edit_tool"),
        edit_tool_rejected: tools.rejected("edit_tool"),
        multi_edit_tool_accepted: tools.accepted("multi_edit_tool"),
        multi_edit_tool_rejected: tools.rejected("multi_edit_tool"),
        write_tool_accepted: tools.accepted("write_tool"),
        write_tool_rejected: tools.rejected("write_tool"),
        notebook_edit_tool_accepted: tools.accepted("notebook_edit_tool"),
        notebook_edit_tool_rejected: tools.rejected("notebook_edit_tool"),
        tools_accepted: tools.all_accepted(),
        tools_rejected: tools.all_rejected(),
        tool_actions: tools.json(),
        platform: Platform::ClaudeCode.name(),
        platform_basis: Some(BASIS),
        snapshot_id: manifest.snapshot_id.as_str(),
        fetched_at: manifest.fetched_at,
        ingestion_timestamp: output.normalized_at(),
    }
}

fn model_row<'a>(
    stat: &ClaudeCodeUsageStat<'a>,
    row_id: &'a str,
    model: &'a ModelUse<'_>,
    estimate: &Estimate<'a>,
) -> ClaudeCodeModelUsage<'a> {
    ClaudeCodeModelUsage {
        organization_id: stat.organization_id,
        activity_date: stat.activity_date,
        row_id,
        usage_row_id: stat.row_id,
        actor_type: stat.actor_type,
        actor_email: stat.actor_email,
        api_key_name: stat.api_key_name,
        customer_type: stat.customer_type,
        subscription_type: stat.subscription_type,
        terminal_type: stat.terminal_type,
        is_remote: stat.is_remote,
        model: model.model.as_deref(),
        input_tokens: model.tokens.input.0,
        output_tokens: model.tokens.output.0,
        cache_read_tokens: model.tokens.cache_read.0,
        cache_creation_tokens: model.tokens.cache_creation.0,
        currency: estimate.currency,
        estimated_cost_cents: estimate.cents,
        estimated_cost_usd: estimate.usd,
        platform: stat.platform,
        platform_basis: stat.platform_basis,
        snapshot_id: stat.snapshot_id,
        fetched_at: stat.fetched_at,
        ingestion_timestamp: stat.ingestion_timestamp,
    }
}

impl RowMaker for ClaudeCodeRows {
    fn page(
        &mut self,
        page: &PageContext<'_>,
        body: &PageText<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), NormalizeError> {
        if let Some(answer) = body.whole::<Page<ClaudeCodeRecord<'_>>>() {
            self.take_page(page, answer.data.iter().map(|record| Ok((record, &[][..]))), output);
            return Ok(());
        }
        let answer: Page<&RawValue> = body.records().map_err(|reason| page.not_whole(reason))?;
        let reads = |text: &str| serde_json::from_str::<ClaudeCodeRecord<'_>>(text).map(drop);
        let mended: Vec<_> = answer.data.into_iter().map(|raw| mend_openly(raw, reads)).collect();
        let records: Vec<Result<Read<'_, ClaudeCodeRecord<'_>>, &String>> =
            mended.iter().map(|mended| mended.as_ref().map(Mended::read)).collect();
        let records = records.iter().map(|read| Read::parts(read).map_err(|reason| *reason));
        self.take_page(page, records, output);
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(bound = "R: Deserialize<'de>")]
struct Page<R> {
    data: Vec<R>,
}
