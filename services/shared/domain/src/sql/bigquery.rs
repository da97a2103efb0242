//! What is written for BigQuery alone, first of all the script of a merge: one transaction over all tables and coverage.
//!
//! Row files are loaded whole into staging tables before it, so it takes from them only the rows of the batch that won
//! the bucket. Days are literals, so that only their partitions are read.

mod condition;
mod coverage;
mod ddl;
mod derived;
mod dialect;
mod literal;
mod names;
mod schema;
mod staged;
mod table;
mod turn;

use everycent_schemas::Timestamp;
use everycent_schemas::events::BatchNormalized;
use everycent_schemas::stored::AnswerRow;
use everycent_schemas::tables::{self, Absence, Table};

use self::table::{keep_rows, merge_table, rows_that_say_something_else, rows_that_tell_the_batch, won, won_bounds};
use super::{Dialect, stored};
use crate::merge_plan::{Fill, MergePlan, TablePlan, time_of};

pub use coverage::{
    answers_of_buckets, coverage_between, forget_account, forget_future, known_of_buckets, record_failures,
    store_verdicts,
};
pub use derived::{derive_script, touched_by_readings};
pub use dialect::BigQuery;
pub use schema::{Found, add_column, existing_columns, relax_column, wanted_columns};
pub use staged::look_at_staged;
pub use turn::{OVERTAKEN, create_turn};

/// The script, as it was planned in this turn. `staging` gives the full name of the table that a plan's files were loaded
/// into, or its answers; it is asked only where there are some. Its last statement answers `table_name`, `written`, `deleted` for each table that it touched.
pub fn merge_script(
    dataset: &str,
    turn: i64,
    plan: &MergePlan,
    batches: &[BatchNormalized],
    staging: impl Fn(&Table) -> String,
    merged_at: Timestamp,
) -> String {
    let dialect = BigQuery { dataset };
    let now = time_of(batches, merged_at);
    let changes: Vec<Change> =
        plan.tables.iter().filter_map(|of| change(of, batches, &staging, &dialect, now)).collect();
    let fills: Vec<Change> = plan.fills.iter().map(|fill| filled(fill, &dialect, now)).collect();
    let mut merges = coverage::merge_coverage(&plan.coverage, merged_at, now, dataset);
    if !plan.answers.is_empty() {
        merges.push(coverage::merge_answers(&plan.answers, &staging(stored::table::<AnswerRow>()), dataset));
    }
    merges.extend(coverage::supersede_answers(&plan.superseding, dataset));
    merges.extend(coverage::delete_answers(&plan.thinned, dataset));
    merges.extend(changes.iter().flat_map(Change::statements));
    // By a transaction of their own: they read what the first one wrote. If it is never done, the batches come again, and
    // with them the filling of all that they are about.
    let fillings: Vec<String> = fills.iter().flat_map(Change::statements).collect();
    let changes: Vec<Change> = changes.into_iter().chain(fills).collect();
    let mut statements = declare(&changes);
    statements.extend(turn::in_this_turn(dataset, turn, merges));
    if !fillings.is_empty() {
        statements.extend(turn::in_turn(dataset, fillings));
    }
    // Likewise, of what is there then.
    statements.extend(derived::derive(dataset, &plan.derived));
    statements.extend(answer(&changes));
    statements.join(";\n\n") + ";\n"
}

/// What becomes of one table, and how many rows that is.
struct Change {
    table: &'static str,
    dml: String,
    written: Written,
}

/// How the written rows are counted: `@@row_count` does not tell them from deleted ones, nor a row that says something
/// else from one that only tells another answer.
enum Written {
    /// Nothing is but deleted.
    Nothing,
    /// By this query, before.
    Before(String),
    /// By this query, after; what else `@@row_count` counts was deleted.
    After(String),
    /// In the sticky column, once the rows are there.
    Filled,
}

impl Change {
    fn statements(&self) -> Vec<String> {
        let dml = self.dml.clone();
        let changed = format!("SET changed_{} = @@row_count", self.table);
        let written = |count: &str| format!("SET written_{} = (\n{count}\n)", self.table);
        match &self.written {
            Written::Nothing => vec![dml, changed],
            Written::Before(count) => vec![written(count), dml],
            Written::After(count) => vec![dml, changed, written(count)],
            Written::Filled => vec![dml, format!("SET filled_{} = @@row_count", self.table)],
        }
    }

    fn variables(&self) -> Vec<String> {
        let (changed, written) = (format!("changed_{}", self.table), format!("written_{}", self.table));
        match self.written {
            Written::Nothing => vec![changed],
            Written::Before(_) => vec![written],
            Written::After(_) => vec![changed, written],
            Written::Filled => vec![format!("filled_{}", self.table)],
        }
    }

    fn answer(&self) -> String {
        let table = self.table;
        let (written, deleted) = match self.written {
            Written::Nothing => ("0".to_owned(), format!("changed_{table}")),
            Written::Before(_) => (format!("written_{table}"), "0".to_owned()),
            Written::After(_) => (format!("written_{table}"), format!("changed_{table} - written_{table}")),
            Written::Filled => (format!("filled_{table}"), "0".to_owned()),
        };
        format!("SELECT '{table}' AS table_name, {written} AS written, {deleted} AS deleted")
    }
}

fn declare(changes: &[Change]) -> Vec<String> {
    let variables: Vec<String> = changes.iter().flat_map(Change::variables).collect();
    if variables.is_empty() {
        return vec![];
    }
    vec![format!("DECLARE {} INT64 DEFAULT 0", variables.join(", "))]
}

fn answer(changes: &[Change]) -> Option<String> {
    let rows: Vec<String> = changes.iter().map(Change::answer).collect();
    (!rows.is_empty()).then(|| rows.join("\nUNION ALL\n"))
}

fn filled(fill: &Fill, dialect: &BigQuery<'_>, now: Timestamp) -> Change {
    let table = tables::find(fill.table).expect("invariant: a plan is of shipped tables");
    let memory = table.sticky().map(|(_, memory)| dialect.table(memory)).unwrap_or_default();
    let dml = table::fill(table, &fill.buckets, [&dialect.table(table), &memory], now);
    Change { table: table.name, dml, written: Written::Filled }
}

fn change(
    plan: &TablePlan,
    batches: &[BatchNormalized],
    staging: impl Fn(&Table) -> String,
    dialect: &BigQuery<'_>,
    now: Timestamp,
) -> Option<Change> {
    let target = dialect.table(plan.table);
    let (dml, written) = match (plan.files.is_empty(), plan.table.absence) {
        (false, Absence::Delete) => {
            let count = rows_that_tell_the_batch(plan, batches, &target);
            (merge_table(plan, batches, &staging(plan.table), &target), Written::After(count))
        }
        (true, Absence::Delete) => {
            let (bounds, won) = (won_bounds(plan, "T."), won(plan, "T."));
            (format!("DELETE FROM {target} AS T\nWHERE {bounds}\n  AND {won}"), Written::Nothing)
        }
        (false, Absence::Keep) => {
            let staging = staging(plan.table);
            let count = rows_that_say_something_else(plan, batches, &staging, &target, now);
            (keep_rows(plan, batches, &staging, &target, now), Written::Before(count))
        }
        (true, Absence::Keep) => return None,
    };
    Some(Change { table: plan.table.name, dml, written })
}
