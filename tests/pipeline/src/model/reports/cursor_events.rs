//! Each event of use in Cursor, with its charge.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use vendor_sim::{CursorEvent, EventKind, KindSpelling, World};

use crate::model::calendar::days;
use crate::model::columns::{instant, nearest_dollars, record};
use crate::model::plan;
use crate::model::report::{Absence, Covers, Harm, Question, Report, Spoil, Time, Told};
use crate::model::weight::{Scale, Unit};
use crate::tables::Record;

const TABLE: &str = "cursor_usage_events";

pub(crate) static EVENTS: Report = Report {
    source: "cursor/usage_events",
    tables: &[TABLE],
    time: Time::Days { settling_days: 7, covers: Covers::Over },
    absence: Absence::Deleted,
    money: &["token_cost_usd", "charged_usd", "cursor_token_fee_usd"],
    counts: &["request_micro_units", "input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens"],
    weighs: &[
        Scale { unit: Unit::Dollars, table: TABLE, columns: Some(&["charged_usd"]) },
        Scale { unit: Unit::Pieces, table: TABLE, columns: None },
    ],
    spoiled_by: &[
        (Spoil::Amount, Harm::Refused("charged_cents")),
        (Spoil::Count, Harm::Lacks(&["input_tokens"])),
        (Spoil::Date, Harm::Refused("activity_date")),
    ],
    told,
};

/// Newest first, as the feed is.
fn told(world: &World, question: &Question, to: NaiveDate) -> Vec<Told> {
    let newest_first = days(question.from, to).collect::<Vec<_>>().into_iter().rev();
    let of_day = |day| {
        let events = world.cursor_events(day).into_iter();
        events.map(move |event| Told::row(day, TABLE, row(world, &question.account, day, &event)))
    };
    newest_first.flat_map(of_day).collect()
}

fn row(world: &World, account: &str, day: NaiveDate, event: &CursorEvent) -> Record {
    let flag = |flag: bool| Some(u8::from(flag).to_string());
    let (billing, kind) = kind(event.kind, world.options.cursor_kinds);
    let micro_units = event.requests_costs.map(|units| units * Decimal::from(1_000_000));
    let mut row = record([
        ("account_id", Some(account.to_owned())),
        ("activity_date", Some(day.to_string())),
        ("occurred_at", Some(instant(event.timestamp_ms * 1_000))),
        ("email", world.names_in_events(event.user_id).then(|| event.user_email.to_lowercase())),
        ("conversation_id", event.conversation_id.clone()),
        ("model", Some(event.model.clone())),
        ("kind", Some(kind.to_owned())),
        ("billing", Some(billing.to_owned())),
        ("max_mode", flag(event.max_mode)),
        ("is_token_based_call", flag(event.token_usage.is_some())),
        ("is_chargeable", flag(event.kind == EventKind::UsageBased)),
        ("is_headless", flag(event.is_headless)),
        ("requests_costs", event.requests_costs.map(|units| units.to_string())),
        ("request_micro_units", micro_units.map(|units| units.round().normalize().to_string())),
        ("platform", Some("cursor".to_owned())),
        ("platform_basis", Some("vendor".to_owned())),
    ]);
    row.extend(money("charged", Some(event.charged_cents)));
    row.extend(money("cursor_token_fee", event.token_fee_cents));
    row.extend(tokens(event));
    row.extend(plan::terms(day));
    row
}

/// The vendor's number of cents, and the dollars that it is.
fn money(name: &str, cents: Option<Decimal>) -> Record {
    let Some(cents) = cents else { return Record::new() };
    [(format!("{name}_cents"), cents.to_string()), (format!("{name}_usd"), nearest_dollars(cents))].into()
}

fn tokens(event: &CursorEvent) -> Record {
    let Some(tokens) = &event.token_usage else { return Record::new() };
    let mut columns = record([
        ("input_tokens", Some(tokens.input.to_string())),
        ("output_tokens", Some(tokens.output.to_string())),
        ("cache_write_tokens", Some(tokens.cache_write.to_string())),
        ("cache_read_tokens", Some(tokens.cache_read.to_string())),
        ("discount_percent_off", tokens.discount_percent_off.map(|percent| percent.to_string())),
    ]);
    columns.extend(money("token_cost", Some(tokens.total_cents)));
    columns
}

/// What a kind means, and the vendor's word for it.
fn kind(kind: EventKind, spelling: KindSpelling) -> (&'static str, &'static str) {
    let (billing, label, constant) = match kind {
        EventKind::UsageBased => ("on_demand", "Usage-based", "USAGE_EVENT_KIND_USAGE_BASED"),
        EventKind::Included => ("included", "Included in Business", "USAGE_EVENT_KIND_INCLUDED_IN_BUSINESS"),
        EventKind::OwnKey => ("own_key", "User API Key", "USAGE_EVENT_KIND_USER_API_KEY"),
        EventKind::ErroredNotCharged => ("not_charged", "Errored, Not Charged", "USAGE_EVENT_KIND_ERRORED_NOT_CHARGED"),
    };
    (billing, if spelling == KindSpelling::Labels { label } else { constant })
}
