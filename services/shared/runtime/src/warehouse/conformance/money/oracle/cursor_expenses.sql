-- What Cursor costs, one row for each person and day: seat, and use beyond what the plan includes. A view, because a day
-- that is told anew changes what the later days of its billing cycle cost.
--
-- account_id text: The Cursor account, as the configuration names it.
-- expense_date date: The UTC day.
-- email text?: Who it is, in lower case. Null for use that the vendor names nobody for.
-- user_id text?: The vendor's number of the user, where the day's counts have it. People without an address are told apart
--   by it.
-- name text?: Name of the member, else of the service account.
-- plan text?: Plan of the price table on this day: `request` or `token`.
-- billing_cycle_start date?: First UTC day of the billing cycle that holds the day, as the price table says.
-- seat_usd money: This day's part of the seat's price, for every day that the person is a member; zero for others.
-- included_usage_usd money?: Use that the plan includes, at the vendor's value: not invoiced, in no total. Null on a request
--   plan.
-- on_demand_usd money: Use beyond what the plan includes: the vendor's charge for it, fee included, and of use with an own
--   key the fee. On a request plan besides, of events that report no charge, the units over the included ones of the cycle
--   so far, at the price of a unit. What a plan includes belongs to people: of use that the vendor names nobody for, the
--   units cost their price where the vendor calls them use on demand, and nothing where it calls them included.
-- unknown_kind_usd money: The vendor's charge for events of a kind that is not known yet: it may be included use. Those
--   that report no charge cost nothing.
-- token_fee_usd money: The token fee, a part of the charges: never to be added to them.
-- request_micro_units integer?: Millionths of a request unit that the day used, included ones too, but for events that
--   report a charge. Null on a token plan.
-- total_usd money: Seat, on-demand use and unknown kinds.
-- basis text: Where the use is from: `events_charged` are charges of events, `events_units` request units of events
--   beside the charges that some report, `request_counts` raw counts of requests where the day's events are not loaded, `seat_only` is a day without an event.
-- platform text: Always `cursor`.
-- ingestion_timestamp timestamp: When the latest of the rows was made.
WITH events AS (
  SELECT
    account_id,
    activity_date,
    email,
    service_account_name,
    billing,
    plan,
    billing_cycle_start,
    included_requests,
    [[nanos:request_usd]] AS request_nanos,
    request_micro_units,
    -- What the event is charged, by its own word where it has one. Null where its units decide: on a request plan, and only
    -- of an event that reports no charge. A kind that is not known costs no more than it says.
    CASE
      WHEN billing = 'not_charged' THEN 0
      WHEN billing = 'own_key' THEN COALESCE([[nanos:cursor_token_fee_usd]], 0)
      WHEN [[nanos:charged_usd]] IS NOT NULL THEN [[nanos:charged_usd]]
      WHEN billing = 'unknown' THEN 0
      WHEN plan = 'request' AND request_micro_units IS NOT NULL THEN NULL
      ELSE
        COALESCE(
          [[nanos:computed_charge_usd]],
          [[nanos:token_cost_usd]] + COALESCE([[nanos:cursor_token_fee_usd]], 0)
        )
    END AS charge_nanos,
    CASE
      WHEN billing = 'not_charged' THEN 0
      WHEN billing = 'unknown' AND [[nanos:charged_usd]] IS NULL THEN 0
      ELSE COALESCE([[nanos:cursor_token_fee_usd]], 0)
    END AS fee_nanos,
    ingestion_timestamp
  FROM [[table:cursor_usage_events]]
),
-- Both sources, in one shape.
told AS (
  SELECT
    account_id,
    activity_date,
    email,
    CASE WHEN email IS NULL THEN user_id END AS unnamed_id,
    MAX(user_id) AS user_id,
    CAST(NULL AS [[type:text]]) AS service_account_name,
    MAX(plan) AS plan,
    MAX(billing_cycle_start) AS billing_cycle_start,
    MAX(included_requests) AS included_requests,
    MAX([[nanos:request_usd]]) AS request_nanos,
    MAX([[nanos:seat_usd]]) AS seat_nanos,
    SUM(subscription_included_reqs + usage_based_reqs) AS requests,
    0 AS events,
    0 AS micro_units,
    0 AS on_demand_micro_units,
    0 AS included_nanos,
    0 AS on_demand_nanos,
    0 AS unknown_nanos,
    0 AS fee_nanos,
    MAX(ingestion_timestamp) AS ingestion_timestamp
  FROM [[table:cursor_usage_stats]]
  GROUP BY account_id, activity_date, email, unnamed_id
  UNION ALL
  SELECT
    account_id,
    activity_date,
    email,
    CAST(NULL AS [[type:text]]),
    CAST(NULL AS [[type:text]]),
    MAX(service_account_name),
    MAX(plan),
    MAX(billing_cycle_start),
    MAX(included_requests),
    MAX(request_nanos),
    0,
    0,
    COUNT(*),
    SUM(CASE WHEN charge_nanos IS NULL THEN COALESCE(request_micro_units, 0) ELSE 0 END),
    SUM(CASE WHEN charge_nanos IS NULL AND billing = 'on_demand' THEN COALESCE(request_micro_units, 0) ELSE 0 END),
    SUM(CASE WHEN billing = 'included' THEN COALESCE(charge_nanos, 0) ELSE 0 END),
    SUM(CASE WHEN billing IN ('on_demand', 'own_key') THEN COALESCE(charge_nanos, 0) ELSE 0 END),
    SUM(CASE WHEN billing = 'unknown' THEN COALESCE(charge_nanos, 0) ELSE 0 END),
    SUM(fee_nanos),
    MAX(ingestion_timestamp)
  FROM events
  GROUP BY account_id, activity_date, email
),
days AS (
  SELECT
    account_id,
    activity_date,
    email,
    unnamed_id,
    MAX(user_id) AS user_id,
    MAX(service_account_name) AS service_account_name,
    MAX(plan) AS plan,
    MAX(billing_cycle_start) AS billing_cycle_start,
    MAX(included_requests) AS included_requests,
    MAX(request_nanos) AS request_nanos,
    COALESCE(MAX(seat_nanos), 0) AS seat_nanos,
    SUM(requests) AS requests,
    SUM(events) AS events,
    SUM(micro_units) AS micro_units,
    SUM(on_demand_micro_units) AS on_demand_micro_units,
    SUM(included_nanos) AS included_nanos,
    SUM(on_demand_nanos) AS on_demand_nanos,
    SUM(unknown_nanos) AS unknown_nanos,
    SUM(fee_nanos) AS fee_nanos,
    MAX(ingestion_timestamp) AS ingestion_timestamp
  FROM told
  GROUP BY account_id, activity_date, email, unnamed_id
),
based AS (
  SELECT
    days.*,
    CASE
      WHEN days.plan = 'request' AND (days.events > 0 OR loaded.fetched_at IS NOT NULL) THEN 'events_units'
      WHEN days.plan = 'request' THEN 'request_counts'
      WHEN days.events > 0 THEN 'events_charged'
      ELSE 'seat_only'
    END AS basis
  FROM days
  LEFT JOIN [[table:coverage]] AS loaded
    ON loaded.source = 'cursor/usage_events'
    AND loaded.account_id = days.account_id
    AND loaded.activity_date = days.activity_date
),
used AS (
  SELECT
    based.*,
    CASE basis WHEN 'events_units' THEN micro_units WHEN 'request_counts' THEN requests * 1000000 END AS day_micro_units
  FROM based
),
-- What counts against the included units. Nobody has any, so of nobody's use the vendor's own word decides.
counted AS (
  SELECT
    used.*,
    CASE WHEN email IS NULL AND unnamed_id IS NULL THEN 0 ELSE included_requests * 1000000 END AS included_micro_units,
    CASE
      WHEN email IS NULL AND unnamed_id IS NULL THEN on_demand_micro_units
      ELSE day_micro_units
    END AS counted_micro_units
  FROM used
),
summed AS (
  SELECT
    counted.*,
    SUM(counted_micro_units) OVER (
      PARTITION BY account_id, email, unnamed_id, plan, billing_cycle_start
      ORDER BY activity_date
      ROWS UNBOUNDED PRECEDING
    ) AS cycle_micro_units
  FROM counted
),
-- Millionths of units over the included ones: of the cycle up to the day, and up to the day before.
over_included AS (
  SELECT
    summed.*,
    CASE
      WHEN cycle_micro_units > included_micro_units THEN cycle_micro_units - included_micro_units
      ELSE 0
    END AS over_upto,
    CASE
      WHEN cycle_micro_units - counted_micro_units > included_micro_units
      THEN cycle_micro_units - counted_micro_units - included_micro_units
      ELSE 0
    END AS over_before
  FROM summed
),
charged AS (
  SELECT
    over_included.*,
    CASE
      WHEN plan = 'request'
      THEN on_demand_nanos + [[share:request_nanos, over_upto - over_before, over_upto, 1000000]]
      ELSE on_demand_nanos
    END AS use_nanos
  FROM over_included
),
members AS (
  SELECT account_id, email, MAX(name) AS name
  FROM [[table:dim_cursor_members]]
  GROUP BY account_id, email
)
SELECT
  charged.account_id,
  charged.activity_date AS expense_date,
  charged.email,
  charged.user_id,
  COALESCE(members.name, charged.service_account_name) AS name,
  charged.plan,
  charged.billing_cycle_start,
  [[dollars:charged.seat_nanos]] AS [[exact:seat_usd]],
  [[dollars:CASE WHEN charged.plan = 'request' THEN NULL ELSE charged.included_nanos END]] AS [[exact:included_usage_usd]],
  [[dollars:charged.use_nanos]] AS [[exact:on_demand_usd]],
  [[dollars:charged.unknown_nanos]] AS [[exact:unknown_kind_usd]],
  [[dollars:charged.fee_nanos]] AS [[exact:token_fee_usd]],
  charged.day_micro_units AS request_micro_units,
  [[dollars:charged.seat_nanos + charged.use_nanos + charged.unknown_nanos]] AS [[exact:total_usd]],
  charged.basis,
  'cursor' AS platform,
  charged.ingestion_timestamp
FROM charged
LEFT JOIN members
  ON members.account_id = charged.account_id
  AND members.email = charged.email
