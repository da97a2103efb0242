SELECT
  organization_id,
  activity_date AS expense_date,
  workspace_id,
  model,
  [[usd:SUM(CASE WHEN token_type = 'uncached_input_tokens' THEN amount_usd ELSE 0 END)]] AS input_usd,
  [[usd:SUM(CASE WHEN token_type = 'output_tokens' THEN amount_usd ELSE 0 END)]] AS output_usd,
  [[usd:SUM(CASE WHEN token_type = 'cache_read_input_tokens' THEN amount_usd ELSE 0 END)]] AS cache_read_usd,
  [[usd:SUM(CASE WHEN token_type IN ('cache_creation.ephemeral_5m_input_tokens', 'cache_creation.ephemeral_1h_input_tokens') THEN amount_usd ELSE 0 END)]] AS cache_write_usd,
  [[usd:SUM(CASE WHEN token_type IN ('uncached_input_tokens', 'output_tokens', 'cache_read_input_tokens', 'cache_creation.ephemeral_5m_input_tokens', 'cache_creation.ephemeral_1h_input_tokens') THEN 0 ELSE amount_usd END)]] AS other_usd,
  [[usd:SUM(amount_usd)]] AS total_usd
FROM [[table:claude_costs]]
GROUP BY organization_id, activity_date, workspace_id, model
