-- Each line of claude_costs shared out among the API keys: as the vendor's analytics tell it for all lines of the day of the
-- same workspace, model, cost type and token type; where they tell nothing of these, by the tokens of the line's token type
-- that the keys used in the same workspace, model, service tier and context window, and a line of web searches by their
-- number in the workspace. What nothing explains stays a row without a key. The shares of a line add up to it exactly.
--
-- organization_id text: The Anthropic account, as the configuration names it.
-- expense_date date: The UTC day.
-- cost_row_id text: The line of claude_costs, by its row_id.
-- workspace_id text?: The workspace. Null is the default workspace.
-- api_key_id text?: The API key. Null is use of the console where `share_basis` is not `residual`, and nobody known
--   where it is.
-- usage_row_id text?: The row of claude_usage_tokens with the tokens of the share, by its row_id.
-- share_basis text: What the line was shared out by: `analytics`, `tokens`, `web_searches`, or `residual` for what nothing
--   explains.
-- tokens integer?: Tokens of the token type. Where several lines are for the same tokens, as with two places of inference,
--   they are divided among the lines by amount, so that they add up too. Null for lines that are not shared out by tokens.
-- model text?: Model, for token lines.
-- cost_type text?: `tokens`, `web_search`, `code_execution`, `session_usage` or what the vendor adds.
-- token_type text?: Token type, for token lines.
-- service_tier text?: `standard`, `batch` or what the vendor adds.
-- context_window text?: `0-200k`, `200k-1M` or what the vendor adds.
-- inference_geo text?: `global`, `us`, `not_available`.
-- description text?: The vendor's description of the line.
-- currency text: Currency as the vendor says it; `USD` today.
-- cost_usd money: The share of the line's amount. Zero for tokens that the analytics tell no cost of.
-- platform text: `claude.ai`, `claude_code`, `claude_api`, `cursor` or `unattributed`: by the line or by the key, whichever
--   the earlier rule matched; where none did, by the product that the analytics tell.
-- platform_basis text?: Id of the rule that decided it; `product` when the product did. Null when nothing did.
-- ingestion_timestamp timestamp: When the line was made.

SELECT
  account_id AS organization_id,
  activity_date AS expense_date,
  cost_row_id,
  workspace_id,
  api_key_id,
  usage_row_id,
  allocation AS share_basis,
  tokens,
  model,
  cost_type,
  token_type,
  service_tier,
  context_window,
  inference_geo,
  description,
  currency,
  [[exact:cost_usd]],
  platform,
  platform_basis,
  ingestion_timestamp
FROM [[table:charges]]
WHERE vendor = 'anthropic' AND basis = 'cost_report'
