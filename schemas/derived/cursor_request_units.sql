-- A charge for the request units over the included ones that a person used on a day.
SELECT
  activity_date,
  vendor,
  account_id,
  'units ' || spend_id AS charge_id,
  'usage' AS kind,
  'billed' AS billing,
  'request_units' AS basis,
  platform,
  platform_basis,
  person,
  unnamed_id,
  user_id,
  service_account_name,
  currency,
  [[exact:over_included_usd AS cost_usd]],
  plan,
  billing_cycle_start,
  included_requests,
  [[exact:request_usd]],
  ingestion_timestamp
FROM [[table:spend_daily]]
WHERE vendor = 'cursor' AND [[exact:over_included_usd]] <> [[dollars:0]] AND [[rest_of_cycles:account_id]]
