SELECT
  organization_id,
  activity_date AS expense_date,
  platform,
  platform_basis,
  workspace_id,
  CAST(NULL AS [[type:text]]) AS api_key_id,
  model,
  [[usd:amount_usd]] AS cost_usd,
  cost_type,
  token_type,
  service_tier,
  description,
  currency,
  ingestion_timestamp
FROM [[table:claude_costs]]
