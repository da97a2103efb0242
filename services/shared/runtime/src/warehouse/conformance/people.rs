//! A column that is not unlearned: it has what the latest answer reports that reports anything, whichever is accepted.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use everycent_domain::merge_plan::MergeInput;
use everycent_schemas::events::BatchNormalized;
use everycent_schemas::rowfile::Cell;
use everycent_schemas::rows::{CursorEventPerson, CursorUsageEvent};

use super::Fixture;
use super::versions::groups_of_every_order;
use super::world::{Answer, RowStore, at, changes, day};
use crate::warehouse::Warehouse;

const EVENTS: &str = "cursor/usage_events";

/// Identity of an event, all else that is reported of it, and the person.
type Event = (&'static str, &'static str, Option<&'static str>);

/// An answer about one day that weighs so many dollars.
#[derive(Clone)]
struct Naming {
    answer: Answer,
    events: Vec<Event>,
}

impl Naming {
    fn new(snapshot_id: &'static str, fetched: i64, dollars: i128, events: &[Event]) -> Self {
        let weight = [(0, "weight", dollars * 1_000_000_000)];
        let answer = Answer { source: EVENTS, ..Answer::new(snapshot_id, fetched, (0, 0), &weight) };
        Self { answer, events: events.to_vec() }
    }

    fn of(&self, number: usize) -> Self {
        Self { answer: self.answer.of(number), events: self.events.clone() }
    }

    fn batch(&self, store: &RowStore) -> BatchNormalized {
        let (mut rows, mut people) = (Vec::new(), Vec::new());
        for (place, (event, twin, person)) in self.events.iter().enumerate() {
            let before = &self.events[..place];
            let same_event = before.iter().filter(|(other, ..)| other == event).count();
            let same = before.iter().filter(|other| **other == (*event, *twin, *person)).count();
            rows.push(self.row(format!("{event}-{same_event}").leak(), (event, Some(twin), *person)));
            people.extend(person.map(|person| self.person((event, twin, person), same)));
        }
        let mut batch = store.batch(&self.answer);
        batch.files = store.file(&self.answer, &rows).into_iter().chain(store.file(&self.answer, &people)).collect();
        batch
    }

    fn person(
        &self,
        (event_id, twin_id, email): (&'static str, &'static str, &'static str),
        same: usize,
    ) -> CursorEventPerson<'static> {
        CursorEventPerson {
            account_id: self.answer.account,
            activity_date: day(0),
            event_id,
            twin_id,
            email,
            ordinal: i64::try_from(same).unwrap() + 1,
            snapshot_id: self.answer.snapshot_id,
            fetched_at: at(self.answer.fetched),
            ingestion_timestamp: at(self.answer.normalized),
        }
    }

    fn row(
        &self,
        row_id: &'static str,
        (event_id, twin_id, email): (&'static str, Option<&'static str>, Option<&'static str>),
    ) -> CursorUsageEvent<'static> {
        CursorUsageEvent {
            account_id: self.answer.account,
            activity_date: day(0),
            row_id,
            event_id: Some(event_id),
            twin_id,
            occurred_at: day(0).start(),
            email,
            service_account_id: None,
            service_account_name: None,
            cloud_agent_id: None,
            automation_id: None,
            conversation_id: None,
            model: None,
            kind: None,
            billing: "included",
            max_mode: None,
            is_token_based_call: None,
            is_chargeable: None,
            is_headless: None,
            requests_costs: twin_id,
            request_micro_units: None,
            input_tokens: None,
            output_tokens: None,
            cache_write_tokens: None,
            cache_read_tokens: None,
            token_cost_cents: None,
            token_cost_usd: None,
            discount_percent_off: None,
            charged_cents: None,
            charged_usd: None,
            computed_charge_usd: None,
            cursor_token_fee_cents: None,
            cursor_token_fee_usd: None,
            plan: None,
            billing_cycle_start: None,
            included_requests: None,
            request_usd: None,
            platform: "cursor",
            platform_basis: None,
            snapshot_id: self.answer.snapshot_id,
            fetched_at: at(self.answer.fetched),
            ingestion_timestamp: at(self.answer.normalized),
        }
    }
}

/// Identity, all else, and person of each event, by account and in order.
async fn people(warehouse: &dyn Warehouse) -> BTreeMap<String, Vec<String>> {
    let template = "SELECT account_id, event_id, requests_costs, email FROM [[table:cursor_usage_events]]";
    let mut people: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for cells in warehouse.query(template).await.unwrap().rows {
        let texts: Vec<String> = cells.into_iter().map(text).collect();
        people.entry(texts[0].clone()).or_default().push(texts[1..].join(" "));
    }
    people.values_mut().for_each(|events| events.sort());
    people
}

fn text(cell: Cell) -> String {
    match cell {
        Cell::Text(text) => text,
        Cell::Null => "-".to_owned(),
        other => panic!("{other:?}"),
    }
}

/// Answers that name ever fewer people, one of which is held.
fn forgetting() -> [Naming; 4] {
    let named = [("e1", "a", Some("ann")), ("e2", "a", Some("bob")), ("e2", "a", Some("ann")), ("e3", "a", Some("cy"))];
    let half = [("e1", "a", Some("dee")), ("e2", "a", None), ("e2", "a", Some("bob")), ("e3", "b", None)];
    let gil = [("e5", "a", Some("gil"))];
    let nobody = [
        ("e1", "a", None),
        ("e2", "a", None),
        ("e2", "a", None),
        ("e3", "b", None),
        ("e4", "a", None),
        ("e5", "a", None),
        ("e5", "b", None),
    ];
    [
        Naming::new("s1", 10, 100, &[&named[..], &gil[..]].concat()),
        Naming::new("s2", 20, 100, &[&half[..], &gil[..]].concat()),
        Naming::new("s3", 30, 1, &[("e1", "a", Some("fay")), ("e4", "a", Some("eve"))]),
        Naming::new("s4", 40, 100, &nobody),
    ]
}

/// The first by a held answer, the second and third as a set, the fourth by an event of the same identity that is no more.
const KNOWN: [&str; 7] = ["e1 a fay", "e2 a ann", "e2 a bob", "e3 b cy", "e4 a eve", "e5 a gil", "e5 b -"];

pub async fn a_person_whom_a_later_answer_does_not_name_stays_known_in_any_order_and_any_grouping(
    fixture: &dyn Fixture,
) {
    let (warehouse, store, answers) = (fixture.warehouse().await, RowStore::default(), forgetting());
    let orders = groups_of_every_order(answers.len());
    for step in 0..answers.len() {
        let next = |(account, groups): (usize, &Vec<Vec<usize>>)| {
            let group = groups.get(step).into_iter().flatten();
            group.map(|index| answers[*index].of(account).batch(&store)).collect::<Vec<_>>()
        };
        let merged: Vec<BatchNormalized> = orders.iter().enumerate().flat_map(next).collect();
        warehouse.merge(&store, MergeInput::of(&merged), at(1)).await.unwrap();
    }
    let people = people(&*warehouse).await;
    for (number, groups) in orders.iter().enumerate() {
        assert_eq!(people[answers[0].of(number).answer.account], KNOWN, "{groups:?}");
    }
}

pub async fn what_is_known_of_people_does_not_change_when_answers_come_again(fixture: &dyn Fixture) {
    let (warehouse, store, answers) = (fixture.warehouse().await, RowStore::default(), forgetting());
    for answer in &answers {
        warehouse.merge(&store, MergeInput::of(&[answer.batch(&store)]), at(1)).await.unwrap();
    }
    let remade = |answer: &Naming| Naming {
        answer: Answer { normalized: answer.answer.normalized + 100, ..answer.answer.clone() },
        ..answer.clone()
    };
    for again in answers.iter().cloned().chain(answers.iter().map(remade)) {
        let report = warehouse.merge(&store, MergeInput::of(&[again.batch(&store)]), at(2)).await.unwrap();
        assert_eq!(changes(&report), (0, 0), "{}", again.answer.snapshot_id);
        assert_eq!(people(&*warehouse).await["acme"], KNOWN);
    }
}

pub async fn a_losing_answer_that_names_somebody_changes_the_row_and_says_so(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let late = Naming::new("s1", 10, 100, &[("e1", "a", Some("ann"))]);
    let newest = Naming::new("s2", 20, 100, &[("e1", "a", None)]);
    warehouse.merge(&store, MergeInput::of(&[newest.batch(&store)]), at(1)).await.unwrap();
    assert_eq!(people(&*warehouse).await["acme"], ["e1 a -"]);
    let report = warehouse.merge(&store, MergeInput::of(&[late.batch(&store)]), at(2)).await.unwrap();
    assert_eq!(report.batches[0].lost, [day(0)]);
    let changed = report.tables.iter().find(|change| change.table == "cursor_usage_events").unwrap();
    assert_eq!((changed.written, changed.deleted), (1, 0));
    assert_eq!(people(&*warehouse).await["acme"], ["e1 a ann"]);
}

pub async fn an_answer_of_the_future_names_nobody_whom_another_one_names(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let mut future = Naming::new("s9", 9_000_000_000, 100, &[("e1", "a", Some("zoe")), ("e2", "a", Some("zoe"))]);
    future.answer.normalized = 11;
    let answers = [
        future,
        Naming::new("s1", 10, 100, &[("e1", "a", Some("ann"))]),
        Naming::new("s2", 20, 100, &[("e1", "a", None), ("e2", "a", None)]),
    ];
    for (number, order) in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1]].into_iter().enumerate() {
        for index in order {
            let batch = answers[index].of(number).batch(&store);
            warehouse.merge(&store, MergeInput::of(&[batch]), at(1)).await.unwrap();
        }
        let account = answers[0].of(number).answer.account;
        assert_eq!(people(&*warehouse).await[account], ["e1 a ann", "e2 a zoe"], "{order:?}");
    }
}

pub async fn rows_of_an_earlier_release_keep_the_person_that_they_have(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    let earlier = Naming::new("s1", 10, 100, &[]);
    let mut batch = earlier.batch(&store);
    batch.files.extend(store.file(&earlier.answer, &[earlier.row("r1", ("e1", None, Some("ann")))]));
    warehouse.merge(&store, MergeInput::of(&[batch]), at(1)).await.unwrap();
    assert_eq!(people(&*warehouse).await["acme"], ["e1 - ann"]);
}
