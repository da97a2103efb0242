#![allow(clippy::unwrap_used)]

use everycent_schemas::events::{BatchNormalized, Bucket, FetchFailed, Reported, RowFile};
use everycent_schemas::{Day, Timestamp, Usd, tables, views};

use super::*;
use crate::merge_plan::{self, Answers, MergeInput, MergePlan, Recorded};
use crate::reconcile::{Check, Figure, Verdict};

const BIGQUERY: BigQuery<'_> = BigQuery { dataset: "acme-billing.ai_usage_analytics" };

/// What of the statements no emulator proves: it takes them, and does otherwise or nothing.
const UNPROVED_OF_TABLES: &str =
    "The emulator keeps PARTITION BY, CLUSTER BY and descriptions and lays the rows out as ever.";
const UNPROVED_OF_MERGES: &str = "The emulator reads every partition, whatever the bounds. Of two transactions that update \
    merge_turn BigQuery cancels the later at its UPDATE; the emulator at its COMMIT, and not two that only insert. A MERGE in a \
    transaction it does with a patch.";
const UNPROVED_OF_MIGRATIONS: &str = "The emulator tells no column while a view is there that asks for a missing one.";

/// Compares it with its snapshot, which shows the note.
#[track_caller]
fn assert_noted(name: &str, text: &str, note: &str) {
    insta::with_settings!({ description => note }, { insta::assert_snapshot!(name, text) });
}

#[test]
fn tables_in_both_dialects() {
    for table in tables::all() {
        let text = |dialect: &dyn Dialect| dialect.create_table(table).join(";\n\n") + ";\n";
        insta::assert_snapshot!(format!("sqlite_{}", table.name), text(&Sqlite));
        assert_noted(&format!("bigquery_{}", table.name), &text(&BIGQUERY), UNPROVED_OF_TABLES);
    }
}

#[test]
fn views_in_both_dialects() {
    let text = |name, dialect: &dyn Dialect| {
        let statements: Vec<String> = view(name, dialect).unwrap().into_iter().map(|create| create.sql).collect();
        statements.join(";\n\n") + ";\n"
    };
    for shipped in views::all() {
        insta::assert_snapshot!(format!("sqlite_{}", shipped.name), text(shipped.name, &Sqlite));
        insta::assert_snapshot!(format!("bigquery_{}", shipped.name), text(shipped.name, &BIGQUERY));
    }
}

#[test]
fn the_statements_of_a_merge_into_sqlite() {
    for name in ["claude_cost_totals", "rejected_records"] {
        let sqlite::TableMerge { is_occupied, insert, create_noted, note, upsert, delete, drop_noted } =
            sqlite::table_merge(tables::find(name).unwrap());
        let text = [is_occupied, insert, create_noted, note, upsert, delete, drop_noted].join(";\n\n") + ";\n";
        insta::assert_snapshot!(format!("sqlite_merge_{name}"), text);
    }
}

#[test]
fn the_statements_that_keep_a_row_in_sqlite() {
    let users = tables::find("dim_users").unwrap();
    let text = [sqlite::says_the_same(users), sqlite::keep(users, Timestamp::from_micros(0))].join(";\n\n") + ";\n";
    insta::assert_snapshot!("sqlite_keep_dim_users", text);
}

#[test]
fn the_statement_that_fills_a_sticky_column_in_sqlite() {
    let events = tables::find("cursor_usage_events").unwrap();
    insta::assert_snapshot!("sqlite_fill", sqlite::fill(events, Timestamp::from_micros(0)) + "\n");
}

#[test]
fn the_script_of_a_losing_answer_into_bigquery_remembers_its_people_and_fills() {
    let events = |snapshot_id: &str, fetched_at, files| {
        let file = RowFile { table: "cursor_event_people".into(), object: "rows/p".into(), rows: 1, bytes: 1 };
        let batch = totals(snapshot_id, fetched_at, 0, 1, 0);
        BatchNormalized { source: "cursor/usage_events".into(), files: vec![file; files], ..batch }
    };
    let script = script(&[events("newer", 9, 0), events("older", 5, 1)]);
    assert_noted("bigquery_fill", &script, UNPROVED_OF_MERGES);
}

#[test]
fn the_statements_of_coverage_and_verdicts_in_sqlite() {
    let statements = [
        sqlite::known_of_bucket(),
        sqlite::record_merged(true, Timestamp::from_micros(0)),
        sqlite::record_merged(false, Timestamp::from_micros(0)),
        sqlite::answers_of_bucket(),
        sqlite::store_answer(),
        sqlite::supersede_answers(),
        sqlite::delete_answer(),
        sqlite::record_failure(),
        sqlite::coverage_between(),
        sqlite::store_verdict(),
    ];
    insta::assert_snapshot!("sqlite_merge_coverage", statements.join(";\n\n") + ";\n");
}

