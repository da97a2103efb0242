-- What Claude cost by platform: the lines of claude_costs, shared out among the API keys as in claude_cost_shares, so that
-- a rule by key moves money; and what only the vendor's analytics report, such as use of claude.ai.
--
-- organization_id text: The Anthropic account, as the configuration names it.
-- expense_date date: The UTC day.
-- platform text: `claude.ai`, `claude_code`, `claude_api`, `cursor` or `unattributed`.
-- platform_basis text?: Id of the attribution rule that decided the platform, with ` (workspace_name)` where it went by
--   that; `product` when the vendor's product did. Null when nothing did.
-- workspace_id text?: The workspace. Null is the default workspace.
-- workspace_name text?: Its name, `Default` for the default one. Null while the list of workspaces does not have it.
-- api_key_id text?: The API key that the money is shared out to. Null is use of the console, or a line that no usage explains.
-- model text?: Model, for token lines.
-- cost_usd money: The cost.
-- cost_type text?: `tokens`, `web_search`, `code_execution`, `session_usage` or what the vendor adds.
-- token_type text?: Token type, for token lines.
-- service_tier text?: `standard`, `batch` or what the vendor adds.
-- description text?: The vendor's description of the line.
-- currency text: Currency as the vendor says it; `USD` today.
-- ingestion_timestamp timestamp: When the line was made.
SELECT
  share.account_id AS organization_id,
  share.activity_date AS expense_date,
  share.platform,
  share.platform_basis,
  share.workspace_id,
  CASE WHEN share.workspace_id IS NULL OR workspace.is_default THEN 'Default' ELSE workspace.name END AS workspace_name,
  share.api_key_id,
  share.model,
  [[exact:share.cost_usd]],
  share.cost_type,
  share.token_type,
  share.service_tier,
  share.description,
  share.currency,
  share.ingestion_timestamp
FROM [[table:charges]] AS share
LEFT JOIN [[table:dim_workspaces]] AS workspace
  ON workspace.organization_id = share.account_id
  AND workspace.workspace_id = share.workspace_id
WHERE share.vendor = 'anthropic' AND share.basis IN ('cost_report', 'analytics')
