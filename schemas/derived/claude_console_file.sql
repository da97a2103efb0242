-- What the console's cost file says of keys, on days that no API reports: neither the bill, nor analytics that stand for it.
WITH of_api AS (
  SELECT DISTINCT api.organization_id, api.activity_date
  FROM [[table:claude_analytics_costs]] AS api
  LEFT JOIN ([[first_bills]]) AS bill
    ON bill.account_id = api.organization_id
  WHERE [[scope:api.organization_id]]
    AND NOT [[of_claude_ai:api.product]]
    AND (bill.first_day IS NULL OR api.activity_date < bill.first_day OR api.money_from IS NOT NULL)
)
SELECT
  told.activity_date,
  'anthropic' AS vendor,
  told.organization_id AS account_id,
  'console_file ' || told.row_id AS charge_id,
  'usage' AS kind,
  'billed' AS billing,
  'console_file' AS basis,
  told.platform,
  told.platform_basis,
  -- The file has no ids of workspaces.
  told.workspace_name AS workspace_id,
  told.api_key_id,
  told.model,
  told.cost_type,
  told.token_type,
  told.context_window,
  told.inference_geo,
  'USD' AS currency,
  [[exact:told.amount_usd AS cost_usd]],
  [[exact:told.list_amount_usd AS list_cost_usd]],
  told.ingestion_timestamp
FROM [[table:claude_imported_costs]] AS told
LEFT JOIN of_api AS same
  ON same.organization_id = told.organization_id
  AND same.activity_date = told.activity_date
LEFT JOIN [[table:coverage]] AS bill
  ON bill.source = 'anthropic/cost_report'
  AND bill.snapshot_id IS NOT NULL
  AND bill.account_id = told.organization_id
  AND bill.activity_date = told.activity_date
  AND [[days:bill.activity_date]]
WHERE [[scope:told.organization_id]]
  AND same.activity_date IS NULL
  AND bill.activity_date IS NULL
