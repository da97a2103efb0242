-- What Claude cost an organization on a day, by no segmentation at all: the sum of what was billed.
--
-- organization_id text: The Anthropic account, as the configuration names it.
-- expense_date date: The UTC day.
-- cost_usd money: The cost.
-- currency text: Currency as the vendor says it; `USD` today.
-- ingestion_timestamp timestamp: When the latest of the lines was made.
SELECT
  organization_id,
  activity_date AS expense_date,
  [[exact:SUM(amount_usd) AS cost_usd]],
  currency,
  MAX(ingestion_timestamp) AS ingestion_timestamp
FROM [[table:claude_costs]]
GROUP BY organization_id, activity_date, currency
