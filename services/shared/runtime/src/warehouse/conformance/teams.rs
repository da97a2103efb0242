//! What AI costs by team, cost center and person: of the key's own line, else of the person on that day, else of none.
#![allow(clippy::unwrap_used)]

use everycent_domain::merge_plan::MergeInput;
use everycent_schemas::events::{BatchNormalized, RowFile};
use everycent_schemas::rowfile::Cell;
use everycent_schemas::rows::{
    ApiKeyOwner, ClaudeCost, ClaudeUsageTokens, CursorUsageEvent, DimApiKey, DimUser, PersonAlias, PersonPeriod,
};
use everycent_schemas::{Day, Usd};

use super::Fixture;
use super::world::{Answer, RowStore, at, day};
use crate::warehouse::Warehouse;

/// The days of which money is known, and the last day before the change.
const DAYS: [u32; 2] = [3, 7];
const CHANGE: u32 = 4;

/// Keys with what they cost a day, in dollars: of a team by its own line; of ada by her line; of bob who made it; of nobody.
const KEYS: [(&str, i128); 4] = [("k1", 1), ("k2", 2), ("k3", 4), ("k4", 8)];
/// Users of Cursor with what they cost a day; ada has a second address, and the last are in no line.
const USERS: [(Option<&str>, i128); 5] = [
    (Some("ada@example.com"), 16),
    (Some("ada.l@example.com"), 32),
    (Some("cy@example.com"), 64),
    (Some("zoe@example.com"), 128),
    (None, 256),
];

fn dollars(amount: i128) -> Usd {
    Usd::from_nanos(amount * 1_000_000_000)
}

/// The files are laid down after the answer's own, which bear the same names.
fn batch<const N: usize>(
    store: &RowStore,
    answer: &Answer,
    files: impl FnOnce() -> [Option<RowFile>; N],
) -> BatchNormalized {
    let batch = store.batch(answer);
    BatchNormalized { files: files().into_iter().flatten().collect(), ..batch }
}

fn about(source: &'static str, snapshot_id: &'static str, fetched: i64) -> Answer {
    Answer { source, ..Answer::new(snapshot_id, fetched, (0, 9), &[]) }
}

async fn spend(warehouse: &dyn Warehouse, store: &RowStore) {
    let costs = about("anthropic/cost_report", "costs", 10);
    let lines: Vec<_> = each(&KEYS).map(|(offset, key, amount)| line(&costs, offset, key, amount)).collect();
    let usage = about("anthropic/usage_messages", "usage", 10);
    let uses: Vec<_> = each(&KEYS).map(|(offset, key, _)| use_of(&usage, offset, key)).collect();
    let events = about("cursor/usage_events", "events", 10);
    let charged: Vec<_> = each(&USERS).map(|(offset, user, amount)| event(&events, offset, user, amount)).collect();
    let (keys, users, owners) = (
        about("anthropic/api_keys", "keys", 10),
        about("anthropic/users", "users", 10),
        about("upload/api_key_owners", "owners", 10),
    );
    let batches = [
        batch(store, &costs, || [store.file(&costs, &lines)]),
        batch(store, &usage, || [store.file(&usage, &uses)]),
        batch(store, &events, || [store.file(&events, &charged)]),
        batch(store, &keys, || [store.file(&keys, &[key(&keys, "k2"), key(&keys, "k3")])]),
        batch(store, &users, || [store.file(&users, &[bob(&users)])]),
        batch(store, &owners, || {
            [store.file(&owners, &[owner(&owners, "k1", Some("Support")), owner(&owners, "k2", None)])]
        }),
    ];
    warehouse.merge(store, MergeInput::of(&batches), at(1_000)).await.unwrap();
}

fn each<T: Copy>(what: &[(T, i128)]) -> impl Iterator<Item = (u32, T, i128)> {
    DAYS.into_iter().flat_map(move |offset| what.iter().map(move |(of, amount)| (offset, *of, *amount)))
}

