-- What Cursor costs, one row for each person and day: seat, and use beyond what the plan includes. A day that is told anew
-- changes what the later days of its billing cycle cost.
--
-- account_id text: The Cursor account, as the configuration names it.
-- expense_date date: The UTC day.
-- email text?: Who it is, in lower case. Null for use that the vendor names nobody for.
-- user_id text?: The vendor's number of the user, where the day's counts have it. People without an address are told apart
--   by it.
-- name text?: Name of the member, else of the service account.
-- plan text?: Plan of the price table on this day: `request` or `token`.
-- billing_cycle_start date?: First UTC day of the billing cycle that holds the day, as the price table says.
-- seat_usd money: This day's part of the price of the person's seat, Standard or Premium; zero for unpaid admins and for who
--   has none. Who left after using the seat keeps it to the end of the cycle.
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
--   beside the charges that some report, `usage_file` charges of an imported file, `request_counts` raw counts of requests where the day's events are not loaded, `seat_only` is a day without an event.
-- platform text: Always `cursor`.
-- ingestion_timestamp timestamp: When the latest of the rows was made.
WITH members AS (
  SELECT account_id, email, MAX(name) AS name
  FROM [[table:dim_cursor_members]]
  GROUP BY account_id, email
)
SELECT
  spend.account_id,
  spend.activity_date AS expense_date,
  spend.person AS email,
  spend.user_id,
  COALESCE(members.name, spend.service_account_name) AS name,
  spend.plan,
  spend.billing_cycle_start,
  [[exact:spend.seat_usd]],
  [[exact:spend.included_usage_usd]],
  [[exact:spend.on_demand_usd + spend.over_included_usd AS on_demand_usd]],
  [[exact:spend.unknown_kind_usd]],
  [[exact:spend.token_fee_usd]],
  spend.request_micro_units,
  [[exact:spend.seat_usd + spend.on_demand_usd + spend.over_included_usd + spend.unknown_kind_usd AS total_usd]],
  spend.basis,
  spend.platform,
  spend.ingestion_timestamp
FROM [[table:spend_daily]] AS spend
LEFT JOIN members
  ON members.account_id = spend.account_id
  AND members.email = spend.person
WHERE spend.vendor = 'cursor'