fn totals(snapshot_id: &str, fetched_at: i64, from: u32, to: u32, files: usize) -> BatchNormalized {
    let first = Day::new(2025, 10, 1).unwrap();
    let bucket = |offset| Bucket {
        activity_date: first.plus(offset),
        settled: offset == 0,
        rows: 1,
        rejects: 0,
        amount_usd: Some(Usd::from_nanos(-37_300_000)),
        quantity: 0,
        reported: Some(Reported {
            usd: Some(Usd::from_nanos(37_300_000)),
            tokens: None,
            count: None,
            before_first: false,
            first_at: None,
        }),
        content_hash: Some("ef56".into()),
        remarks: 0,
        filled: None,
    };
    let file = RowFile { table: "claude_cost_totals".into(), object: "rows/x".into(), rows: 1, bytes: 1 };
    BatchNormalized {
        snapshot_id: snapshot_id.into(),
        source: "anthropic/cost_totals".into(),
        account_id: "it's acme".into(),
        from_date: first.plus(from),
        to_date: first.plus(to),
        fetched_at: Timestamp::from_micros(fetched_at),
        normalized_at: Timestamp::from_micros(fetched_at + 1),
        recipe: "cd34".into(),
        normalizer: Some(1),
        rows_omitted: false,
        buckets: (from..=to).map(bucket).collect(),
        files: vec![file; files],
    }
}

fn planned(batches: &[BatchNormalized]) -> MergePlan {
    merge_plan::plan(MergeInput::of(batches), &Recorded::new(), &Answers::new(), Timestamp::from_micros(0)).unwrap()
}

fn script(batches: &[BatchNormalized]) -> String {
    let plan = planned(batches);
    let staging = |table: &tables::Table| format!("`acme-billing.staging.{}`", table.name);
    bigquery::merge_script("acme-billing.ai_usage_analytics", 7, &plan, batches, staging, Timestamp::from_micros(9))
}

#[test]
fn the_script_of_a_merge_into_bigquery_of_two_answers_that_overlap() {
    assert_noted(
        "bigquery_merge_overlap",
        &script(&[totals("s1", 1, 0, 2, 1), totals("s2", 5, 1, 2, 1)]),
        UNPROVED_OF_MERGES,
    );
}

#[test]
fn the_script_of_a_merge_into_bigquery_that_takes_out_lines_of_answers() {
    let bucket = |activity_date| crate::bucket::BucketId {
        source: "anthropic/cost_totals".into(),
        account_id: "it's acme".into(),
        activity_date,
    };
    let first = Day::new(2025, 10, 1).unwrap();
    let thinned = vec![(bucket(first), vec!["s1".into(), "s2".into()]), (bucket(first.next()), vec!["s3".into()])];
    let plan = MergePlan { thinned, ..MergePlan::default() };
    let staging = |table: &tables::Table| format!("`acme-billing.staging.{}`", table.name);
    let script =
        bigquery::merge_script("acme-billing.ai_usage_analytics", 7, &plan, &[], staging, Timestamp::from_micros(9));
    assert_noted("bigquery_merge_thinned", &script, UNPROVED_OF_MERGES);
}

#[test]
fn the_script_of_a_merge_into_bigquery_of_an_answer_without_rows() {
    assert_noted("bigquery_merge_empty", &script(&[totals("s1", 1, 0, 1, 0)]), UNPROVED_OF_MERGES);
}

#[test]
fn the_script_that_makes_charges_of_both_vendors_in_bigquery() {
    let bucket = |source: &str, offset: u32| crate::bucket::BucketId {
        source: source.into(),
        account_id: "it's acme".into(),
        activity_date: Day::new(2025, 10, 1).unwrap().plus(offset),
    };
    let buckets = [("anthropic/cost_report", 3), ("cursor/usage_events", 0), ("cursor/usage_events", 5)];
    let buckets = buckets.map(|(source, offset)| bucket(source, offset)).into();
    let script = bigquery::derive_script("acme-billing.ai_usage_analytics", &buckets).unwrap();
    assert_noted("bigquery_derive", &script, UNPROVED_OF_MERGES);
    let of_no_charge = [bucket("anthropic/users", 1)].into();
    assert_eq!(bigquery::derive_script("acme-billing.ai_usage_analytics", &of_no_charge), None);
}

