-- Each line of claude_costs shared out among the API keys by the tokens of its token type that they used in the same
-- organization, day, workspace, model, service tier and context window; a line of web searches by their number in the
-- workspace. What no usage explains stays one row without a key. The shares of a line add up to it exactly.
--
-- organization_id text: The Anthropic account, as the configuration names it.
-- expense_date date: The UTC day.
-- cost_row_id text: The line of claude_costs, by its row_id.
-- workspace_id text?: The workspace. Null is the default workspace.
-- api_key_id text?: The API key. Null is use of the console where `share_basis` is not `residual`, and nobody known
--   where it is.
-- usage_row_id text?: The row of claude_usage_tokens that explains the share, by its row_id. Null for a residual.
-- share_basis text: What the line was shared out by: `tokens`, `web_searches`, or `residual` for what no usage explains.
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
-- cost_usd money: The share of the line's amount.
-- platform text: `claude.ai`, `claude_code`, `claude_api`, `cursor` or `unattributed`: by the line or by the key, whichever
--   the earlier rule matched.
-- platform_basis text?: Id of the rule that decided it. Null when none matched.
-- ingestion_timestamp timestamp: When the line was made.
WITH lines AS (
  SELECT
    organization_id,
    activity_date,
    row_id,
    workspace_id,
    cost_type,
    model,
    token_type,
    service_tier,
    context_window,
    [[nanos:amount_usd]] AS cost_nanos,
    -- Divides tokens among lines that are alike: the amount, and one more, so that there always is a weight.
    CASE WHEN [[exact:amount_usd]] > 0 THEN [[nanos:amount_usd]] + 1 ELSE 1 END AS weight
  FROM [[table:claude_costs]]
),
weighed AS (
  SELECT
    lines.*,
    SUM(weight) OVER (alike ORDER BY row_id ROWS UNBOUNDED PRECEDING) AS weight_upto,
    SUM(weight) OVER (alike) AS weight_of_all
  FROM lines
  WINDOW alike AS (
    PARTITION BY organization_id, activity_date, workspace_id, cost_type, model, token_type, service_tier, context_window
  )
),
-- A line and a usage row that it is shared out to, or a line alone.
pairs AS (
  SELECT
    line.organization_id,
    line.activity_date,
    line.row_id AS cost_row_id,
    u.row_id AS usage_row_id,
    line.cost_nanos,
    line.weight,
    line.weight_upto,
    line.weight_of_all,
    CASE
      WHEN line.cost_type = 'web_search' THEN u.web_search_requests
      ELSE CASE line.token_type
        [[tokens:WHEN '{type}' THEN u.{column}]]
      END
    END AS units
  FROM weighed AS line
  LEFT JOIN [[table:claude_usage_tokens]] AS u
    ON u.organization_id = line.organization_id
    AND u.activity_date = line.activity_date
    AND COALESCE(u.workspace_id, '') = COALESCE(line.workspace_id, '')
    AND CASE
      WHEN line.cost_type = 'web_search' THEN u.web_search_requests
      WHEN COALESCE(u.model, '') = COALESCE(line.model, '')
        AND COALESCE(u.service_tier, '') = COALESCE(line.service_tier, '')
        AND COALESCE(u.context_window, '') = COALESCE(line.context_window, '')
      THEN CASE line.token_type
        [[tokens:WHEN '{type}' THEN u.{column}]]
      END
    END > 0
),
-- Few columns, for they are kept while the sums run.
divided AS (
  SELECT
    organization_id,
    activity_date,
    cost_row_id,
    usage_row_id,
    cost_nanos,
    units,
    [[share:units, weight, weight_upto, weight_of_all]] AS tokens
  FROM pairs
),
summed AS (
  SELECT
    divided.*,
    SUM(units) OVER (of_line ORDER BY usage_row_id ROWS UNBOUNDED PRECEDING) AS units_upto,
    SUM(units) OVER (of_line) AS units_of_all
  FROM divided
  WINDOW of_line AS (PARTITION BY organization_id, activity_date, cost_row_id)
),
shares AS (
  SELECT
    organization_id,
    activity_date,
    cost_row_id,
    usage_row_id,
    tokens,
    [[share:cost_nanos, units, units_upto, units_of_all]] AS share_nanos
  FROM summed
)
SELECT
  share.organization_id,
  share.activity_date AS expense_date,
  share.cost_row_id,
  cost.workspace_id,
  u.api_key_id,
  share.usage_row_id,
  CASE
    WHEN share.usage_row_id IS NULL THEN 'residual'
    WHEN cost.cost_type = 'web_search' THEN 'web_searches'
    ELSE 'tokens'
  END AS share_basis,
  CASE WHEN cost.cost_type = 'web_search' THEN NULL ELSE share.tokens END AS tokens,
  cost.model,
  cost.cost_type,
  cost.token_type,
  cost.service_tier,
  cost.context_window,
  cost.inference_geo,
  cost.description,
  cost.currency,
  COALESCE([[dollars:share.share_nanos]], [[exact:cost.amount_usd]]) AS [[exact:cost_usd]],
  CASE
    WHEN u.platform_rank < cost.platform_rank OR (cost.platform_rank IS NULL AND u.platform_rank IS NOT NULL) THEN u.platform
    ELSE cost.platform
  END AS platform,
  CASE
    WHEN u.platform_rank < cost.platform_rank OR (cost.platform_rank IS NULL AND u.platform_rank IS NOT NULL) THEN u.platform_basis
    ELSE cost.platform_basis
  END AS platform_basis,
  cost.ingestion_timestamp
FROM shares AS share
JOIN [[table:claude_costs]] AS cost
  ON cost.organization_id = share.organization_id
  AND cost.activity_date = share.activity_date
  AND cost.row_id = share.cost_row_id
LEFT JOIN [[table:claude_usage_tokens]] AS u
  ON u.organization_id = share.organization_id
  AND u.activity_date = share.activity_date
  AND u.row_id = share.usage_row_id
