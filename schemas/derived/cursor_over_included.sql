-- Of each person and day the price of the request units over the included ones of the cycle so far. What is read begins
-- where the cycles begin that the days lie in.
WITH counted AS (
  SELECT
    activity_date,
    vendor,
    account_id,
    platform,
    basis,
    spend_id,
    plan,
    billing_cycle_start,
    counted_micro_units,
    [[nanos:request_usd]] AS request_nanos,
    CASE WHEN person IS NULL AND unnamed_id IS NULL THEN 0 ELSE included_requests * 1000000 END AS included_micro_units,
    SUM(counted_micro_units) OVER (
      PARTITION BY account_id, spend_id, plan, billing_cycle_start
      ORDER BY activity_date
      ROWS UNBOUNDED PRECEDING
    ) AS cycle_micro_units
  FROM [[table:spend_daily]]
  WHERE vendor = 'cursor' AND [[cycles:account_id]]
),
-- Millionths of units over the included ones: of the cycle up to the day, and up to the day before.
over_included AS (
  SELECT
    counted.*,
    CASE
      WHEN cycle_micro_units > included_micro_units THEN cycle_micro_units - included_micro_units
      ELSE 0
    END AS over_upto,
    CASE
      WHEN cycle_micro_units - counted_micro_units > included_micro_units
      THEN cycle_micro_units - counted_micro_units - included_micro_units
      ELSE 0
    END AS over_before
  FROM counted
),
priced AS (
  SELECT
    over_included.*,
    CASE
      WHEN plan = 'request' THEN [[share:request_nanos, over_upto - over_before, over_upto, 1000000]]
    END AS over_nanos
  FROM over_included
)
SELECT
  activity_date,
  vendor,
  account_id,
  platform,
  basis,
  spend_id,
  [[dollars:COALESCE(over_nanos, 0)]] AS [[exact:over_included_usd]]
FROM priced
WHERE [[rest_of_cycles:account_id]]
