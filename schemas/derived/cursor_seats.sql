-- The day's part of each seat of Cursor.
SELECT
  activity_date,
  'cursor' AS vendor,
  account_id,
  'seat ' || [[id:email, unnamed_id]] AS charge_id,
  'seat' AS kind,
  'billed' AS billing,
  'seat_price' AS basis,
  'cursor' AS platform,
  'vendor' AS platform_basis,
  email AS person,
  unnamed_id,
  MAX(user_id) AS user_id,
  SUM(requests) AS requests,
  'USD' AS currency,
  [[dollars:COALESCE(MAX(seat_nanos), 0)]] AS [[exact:cost_usd]],
  MAX(plan) AS plan,
  MAX(billing_cycle_start) AS billing_cycle_start,
  MAX(included_requests) AS included_requests,
  [[dollars:MAX(request_nanos)]] AS [[exact:request_usd]],
  MAX(ingestion_timestamp) AS ingestion_timestamp
FROM (
  SELECT
    account_id,
    activity_date,
    email,
    CASE WHEN email IS NULL THEN user_id END AS unnamed_id,
    user_id,
    subscription_included_reqs + usage_based_reqs AS requests,
    plan,
    billing_cycle_start,
    included_requests,
    [[nanos:request_usd]] AS request_nanos,
    [[nanos:seat_usd]] AS seat_nanos,
    ingestion_timestamp
  FROM [[table:cursor_usage_stats]]
  WHERE [[scope:account_id]]
) AS counts
GROUP BY account_id, activity_date, email, unnamed_id