/// BigQuery takes a million letters, and a merge no more buckets than the port says.
#[test]
fn the_script_of_a_thousand_buckets_is_within_the_limit_of_bigquery() {
    const LETTERS_MAX: usize = 1_024 * 1_024;
    // Every second day, so that no two of them are one window.
    let of = |source: &str, fetched_at: i64| {
        let batch = totals(source, fetched_at, 0, 998, 0);
        let buckets = batch.buckets.into_iter().step_by(2).collect();
        BatchNormalized { source: source.into(), buckets, ..batch }
    };
    let batches = [of("anthropic/cost_report", 5), of("cursor/usage_events", 6)];
    let buckets: usize = batches.iter().map(|batch| batch.buckets.len()).sum();
    assert_eq!(buckets, 1_000);
    let length = script(&batches).len();
    assert!(length < LETTERS_MAX, "{length}");
    println!("{length} letters for {buckets} buckets");
}

#[test]
fn the_script_of_a_merge_into_bigquery_of_a_directory() {
    let users = |snapshot_id, fetched_at| {
        let mut batch = totals(snapshot_id, fetched_at, 0, 0, 1);
        batch.source = "anthropic/users".into();
        batch.files[0].table = "dim_users".into();
        batch
    };
    assert_noted("bigquery_merge_keep", &script(&[users("s1", 1), users("s2", 5)]), UNPROVED_OF_MERGES);
}

#[test]
fn the_look_at_what_bigquery_has_staged() {
    let mut users = totals("s2", 5, 1, 2, 1);
    users.source = "anthropic/users".into();
    users.files[0].table = "dim_users".into();
    let batches = [totals("s1", 1, 0, 1, 1), users];
    let plan = planned(&batches);
    let look = bigquery::look_at_staged(&plan, &batches, |table| format!("`p.d.staging_{}`", table.name)).unwrap();
    insta::assert_snapshot!("bigquery_look_at_staged", look + ";\n");
    assert_eq!(bigquery::look_at_staged(&merge_plan::MergePlan::default(), &[], |_| unreachable!()), None);
}

#[test]
fn the_statements_of_coverage_and_verdicts_in_bigquery() {
    let (dataset, day) = ("acme-billing.ai_usage_analytics", Day::new(2025, 10, 1).unwrap());
    let failure = |account: &str, days: u32| FetchFailed {
        source: "anthropic/cost_totals".into(),
        account_id: account.into(),
        from_date: day,
        to_date: day.plus(days),
        reason: "it's down".into(),
        failed_at: Timestamp::from_micros(7),
        unavailable: false,
    };
    let verdict = |found| Verdict {
        check: Check::NoReject,
        source: "anthropic/cost_report".into(),
        account_id: "acme".into(),
        activity_date: day,
        from_date: day,
        expected: Figure::Count(0),
        found: Figure::Count(found),
        passed: false,
        explanation: "it's so".into(),
    };
    let buckets = MergeInput::of(&[totals("s1", 1, 0, 1, 0)]).buckets();
    let statements = [
        bigquery::known_of_buckets(dataset, &buckets),
        bigquery::answers_of_buckets(dataset, &buckets),
        bigquery::coverage_between(dataset, day, day.plus(1)),
        bigquery::record_failures(dataset, &[failure("a", 0), failure("b", 2)]),
        bigquery::store_verdicts(dataset, &[verdict(1), verdict(2)], Timestamp::from_micros(9)),
    ];
    assert_noted("bigquery_merge_coverage", &(statements.join(";\n\n") + ";\n"), UNPROVED_OF_MERGES);
}

#[test]
fn the_statements_of_a_migration_of_bigquery() {
    let table = tables::find("claude_costs").unwrap();
    let column = table.column("amount_usd").unwrap();
    let statements =
        [bigquery::existing_columns("p.d"), bigquery::create_turn("p.d"), bigquery::add_column(table, column, "p.d")];
    assert_noted("bigquery_migrate", &(statements.join(";\n\n") + ";\n"), UNPROVED_OF_MIGRATIONS);
    let wanted = bigquery::wanted_columns(table);
    let day = bigquery::Found {
        name: "activity_date".into(),
        kind: "DATE".into(),
        nullable: false,
        partitions: true,
        cluster: None,
    };
    assert!(wanted.contains(&day), "{wanted:?}");
    assert_eq!(wanted.iter().find(|column| column.name == "amount_usd").unwrap().kind, "NUMERIC");
}

#[test]
fn a_table_that_several_sources_feed_has_the_source_in_its_bucket() {
    for table in tables::all() {
        let several = table.sources.len() > 1 || table.sources.iter().any(|source| source == "*");
        assert!(!several || table.bucket.iter().any(|name| name == "source"), "{}", table.name);
    }
}

#[test]
fn every_bucket_is_made_of_account_day_and_source_only() {
    for table in tables::all() {
        for name in &table.bucket {
            let known = [table.account_column(), table.day_column(), "source"].contains(&name.as_str());
            assert!(known, "{}.{name}", table.name);
        }
    }
}

#[test]
fn a_view_that_does_not_exist_is_an_error() {
    assert_eq!(view("nothing", &BIGQUERY), Err(TemplateError::UnknownView("nothing".into())));
}