/// Address, team, cost center, and the first and the last day.
type Line = (&'static str, Option<&'static str>, Option<&'static str>, Option<u32>, Option<u32>);

async fn people(warehouse: &dyn Warehouse, store: &RowStore, fetched: i64, lines: &[Line], aliases: &[&'static str]) {
    let answer = about("upload/people", format!("people-{fetched}").leak(), fetched);
    let answer = Answer { account: "company", ..answer };
    let periods: Vec<_> = lines.iter().map(|line| period(&answer, *line)).collect();
    let aliases: Vec<_> = aliases.iter().map(|address| alias(&answer, address)).collect();
    let batch = batch(store, &answer, || [store.file(&answer, &periods), store.file(&answer, &aliases)]);
    warehouse.merge(store, MergeInput::of(&[batch]), at(1_000 + fetched)).await.unwrap();
}

pub async fn money_goes_to_the_team_of_the_key_else_of_the_person_on_that_day_else_to_none(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    spend(&*warehouse, &store).await;
    let nobody = ["3 anthropic unassigned - 14", "3 cursor unassigned - 496", "3 anthropic Support key 1"];
    assert_of_day(&*warehouse, "team", 3, &nobody).await;

    let (search, ads) = (Some("Search"), Some("Ads"));
    let lines = [
        ("ada@example.com", search, Some("1"), None, Some(CHANGE)),
        ("ada@example.com", ads, Some("2"), Some(CHANGE + 1), None),
        ("bob@example.com", ads, None, None, Some(CHANGE)),
        ("cy@example.com", None, Some("9"), None, None),
    ];
    people(&*warehouse, &store, 20, &lines, &["ada.l@example.com"]).await;
    assert_of_day(
        &*warehouse,
        "team",
        3,
        &[
            "3 anthropic Support key 1",
            "3 anthropic Search person 2",
            "3 anthropic Ads person 4",
            "3 anthropic unassigned - 8",
            "3 cursor Search person 48",
            "3 cursor unassigned - 448",
        ],
    )
    .await;
    assert_of_day(
        &*warehouse,
        "team",
        7,
        &[
            "7 anthropic Support key 1",
            "7 anthropic Ads person 2",
            "7 anthropic unassigned - 12",
            "7 cursor Ads person 48",
            "7 cursor unassigned - 448",
        ],
    )
    .await;
    assert_of_day(
        &*warehouse,
        "cost_center",
        7,
        &[
            "7 anthropic 2 person 3",
            "7 anthropic unassigned - 12",
            "7 cursor 2 person 48",
            "7 cursor 9 person 64",
            "7 cursor unassigned - 384",
        ],
    )
    .await;
    assert_of_day(
        &*warehouse,
        "person",
        3,
        &[
            "3 anthropic ada@example.com upload 3",
            "3 anthropic bob@example.com creator 4",
            "3 anthropic - - 8",
            "3 cursor ada@example.com user 48",
            "3 cursor cy@example.com user 64",
            "3 cursor zoe@example.com user 128",
            "3 cursor - - 256",
        ],
    )
    .await;
}

pub async fn a_later_file_of_people_is_the_truth_of_all_days(fixture: &dyn Fixture) {
    let (warehouse, store) = (fixture.warehouse().await, RowStore::default());
    spend(&*warehouse, &store).await;
    let first =
        [("ada@example.com", Some("Search"), Some("1"), None, None), ("cy@example.com", Some("Ads"), None, None, None)];
    people(&*warehouse, &store, 20, &first, &["ada.l@example.com"]).await;
    let second = [
        ("ada@example.com", Some("Search"), Some("1"), Some(5), None),
        ("zoe@example.com", Some("Ads"), None, None, None),
    ];
    people(&*warehouse, &store, 30, &second, &[]).await;
    let early = [
        "3 anthropic Support key 1",
        "3 anthropic unassigned - 14",
        "3 cursor Ads person 128",
        "3 cursor unassigned - 368",
    ];
    assert_of_day(&*warehouse, "team", 3, &early).await;
    let late = [
        "7 anthropic Support key 1",
        "7 anthropic Search person 2",
        "7 anthropic unassigned - 12",
        "7 cursor Search person 16",
        "7 cursor Ads person 128",
        "7 cursor unassigned - 352",
    ];
    assert_of_day(&*warehouse, "team", 7, &late).await;
    // Come late, an older file says nothing any more.
    people(&*warehouse, &store, 25, &first, &["ada.l@example.com"]).await;
    assert_of_day(&*warehouse, "team", 3, &early).await;
    assert_of_day(&*warehouse, "team", 7, &late).await;
}

/// What the view of teams, cost centers or people has of a day, in any order; and that all of it is what was spent.
async fn assert_of_day(warehouse: &dyn Warehouse, by: &str, offset: u32, expected: &[&str]) {
    let of_day = format!("expense_date = {}", literal(day(offset)));
    let sums = format!(
        "SELECT vendor, {by}, {by}_basis, [[usd:SUM(cost_usd)]] AS cost_usd FROM [[table:ai_spend_by_{by}]] \
         WHERE {of_day} GROUP BY vendor, {by}, {by}_basis"
    );
    let rows = warehouse.query(&sums).await.unwrap().rows;
    let text = |cells: &Vec<Cell>| match &cells[..] {
        [vendor, unit, basis, Cell::Money(cost)] => {
            format!("{offset} {} {} {} {}", word(vendor), word(unit), word(basis), cost.nanos() / 1_000_000_000)
        }
        other => panic!("{other:?}"),
    };
    let (mut found, mut expected) = (rows.iter().map(text).collect::<Vec<_>>(), expected.to_vec());
    found.sort();
    expected.sort_unstable();
    assert_eq!(found, expected, "{by}");
    let mut totals = Vec::new();
    for view in [format!("ai_spend_by_{by}"), "ai_spend_daily".to_owned(), "ai_spend_owners".to_owned()] {
        let total = format!("SELECT [[usd:SUM(cost_usd)]] AS cost_usd FROM [[table:{view}]] WHERE {of_day}");
        totals.push(warehouse.query(&total).await.unwrap().rows);
    }
    assert_eq!(totals[0], [[Cell::Money(dollars(511))]], "{by}");
    assert!(totals.iter().all(|total| *total == totals[0]), "{totals:?}");
}

fn literal(day: Day) -> String {
    format!("[[date:{day}]]")
}

fn word(cell: &Cell) -> &str {
    if let Cell::Text(text) = cell { text } else { "-" }
}

fn line(answer: &Answer, offset: u32, key: &'static str, amount: i128) -> ClaudeCost<'static> {
    ClaudeCost {
        organization_id: answer.account,
        activity_date: day(offset),
        row_id: key,
        workspace_id: None,
        description: None,
        cost_type: Some("tokens"),
        model: Some(key),
        token_type: Some("output_tokens"),
        service_tier: None,
        context_window: None,
        inference_geo: None,
        currency: "USD",
        amount_cents: "1",
        amount_usd: dollars(amount),
        money_from: None,
        platform: "claude_api",
        platform_basis: Some("rule"),
        platform_rank: Some(1),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}

/// All that explains the line of its model.
fn use_of(answer: &Answer, offset: u32, key: &'static str) -> ClaudeUsageTokens<'static> {
    ClaudeUsageTokens {
        organization_id: answer.account,
        activity_date: day(offset),
        row_id: key,
        api_key_id: Some(key),
        workspace_id: None,
        model: Some(key),
        service_tier: None,
        context_window: None,
        uncached_input_tokens: 0,
        cache_read_input_tokens: 0,
        cache_creation_ephemeral_5m_input_tokens: 0,
        cache_creation_ephemeral_1h_input_tokens: 0,
        output_tokens: 10,
        web_search_requests: 0,
        platform: "claude_api",
        platform_basis: Some("rule"),
        platform_rank: Some(1),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}

fn event(answer: &Answer, offset: u32, email: Option<&'static str>, amount: i128) -> CursorUsageEvent<'static> {
    let id: &'static str = email.unwrap_or("nobody");
    CursorUsageEvent {
        account_id: answer.account,
        activity_date: day(offset),
        row_id: id,
        event_id: Some(id),
        // As of an earlier release: the person needs no memory beside it.
        twin_id: None,
        occurred_at: day(offset).start(),
        email,
        service_account_id: None,
        service_account_name: None,
        cloud_agent_id: None,
        automation_id: None,
        conversation_id: None,
        model: None,
        kind: None,
        billing: "on_demand",
        max_mode: None,
        is_token_based_call: None,
        is_chargeable: None,
        is_headless: None,
        requests_costs: None,
        request_micro_units: None,
        input_tokens: None,
        output_tokens: None,
        cache_write_tokens: None,
        cache_read_tokens: None,
        token_cost_cents: None,
        token_cost_usd: None,
        discount_percent_off: None,
        charged_cents: None,
        charged_usd: Some(dollars(amount)),
        computed_charge_usd: None,
        cursor_token_fee_cents: None,
        cursor_token_fee_usd: None,
        plan: Some("token"),
        billing_cycle_start: Some(day(0)),
        included_requests: None,
        request_usd: None,
        platform: "cursor",
        platform_basis: None,
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}

/// A key that bob made.
fn key(answer: &Answer, api_key_id: &'static str) -> DimApiKey<'static> {
    DimApiKey {
        organization_id: answer.account,
        api_key_id,
        name: None,
        status: None,
        scope_type: None,
        workspace_id: None,
        created_at: None,
        expires_at: None,
        partial_key_hint: None,
        created_by_type: None,
        created_by_id: Some("u1"),
        principal_type: None,
        principal_id: None,
        last_seen_at: at(answer.fetched),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}

fn bob(answer: &Answer) -> DimUser<'static> {
    DimUser {
        organization_id: answer.account,
        user_id: "u1",
        email: Some("bob@example.com"),
        name: None,
        role: None,
        added_at: None,
        last_seen_at: at(answer.fetched),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}

/// A key of ada's.
fn owner(answer: &Answer, api_key_id: &'static str, team: Option<&'static str>) -> ApiKeyOwner<'static> {
    ApiKeyOwner {
        organization_id: answer.account,
        api_key_id,
        owner_email: "ada@example.com",
        team,
        note: None,
        valid_from: None,
        last_seen_at: at(answer.fetched),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}

fn period(answer: &Answer, (email, team, cost_center, from, to): Line) -> PersonPeriod<'static> {
    PersonPeriod {
        account_id: answer.account,
        email,
        row_id: format!("{email}-{from:?}").leak(),
        name: None,
        team,
        cost_center,
        manager: None,
        claude_seat: None,
        cursor_seat: None,
        valid_from: from.map(day),
        valid_to: to.map(day),
        last_seen_at: at(answer.fetched),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}

/// Another address of ada's.
fn alias(answer: &Answer, address: &'static str) -> PersonAlias<'static> {
    PersonAlias {
        account_id: answer.account,
        address,
        row_id: address,
        email: "ada@example.com",
        valid_from: None,
        valid_to: None,
        last_seen_at: at(answer.fetched),
        snapshot_id: answer.snapshot_id,
        fetched_at: at(answer.fetched),
        ingestion_timestamp: at(answer.normalized),
    }
}
