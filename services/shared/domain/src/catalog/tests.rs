#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use everycent_schemas::Day;
use everycent_schemas::tables::{self, Kind as ColumnKind};

use super::*;
use crate::paging::PagingTask;
use crate::report::{Kind, Occasion, Origin, Weight};
use crate::window::Window;

fn task() -> PagingTask {
    let today: Day = "2026-11-20".parse().unwrap();
    PagingTask { window: Window::of(today), today, page_size: 500, last_fault: None }
}

#[test]
fn a_source_reads_as_it_prints_and_has_the_first_part_of_its_name_from_where_it_comes_from() {
    for source in Source::ALL {
        assert_eq!(source.to_string().parse::<Source>().unwrap(), *source);
        let origin = if source.is_asked() { source.vendor().name() } else { "upload" };
        assert!(source.name().starts_with(&format!("{origin}/")), "{source}");
    }
    let error = "anthropic/cost".parse::<Source>().unwrap_err().to_string();
    assert!(error.contains("anthropic/cost_report, anthropic/cost_totals"), "{error}");
}

#[test]
fn no_name_stands_twice_and_the_order_is_that_of_the_list() {
    let names: BTreeSet<&str> = Source::ALL.iter().map(|source| source.name()).collect();
    assert_eq!(names.len(), Source::ALL.len());
    assert!(Source::ALL.is_sorted(), "{:?}", Source::ALL);
}

#[test]
fn a_report_feeds_the_tables_that_say_so() {
    for source in Source::ALL {
        let says: BTreeSet<&str> = source.report().tables.iter().copied().collect();
        let fed: BTreeSet<&str> = tables::fed_by(source.name()).map(|table| table.name).collect();
        let rejects = BTreeSet::from(["rejected_records", "remarks"]);
        assert!(!says.is_empty(), "{source} feeds no table");
        assert_eq!(&fed - &rejects, says, "{source}: its descriptor and the schemas of the tables");
        assert!(fed.contains("rejected_records"), "{source}");
    }
}

#[test]
fn every_table_of_a_vendor_is_fed_by_a_report_of_the_list() {
    for table in tables::all() {
        for feeding in table.sources.iter().filter(|feeding| *feeding != "*") {
            assert!(feeding.parse::<Source>().is_ok(), "{} is fed by {feeding}, which is in no list", table.name);
        }
    }
}

#[test]
fn what_a_report_weighs_are_columns_of_its_tables_of_that_kind() {
    for source in Source::ALL {
        for weight in source.report().weighs {
            assert!(source.report().tables.contains(&weight.table()), "{source}: {weight:?}");
            let expected = match weight {
                Weight::Usd { .. } => ColumnKind::Money,
                Weight::Tokens { .. } | Weight::Count { .. } | Weight::Rows { .. } => ColumnKind::Integer,
            };
            let table = tables::find(weight.table()).unwrap();
            for name in weight.columns() {
                let column = table.column(name).unwrap_or_else(|| panic!("{source}: {name}"));
                assert_eq!(column.kind, expected, "{source}: {name}");
            }
        }
        let is_days = matches!(source.kind(), Kind::Days(_));
        assert!(!is_days || !source.report().weighs.is_empty(), "{source} is judged by nothing");
    }
}

#[test]
fn a_control_is_of_money_that_another_report_has_billed() {
    for source in Source::ALL {
        let Some(control) = &source.report().control else { continue };
        let fact: Source = control.fact.parse().unwrap();
        assert!(fact.report().control.is_none(), "{source} is held against another control");
        assert!(fact.report().weighs.iter().any(|weight| matches!(weight, Weight::Usd { .. })), "{fact}");
        assert!(source.report().tables.contains(&control.sums.table), "{source}");
        let table = tables::find(control.sums.table).unwrap();
        let columns = [Some(control.sums.amount_usd), control.sums.list_amount_usd];
        for name in columns.into_iter().flatten() {
            assert_eq!(table.column(name).unwrap().kind, ColumnKind::Money, "{source}: {name}");
        }
    }
}

#[test]
fn what_is_asked_has_a_pager_and_a_schedule_that_fits_its_kind_and_a_file_has_a_template() {
    for source in Source::ALL {
        match &source.report().origin {
            Origin::Api { schedule, .. } => {
                assert!(source.pager(&task()).is_some(), "{source}");
                assert_eq!(schedule.cron.split(' ').count(), 5, "{source}");
                assert_eq!(schedule.trailing_days > 0, matches!(source.kind(), Kind::Days(_)), "{source}");
            }
            Origin::Upload(import) => {
                assert_eq!(source.kind(), Kind::Upload, "{source}");
                let occasion = Occasion { today: task().today, period: Some(Window::of(task().today)) };
                assert!(import.check(import.template.as_bytes(), occasion).is_ok(), "{source}");
                let like: Vec<Source> =
                    Source::ALL.iter().copied().filter(|other| is_like(*other, import.template)).collect();
                assert_eq!(like, [*source], "a header of one kind is of no other");
            }
        }
    }
}

fn is_like(source: Source, text: &str) -> bool {
    source.import().is_some_and(|import| (import.is_like)(text))
}

#[test]
fn directories_and_readings_of_spend_keep_their_rows() {
    let keeping: Vec<Source> = Source::ALL.iter().copied().filter(|source| source.keeps_rows()).collect();
    assert!(keeping.iter().all(|source| !matches!(source.kind(), Kind::Days(_))), "{keeping:?}");
    assert!(cursor::spend::SOURCE.keeps_rows() && !cursor::daily_usage::SOURCE.keeps_rows());
}

#[test]
fn each_list_is_asked_for_as_a_whole() {
    let asked = |source: Source| {
        let request = source.pager(&task()).unwrap().first();
        let query: Vec<String> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        format!("{}?{}", request.path, query.join("&"))
    };
    let workspaces = asked(anthropic::workspaces::SOURCE);
    assert_eq!(workspaces, "/v1/organizations/workspaces?include_archived=true&include_default=true&limit=1000");
    assert_eq!(asked(anthropic::api_keys::SOURCE), "/v1/organizations/api_keys?limit=1000");
    assert_eq!(asked(anthropic::users::SOURCE), "/v1/organizations/users?limit=1000");
}
