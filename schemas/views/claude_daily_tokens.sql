-- Tokens of the Claude API by organization and day, by no segmentation at all.
--
-- organization_id text: The Anthropic account, as the configuration names it.
-- activity_date date: The UTC day.
-- uncached_input_tokens integer: Input tokens that no cache served.
-- cache_read_input_tokens integer: Input tokens read from the cache.
-- cache_creation_ephemeral_5m_input_tokens integer: Input tokens written to the cache for five minutes.
-- cache_creation_ephemeral_1h_input_tokens integer: Input tokens written to the cache for an hour.
-- output_tokens integer: Output tokens.
-- total_tokens integer: All of these.
-- web_search_requests integer: Web searches that models made.
-- ingestion_timestamp timestamp: When the latest of the rows was made.
SELECT
  organization_id,
  activity_date,
  SUM(uncached_input_tokens) AS uncached_input_tokens,
  SUM(cache_read_input_tokens) AS cache_read_input_tokens,
  SUM(cache_creation_ephemeral_5m_input_tokens) AS cache_creation_ephemeral_5m_input_tokens,
  SUM(cache_creation_ephemeral_1h_input_tokens) AS cache_creation_ephemeral_1h_input_tokens,
  SUM(output_tokens) AS output_tokens,
  SUM(
    uncached_input_tokens + cache_read_input_tokens + cache_creation_ephemeral_5m_input_tokens
    + cache_creation_ephemeral_1h_input_tokens + output_tokens
  ) AS total_tokens,
  SUM(web_search_requests) AS web_search_requests,
  MAX(ingestion_timestamp) AS ingestion_timestamp
FROM [[table:claude_usage_tokens]]
GROUP BY organization_id, activity_date
