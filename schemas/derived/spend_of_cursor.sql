-- What Cursor costs by day and person, but for request units over the included ones: these depend on the days before.
WITH days AS (
  SELECT
    activity_date,
    account_id,
    person,
    unnamed_id,
    MAX(user_id) AS user_id,
    MAX(service_account_name) AS service_account_name,
    MAX(platform) AS platform,
    MAX(platform_basis) AS platform_basis,
    MAX(plan) AS plan,
    MAX(billing_cycle_start) AS billing_cycle_start,
    MAX(included_requests) AS included_requests,
    MAX([[nanos:request_usd]]) AS request_nanos,
    SUM(CASE WHEN kind = 'seat' THEN [[nanos:cost_usd]] ELSE 0 END) AS seat_nanos,
    SUM(COALESCE(requests, 0)) AS requests,
    SUM(COALESCE(events, 0)) AS events,
    MAX(CASE WHEN basis = 'usage_file' THEN 1 ELSE 0 END) AS is_of_file,
    SUM(COALESCE(request_micro_units, 0)) AS micro_units,
    SUM(CASE WHEN billing = 'billed' THEN COALESCE(request_micro_units, 0) ELSE 0 END) AS on_demand_micro_units,
    SUM(CASE WHEN billing = 'included' THEN [[nanos:cost_usd]] ELSE 0 END) AS included_nanos,
    SUM(CASE WHEN billing = 'billed' AND kind = 'usage' THEN [[nanos:cost_usd]] ELSE 0 END) AS on_demand_nanos,
    SUM(CASE WHEN billing = 'unknown' THEN [[nanos:cost_usd]] ELSE 0 END) AS unknown_nanos,
    SUM(COALESCE([[nanos:token_fee_usd]], 0)) AS fee_nanos,
    MAX(ingestion_timestamp) AS ingestion_timestamp
  FROM [[table:charges]]
  WHERE vendor = 'cursor' AND basis <> 'request_units' AND [[scope:account_id]]
  GROUP BY activity_date, account_id, person, unnamed_id
),
-- Days whose events are known, be it by the API or by a file.
loaded AS (
  SELECT account_id, activity_date, MAX(fetched_at) AS fetched_at
  FROM [[table:coverage]]
  WHERE source IN ('cursor/usage_events', 'upload/cursor_usage') AND [[scope:account_id]]
  GROUP BY account_id, activity_date
),
based AS (
  SELECT
    days.*,
    CASE
      WHEN days.is_of_file = 1 THEN 'usage_file'
      WHEN days.plan = 'request' AND (days.events > 0 OR loaded.fetched_at IS NOT NULL) THEN 'events_units'
      WHEN days.plan = 'request' THEN 'request_counts'
      WHEN days.events > 0 THEN 'events_charged'
      ELSE 'seat_only'
    END AS basis
  FROM days
  LEFT JOIN loaded
    ON loaded.account_id = days.account_id
    AND loaded.activity_date = days.activity_date
),
used AS (
  SELECT
    based.*,
    -- A file has charges and no units; on a request plan that is none of these, which the sum over the cycle needs.
    CASE
      WHEN basis = 'events_units' THEN micro_units
      WHEN basis = 'request_counts' THEN requests * 1000000
      WHEN basis = 'usage_file' AND plan = 'request' THEN 0
    END AS day_micro_units
  FROM based
)
SELECT
  activity_date,
  'cursor' AS vendor,
  account_id,
  [[id:person, unnamed_id]] AS spend_id,
  basis,
  platform,
  platform_basis,
  person,
  unnamed_id,
  user_id,
  service_account_name,
  'USD' AS currency,
  plan,
  billing_cycle_start,
  included_requests,
  [[dollars:request_nanos]] AS [[exact:request_usd]],
  day_micro_units AS request_micro_units,
  -- Nobody has included units, so of nobody's use the vendor's own word decides.
  CASE
    WHEN person IS NULL AND unnamed_id IS NULL AND day_micro_units IS NOT NULL THEN on_demand_micro_units
    ELSE day_micro_units
  END AS counted_micro_units,
  [[dollars:0]] AS [[exact:billed_usd]],
  [[dollars:seat_nanos]] AS [[exact:seat_usd]],
  [[dollars:on_demand_nanos]] AS [[exact:on_demand_usd]],
  [[dollars:0]] AS [[exact:over_included_usd]],
  [[dollars:unknown_nanos]] AS [[exact:unknown_kind_usd]],
  [[dollars:CASE WHEN plan = 'request' THEN NULL ELSE included_nanos END]] AS [[exact:included_usage_usd]],
  [[dollars:fee_nanos]] AS [[exact:token_fee_usd]],
  ingestion_timestamp
FROM used
