-- What one person used of a model in Cursor on a day, by who pays for it.
WITH events AS (
  SELECT
    account_id,
    activity_date,
    email,
    service_account_name,
    model,
    -- An own key pays for the model; the vendor's fee is on the invoice.
    CASE WHEN billing IN ('on_demand', 'own_key') THEN 'billed' ELSE billing END AS billing,
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
  WHERE [[scope:account_id]]
)
SELECT
  activity_date,
  'cursor' AS vendor,
  account_id,
  'usage ' || billing || ' ' || [[id:email, model]] AS charge_id,
  'usage' AS kind,
  billing,
  'usage_events' AS basis,
  'cursor' AS platform,
  'vendor' AS platform_basis,
  email AS person,
  MAX(service_account_name) AS service_account_name,
  model,
  COUNT(*) AS events,
  SUM(CASE WHEN charge_nanos IS NULL THEN COALESCE(request_micro_units, 0) ELSE 0 END) AS request_micro_units,
  'USD' AS currency,
  [[dollars:SUM(COALESCE(charge_nanos, 0))]] AS [[exact:cost_usd]],
  [[dollars:SUM(fee_nanos)]] AS [[exact:token_fee_usd]],
  MAX(plan) AS plan,
  MAX(billing_cycle_start) AS billing_cycle_start,
  MAX(included_requests) AS included_requests,
  [[dollars:MAX(request_nanos)]] AS [[exact:request_usd]],
  MAX(ingestion_timestamp) AS ingestion_timestamp
FROM events
GROUP BY account_id, activity_date, email, model, billing
