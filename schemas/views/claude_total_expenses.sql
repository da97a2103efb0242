SELECT
  organization_id,
  activity_date AS expense_date,
  [[usd:SUM(amount_usd)]] AS cost_usd,
  currency,
  MAX(ingestion_timestamp) AS ingestion_timestamp
FROM [[table:claude_costs]]
GROUP BY organization_id, activity_date, currency
