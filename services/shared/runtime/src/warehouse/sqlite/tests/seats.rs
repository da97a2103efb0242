//! Who has which seat of Cursor on a day, by what was read of the team and when.

use rusqlite::types::Value;

use super::inserted::{Inserted, n, t};

type Cells<'a> = Vec<(&'a str, Value)>;

const MEMBERS: &str = "cursor/members";
const SPEND: &str = "cursor/spend";
const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";
const DOLLAR: i64 = 1_000_000_000;

fn day(number: u32) -> String {
    format!("2026-11-{number:02}")
}

/// A November of thirty loaded days on which a Standard seat costs a dollar a day and a Premium one three.
struct November {
    file: Inserted,
}

impl November {
    async fn of_days(days: impl IntoIterator<Item = u32>) -> Self {
        let november = Self { file: Inserted::nothing().await };
        for number in days {
            november.loaded("cursor/daily_usage", number).loaded("cursor/usage_events", number);
        }
        november
    }

    async fn whole() -> Self {
        Self::of_days(1..=30).await
    }

    fn loaded(&self, source: &str, number: u32) -> &Self {
        let cells: Cells<'_> = vec![
            ("source", t(source)),
            ("activity_date", t(&day(number))),
            ("plan", t("token")),
            ("billing_cycle_start", t("2026-11-01")),
            ("billing_cycle_end", t("2026-11-30")),
            ("standard_seat_usd", n(DOLLAR)),
            ("premium_seat_usd", n(3 * DOLLAR)),
            ("standard_seat_basis", t("configured")),
            ("premium_seat_basis", t("public")),
        ];
        self.file.put("cursor_plan_days", &cells);
        self
    }

    /// The daily report lists somebody on these days, who did nothing.
    fn listed(&self, email: &str, days: impl IntoIterator<Item = u32>) -> &Self {
        for number in days {
            let (row, date) = (format!("{email} {number}"), day(number));
            let cells = [
                ("row_id", t(&row)),
                ("activity_date", t(&date)),
                ("email", t(email)),
                ("plan", t("token")),
                ("billing_cycle_start", t("2026-11-01")),
                ("seat_usd", n(DOLLAR)),
            ];
            self.file.put("cursor_usage_stats", &cells);
        }
        self
    }

    fn used(&self, email: &str, number: u32, billing: &str) -> &Self {
        let (row, date) = (format!("{email} {number} {billing}"), day(number));
        let cells = [
            ("row_id", t(&row)),
            ("activity_date", t(&date)),
            ("email", t(email)),
            ("billing", t(billing)),
            ("plan", t("token")),
            ("billing_cycle_start", t("2026-11-01")),
        ];
        self.file.put("cursor_usage_events", &cells);
        self
    }

    /// A list that was read on a day, of people with what it says of them.
    fn read(&self, source: &str, on: &str, people: &[(&str, &[(&'static str, Value)])]) -> &Self {
        let of_list = [("source", t(source)), ("activity_date", t(on))];
        let loaded = [("snapshot_id", t("s")), ("normalized_at", t("2026-12-01T00:00:00.000000Z")), ("rows", n(1))];
        self.file.put("coverage", &[&of_list[..], &loaded].concat());
        for (email, said) in people {
            let person = [("member_id", t(email)), ("email", t(email))];
            self.file.put("cursor_seat_readings", &[&of_list[..], &person, said].concat());
        }
        self
    }

    fn listed_members(&self, on: u32, people: &[(&str, &[(&'static str, Value)])]) -> &Self {
        self.read(MEMBERS, &day(on), people)
    }

    /// Dollars of seats by person, with the days, the tiers and the bases, each range once.
    fn seats(&self) -> Vec<String> {
        self.file.told(
            "SELECT person, CAST(SUM(cost_nano_usd) / 1000000000 AS INTEGER), MIN(CASE WHEN cost_nano_usd > 0 THEN activity_date END),
               MAX(CASE WHEN cost_nano_usd > 0 THEN activity_date END), GROUP_CONCAT(DISTINCT seat_tier), GROUP_CONCAT(DISTINCT basis)
             FROM (SELECT * FROM charges_nano WHERE kind = 'seat' ORDER BY person, basis) GROUP BY person ORDER BY person",
        )
    }
}

fn member() -> Vec<(&'static str, Value)> {
    vec![("membership", t("member")), ("payment", t("paid"))]
}

fn removed() -> Vec<(&'static str, Value)> {
    vec![("membership", t("removed")), ("payment", t("paid"))]
}

fn removed_on(number: u32) -> Vec<(&'static str, Value)> {
    [removed(), vec![("removed_on", t(&day(number)))]].concat()
}

fn premium() -> Vec<(&'static str, Value)> {
    [member(), vec![("tier", t("premium"))]].concat()
}

#[tokio::test]
async fn where_no_list_was_ever_read_who_is_in_the_daily_report_has_a_standard_seat() {
    let november = November::whole().await;
    november.listed(ANN, 1..=30).listed(BOB, 1..=10).used(BOB, 3, "included");
    let expected = [
        "ann@example.com | 30 | 2026-11-01 | 2026-11-30 | standard | seat_price_daily_usage",
        "bob@example.com | 10 | 2026-11-01 | 2026-11-10 | standard | seat_price_daily_usage",
    ];
    assert_eq!(november.seats(), expected);
}

#[tokio::test]
async fn days_before_the_first_list_take_it_and_who_used_the_seat_keeps_it_to_the_end_of_the_cycle() {
    let november = November::whole().await;
    november
        .listed(ANN, 1..=30)
        .listed(BOB, 1..=10)
        .listed("root@example.com", 1..=30)
        .listed("dan@example.com", 1..=10);
    november.used(BOB, 5, "included").used("dan@example.com", 4, "own_key").used("dan@example.com", 4, "not_charged");
    let unpaid = [("membership", t("member")), ("payment", t("unpaid"))];
    let of_bob = removed();
    november.read(
        MEMBERS,
        "2026-12-01",
        &[(ANN, &member()), (BOB, &of_bob), ("dan@example.com", &of_bob), ("root@example.com", &unpaid)],
    );
    let expected = [
        "ann@example.com | 30 | 2026-11-01 | 2026-11-30 | standard | seat_price_first_reading",
        "bob@example.com | 30 | 2026-11-01 | 2026-11-30 | standard | seat_price_first_reading,seat_price_kept",
        // The tenth is the day of the removal. An own key and what failed use nothing of the seat.
        "dan@example.com | 9 | 2026-11-01 | 2026-11-09 | standard | seat_price_first_reading",
        "root@example.com | 0 | - | - | unpaid | seat_price_first_reading",
    ];
    assert_eq!(november.seats(), expected);
}

#[tokio::test]
async fn the_day_of_a_removal_that_the_vendor_names_is_paid_no_more_whatever_is_listed() {
    let november = November::whole().await;
    // The daily report has everybody who was a member on a day of the range on all days of it.
    november.listed(ANN, 1..=30).listed(BOB, 1..=30).used(BOB, 2, "on_demand");
    november.listed_members(30, &[(ANN, &removed_on(10)), (BOB, &removed_on(10))]);
    let expected = [
        "ann@example.com | 9 | 2026-11-01 | 2026-11-09 | standard | seat_price,seat_price_first_reading",
        "bob@example.com | 30 | 2026-11-01 | 2026-11-30 | standard | seat_price_first_reading,seat_price_kept",
    ];
    assert_eq!(november.seats(), expected);
    // The same where only the list of spend says so.
    let november = November::whole().await;
    november.listed(ANN, 1..=30);
    november.read(SPEND, &day(20), &[(ANN, &removed_on(10))]).listed_members(5, &[(ANN, &member())]);
    assert_eq!(november.seats()[0].split(" | ").nth(1), Some("9"));
}

#[tokio::test]
async fn a_list_says_who_has_a_seat_from_its_day_on_and_the_daily_report_when_somebody_came_between_two() {
    let november = November::whole().await;
    let new = "new@example.com";
    november.listed(ANN, 1..=30).listed(new, 12..=30);
    november
        .listed_members(1, &[(ANN, &member()), (BOB, &member())])
        .listed_members(20, &[(ANN, &member()), (BOB, &removed()), (new, &member())]);
    let expected = [
        "ann@example.com | 30 | 2026-11-01 | 2026-11-30 | standard | seat_price",
        // The daily report never had him, and it is loaded.
        "bob@example.com | 1 | 2026-11-01 | 2026-11-01 | standard | seat_price",
        "new@example.com | 19 | 2026-11-12 | 2026-11-30 | standard | seat_price,seat_price_first_reading",
    ];
    assert_eq!(november.seats(), expected);
}

#[tokio::test]
async fn who_vanished_from_the_list_of_members_was_removed() {
    let november = November::whole().await;
    november.listed(ANN, 1..=30).listed(BOB, 1..=14).used(BOB, 14, "included").listed("dan@example.com", 1..=14);
    november
        .listed_members(2, &[(ANN, &member()), (BOB, &member()), ("dan@example.com", &member())])
        .listed_members(25, &[(ANN, &member())]);
    let sums: Vec<String> =
        november.seats().iter().map(|seat| seat.split(" | ").take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(sums, ["ann@example.com 30", "bob@example.com 30", "dan@example.com 13"]);
}

#[tokio::test]
async fn a_person_who_comes_back_pays_for_the_days_of_both_memberships() {
    let november = November::whole().await;
    november.listed(ANN, (1..=9).chain(21..=30));
    november
        .listed_members(9, &[(ANN, &member())])
        .listed_members(10, &[(ANN, &removed())])
        .listed_members(22, &[(ANN, &member())]);
    assert_eq!(
        november.seats(),
        ["ann@example.com | 19 | 2026-11-01 | 2026-11-30 | standard | seat_price,seat_price_first_reading"]
            .map(|row| row.to_owned())
    );
}

#[tokio::test]
async fn each_day_of_a_cycle_is_paid_at_the_tier_of_that_day() {
    let november = November::whole().await;
    november.listed(ANN, 1..=30);
    november.listed_members(1, &[(ANN, &member())]).listed_members(11, &[(ANN, &premium())]);
    // Ten days at a dollar, twenty at three.
    let of_ann = november.file.told(
        "SELECT seat_tier, price_basis, COUNT(*), SUM(cost_nano_usd) FROM charges_nano WHERE kind = 'seat' GROUP BY 1, 2 ORDER BY 3",
    );
    // Before the eleventh no tier was reported, so the first that is holds for all days.
    assert_eq!(of_ann, ["premium | public | 30 | 90000000000"]);
    let standard = [member(), vec![("tier", t("standard"))]].concat();
    let november = November::whole().await;
    november.listed(ANN, 1..=30);
    november.listed_members(1, &[(ANN, &standard)]).listed_members(11, &[(ANN, &premium())]);
    let of_ann = november.file.told(
        "SELECT seat_tier, price_basis, COUNT(*), SUM(cost_nano_usd) FROM charges_nano WHERE kind = 'seat' GROUP BY 1, 2 ORDER BY 3",
    );
    assert_eq!(of_ann, ["standard | configured | 10 | 10000000000", "premium | public | 20 | 60000000000"]);
}

#[tokio::test]
async fn a_tier_that_only_the_list_of_spend_reports_counts_and_one_that_is_reported_no_more_is_kept() {
    let november = November::whole().await;
    november.listed(ANN, 1..=30);
    november.listed_members(1, &[(ANN, &member())]).listed_members(20, &[(ANN, &member())]);
    november
        .read(SPEND, "2026-08-15", &[(ANN, &[("tier", t("premium"))])])
        .read(SPEND, "2026-10-31", &[(ANN, &[])])
        .read(SPEND, &day(15), &[(ANN, &[])]);
    assert_eq!(november.seats(), ["ann@example.com | 90 | 2026-11-01 | 2026-11-30 | premium | seat_price"]);
}

#[tokio::test]
async fn a_seat_that_is_kept_is_of_the_tier_that_it_last_was() {
    let november = November::whole().await;
    november.listed(ANN, 1..=10).used(ANN, 1, "included");
    november.listed_members(1, &[(ANN, &premium())]).listed_members(11, &[(ANN, &removed())]);
    assert_eq!(
        november.seats(),
        ["ann@example.com | 90 | 2026-11-01 | 2026-11-30 | premium | seat_price,seat_price_kept"]
    );
}

#[tokio::test]
async fn a_member_whom_the_daily_report_does_not_list_pays_and_two_teams_do_not_meet() {
    let november = November::of_days(1..=3).await;
    november.listed_members(1, &[(ANN, &member())]);
    let other = [("account_id", t("other")), ("email", t(ANN)), ("row_id", t("x")), ("activity_date", t(&day(2)))];
    november.file.put("cursor_usage_stats", &[&other[..], &[("seat_usd", n(DOLLAR))]].concat());
    let rows = november.file.told(
        "SELECT account_id, basis, COUNT(*), SUM(cost_nano_usd) FROM charges_nano WHERE kind = 'seat' GROUP BY 1, 2 ORDER BY 1",
    );
    assert_eq!(rows, ["acme | seat_price | 3 | 3000000000", "other | seat_price_daily_usage | 1 | 1000000000"]);
}
