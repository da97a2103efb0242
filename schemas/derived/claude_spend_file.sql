-- What the admin console's spend file says of people, a day's share of its period. Where the vendor's API reports the same,
-- that counts: any money of claude.ai on the day stands for all of it, else a product that the analytics are charged for
-- stands for itself, and the bill for use of the API.
WITH of_api AS (
  SELECT
    api.organization_id,
    api.activity_date,
    api.product,
    MAX(CASE WHEN [[of_claude_ai:api.product]] THEN 1 ELSE 0 END) AS is_claude_ai
  FROM [[table:claude_analytics_costs]] AS api
  LEFT JOIN ([[first_bills]]) AS bill
    ON bill.account_id = api.organization_id
  WHERE [[scope:api.organization_id]]
    AND ([[of_claude_ai:api.product]] OR bill.first_day IS NULL OR api.activity_date < bill.first_day OR api.money_from IS NOT NULL)
  GROUP BY api.organization_id, api.activity_date, api.product
),
days_of_claude_ai AS (
  SELECT DISTINCT organization_id, activity_date
  FROM of_api
  WHERE is_claude_ai = 1
)
SELECT
  told.activity_date,
  'anthropic' AS vendor,
  told.organization_id AS account_id,
  'spend_file ' || told.row_id AS charge_id,
  'usage' AS kind,
  'billed' AS billing,
  'spend_file' AS basis,
  told.platform,
  told.platform_basis,
  told.product,
  told.email AS person,
  CASE WHEN told.email IS NOT NULL THEN 'file' END AS person_basis,
  told.model,
  'days' AS allocation,
  'USD' AS currency,
  [[exact:told.net_usd AS cost_usd]],
  [[exact:told.gross_usd AS list_cost_usd]],
  told.ingestion_timestamp
FROM [[table:claude_imported_spend]] AS told
LEFT JOIN days_of_claude_ai AS claude_ai
  ON claude_ai.organization_id = told.organization_id
  AND claude_ai.activity_date = told.activity_date
LEFT JOIN of_api AS same
  ON same.organization_id = told.organization_id
  AND same.activity_date = told.activity_date
  AND same.product = told.product
LEFT JOIN [[table:coverage]] AS bill
  ON bill.source = 'anthropic/cost_report'
  AND bill.snapshot_id IS NOT NULL
  AND bill.account_id = told.organization_id
  AND bill.activity_date = told.activity_date
  AND [[days:bill.activity_date]]
WHERE [[scope:told.organization_id]]
  AND claude_ai.activity_date IS NULL
  AND same.activity_date IS NULL
  AND (bill.activity_date IS NULL OR told.platform <> 'claude_api')
