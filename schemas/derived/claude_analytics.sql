-- What only the vendor's analytics report: use of claude.ai, which the cost report can't hold, and all use of days before the
-- first that the cost report ever answered for the account, or from which on the configuration says that the analytics decide.
SELECT
  told.activity_date,
  'anthropic' AS vendor,
  told.organization_id AS account_id,
  'analytics ' || told.row_id AS charge_id,
  'usage' AS kind,
  'billed' AS billing,
  'analytics' AS basis,
  told.platform,
  told.platform_basis,
  told.product,
  told.actor_email AS person,
  CASE WHEN told.actor_email IS NOT NULL THEN 'actor' END AS person_basis,
  told.workspace_id,
  told.api_key_id,
  told.model,
  told.cost_type,
  told.token_type,
  told.currency,
  [[exact:told.amount_usd AS cost_usd]],
  [[exact:told.list_amount_usd AS list_cost_usd]],
  told.row_id AS analytics_row_id,
  told.ingestion_timestamp
FROM [[table:claude_analytics_costs]] AS told
LEFT JOIN ([[first_bills]]) AS bill
  ON bill.account_id = told.organization_id
WHERE [[scope:told.organization_id]]
  AND ([[of_claude_ai:told.product]] OR bill.first_day IS NULL OR told.activity_date < bill.first_day OR told.money_from IS NOT NULL)
