-- What Claude cost by API key and model, with the tokens and with the people: the shares of claude_cost_shares. Whatever no
-- usage explains is there without a key, so the sum is the bill. Tokens that no line bills, such as those of
-- the priority tier, are only in claude_usage_tokens.
--
-- organization_id text: The Anthropic account, as the configuration names it.
-- expense_date date: The UTC day.
-- workspace_id text?: The workspace. Null is the default workspace.
-- workspace_name text?: Its name, `Default` for the default one. Null while the list of workspaces does not have it.
-- api_key_id text?: The API key. Null is use of the console where `share_basis` is not `residual`, and nobody known
--   where it is.
-- key_name text?: Name of the key; neither unique nor stable.
-- owner_email text?: Who owns the key on that day: as the latest upload says, else who created it. Null when nobody is
--   known.
-- owner_basis text?: How the owner is known: `upload` or `creator`.
-- owner_team text?: The owner's team, as the upload says.
-- model text?: Model, for token lines.
-- cost_type text?: `tokens`, `web_search`, `code_execution`, `session_usage` or what the vendor adds.
-- token_type text?: Token type, for token lines.
-- service_tier text?: `standard`, `batch` or what the vendor adds.
-- context_window text?: `0-200k`, `200k-1M` or what the vendor adds.
-- tokens integer?: Tokens of the token type. Null where the cost is not shared out by tokens.
-- cost_usd money: The cost.
-- currency text: Currency as the vendor says it; `USD` today.
-- share_basis text: What the cost was shared out by: `analytics`, `tokens`, `web_searches`, or `residual` for what nothing
--   explains.
-- platform text: `claude.ai`, `claude_code`, `claude_api`, `cursor` or `unattributed`.
-- platform_basis text?: Id of the attribution rule that decided the platform, with ` (workspace_name)` where it went by
--   that. Null when none matched.
-- ingestion_timestamp timestamp: When the line was made.
SELECT
  expense.organization_id,
  expense.expense_date,
  expense.workspace_id,
  CASE WHEN expense.workspace_id IS NULL OR workspace.is_default THEN 'Default' ELSE workspace.name END AS workspace_name,
  expense.api_key_id,
  api_key.name AS key_name,
  COALESCE(owner.owner_email, creator.email) AS owner_email,
  CASE
    WHEN owner.owner_email IS NOT NULL THEN 'upload'
    WHEN creator.email IS NOT NULL THEN 'creator'
  END AS owner_basis,
  owner.team AS owner_team,
  expense.model,
  expense.cost_type,
  expense.token_type,
  expense.service_tier,
  expense.context_window,
  expense.tokens,
  [[exact:expense.cost_usd]],
  expense.currency,
  expense.share_basis,
  expense.platform,
  expense.platform_basis,
  expense.ingestion_timestamp
FROM [[table:claude_cost_shares]] AS expense
LEFT JOIN [[table:dim_workspaces]] AS workspace
  ON workspace.organization_id = expense.organization_id
  AND workspace.workspace_id = expense.workspace_id
LEFT JOIN [[table:dim_api_keys]] AS api_key
  ON api_key.organization_id = expense.organization_id
  AND api_key.api_key_id = expense.api_key_id
LEFT JOIN [[table:api_key_owner_periods]] AS owner
  ON owner.organization_id = expense.organization_id
  AND owner.api_key_id = expense.api_key_id
  AND (owner.valid_from IS NULL OR owner.valid_from <= expense.expense_date)
  AND (owner.valid_until IS NULL OR owner.valid_until > expense.expense_date)
LEFT JOIN [[table:dim_users]] AS creator
  ON creator.organization_id = api_key.organization_id
  AND creator.user_id = api_key.created_by_id
