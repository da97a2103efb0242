-- Tokens of the Claude API by organization and day, by no segmentation at all.
--
-- organization_id text: The Anthropic account, as the configuration names it.
-- activity_date date: The UTC day.
-- [[tokens]]
-- total_tokens integer: All of these.
-- web_search_requests integer: Web searches that models made.
-- ingestion_timestamp timestamp: When the latest of the rows was made.
SELECT
  organization_id,
  activity_date,
  [[tokens:SUM({column}) AS {column},]]
  SUM([[tokens:{column}| + ]]) AS total_tokens,
  SUM(web_search_requests) AS web_search_requests,
  MAX(ingestion_timestamp) AS ingestion_timestamp
FROM [[table:claude_usage_tokens]]
GROUP BY organization_id, activity_date
