-- What Claude costs by day, person, key, workspace and platform.
SELECT
  activity_date,
  vendor,
  account_id,
  [[id:platform_basis, person, person_basis, workspace_id, api_key_id, currency]] AS spend_id,
  basis,
  platform,
  platform_basis,
  person,
  person_basis,
  workspace_id,
  api_key_id,
  currency,
  [[exact:SUM(cost_usd) AS billed_usd]],
  [[dollars:0]] AS [[exact:seat_usd]],
  [[dollars:0]] AS [[exact:on_demand_usd]],
  [[dollars:0]] AS [[exact:over_included_usd]],
  [[dollars:0]] AS [[exact:unknown_kind_usd]],
  [[dollars:0]] AS [[exact:token_fee_usd]],
  MAX(ingestion_timestamp) AS ingestion_timestamp
FROM [[table:charges]]
WHERE vendor = 'anthropic' AND [[scope:account_id]]
GROUP BY activity_date, vendor, account_id, basis, platform, platform_basis, person, person_basis,
  workspace_id, api_key_id, currency
