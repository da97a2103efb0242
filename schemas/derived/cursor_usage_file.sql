-- What one person used of a model in Cursor on a day by the usage file of the dashboard, by who pays for it, on days of which
-- the API reports no events.
WITH events AS (
  SELECT
    told.account_id,
    told.activity_date,
    told.email,
    told.model,
    CASE WHEN told.billing IN ('on_demand', 'own_key') THEN 'billed' ELSE told.billing END AS billing,
    -- Of use with an own key the vendor charges its fee alone, which the file does not have.
    CASE WHEN told.billing IN ('not_charged', 'own_key') THEN 0 ELSE COALESCE([[nanos:told.cost_usd]], 0) END AS charge_nanos,
    told.ingestion_timestamp
  FROM [[table:cursor_imported_events]] AS told
  LEFT JOIN [[table:coverage]] AS loaded
    ON loaded.source = 'cursor/usage_events'
    AND loaded.snapshot_id IS NOT NULL
    AND loaded.account_id = told.account_id
    AND loaded.activity_date = told.activity_date
    AND [[days:loaded.activity_date]]
  WHERE [[scope:told.account_id]] AND loaded.activity_date IS NULL
)
SELECT
  activity_date,
  'cursor' AS vendor,
  account_id,
  'usage_file ' || billing || ' ' || [[id:email, model]] AS charge_id,
  'usage' AS kind,
  billing,
  'usage_file' AS basis,
  'cursor' AS platform,
  'vendor' AS platform_basis,
  email AS person,
  model,
  COUNT(*) AS events,
  'USD' AS currency,
  [[dollars:SUM(charge_nanos)]] AS [[exact:cost_usd]],
  MAX(ingestion_timestamp) AS ingestion_timestamp
FROM events
GROUP BY account_id, activity_date, email, model, billing
