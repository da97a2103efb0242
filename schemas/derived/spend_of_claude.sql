-- What Anthropic billed by day, key, workspace and platform.
SELECT
  activity_date,
  vendor,
  account_id,
  [[id:platform_basis, workspace_id, api_key_id, currency]] AS spend_id,
  basis,
  platform,
  platform_basis,
  CAST(NULL AS [[type:text]]) AS person,
  CAST(NULL AS [[type:text]]) AS unnamed_id,
  CAST(NULL AS [[type:text]]) AS user_id,
  CAST(NULL AS [[type:text]]) AS service_account_name,
  workspace_id,
  api_key_id,
  currency,
  CAST(NULL AS [[type:text]]) AS plan,
  CAST(NULL AS [[type:date]]) AS billing_cycle_start,
  CAST(NULL AS [[type:integer]]) AS included_requests,
  CAST(NULL AS [[type:money]]) AS [[exact:request_usd]],
  CAST(NULL AS [[type:integer]]) AS request_micro_units,
  CAST(NULL AS [[type:integer]]) AS counted_micro_units,
  [[exact:SUM(cost_usd) AS billed_usd]],
  [[dollars:0]] AS [[exact:seat_usd]],
  [[dollars:0]] AS [[exact:on_demand_usd]],
  [[dollars:0]] AS [[exact:over_included_usd]],
  [[dollars:0]] AS [[exact:unknown_kind_usd]],
  CAST(NULL AS [[type:money]]) AS [[exact:included_usage_usd]],
  [[dollars:0]] AS [[exact:token_fee_usd]],
  MAX(ingestion_timestamp) AS ingestion_timestamp
FROM [[table:charges]]
WHERE vendor = 'anthropic' AND [[scope:account_id]]
GROUP BY activity_date, vendor, account_id, basis, platform, platform_basis, workspace_id, api_key_id, currency
