-- Each line of claude_costs shared out among the API keys by the tokens of its token type that they used in the same
-- organization, day, workspace, model, service tier and context window; a line of web searches by their number in the
-- workspace. What no usage explains stays one charge without a key. The shares of a line add up to it exactly.
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
  WHERE [[scope:organization_id]]
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
    AND [[days:u.activity_date]]
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
),
-- By the line or by the key, whichever the earlier rule matched.
ruled AS (
  SELECT
    share.cost_row_id,
    share.usage_row_id,
    share.tokens,
    share.share_nanos,
    cost.organization_id,
    cost.activity_date,
    cost.workspace_id,
    cost.model,
    cost.cost_type,
    cost.token_type,
    cost.service_tier,
    cost.context_window,
    cost.inference_geo,
    cost.description,
    cost.currency,
    [[exact:cost.amount_usd]],
    cost.platform AS platform_of_line,
    cost.platform_basis AS basis_of_line,
    cost.ingestion_timestamp,
    u.api_key_id,
    u.platform AS platform_of_key,
    u.platform_basis AS basis_of_key,
    u.platform_rank < cost.platform_rank OR (cost.platform_rank IS NULL AND u.platform_rank IS NOT NULL) AS is_by_key
  FROM shares AS share
  JOIN [[table:claude_costs]] AS cost
    ON cost.organization_id = share.organization_id
    AND cost.activity_date = share.activity_date
    AND cost.row_id = share.cost_row_id
  LEFT JOIN [[table:claude_usage_tokens]] AS u
    ON u.organization_id = share.organization_id
    AND u.activity_date = share.activity_date
    AND u.row_id = share.usage_row_id
    AND [[days:u.activity_date]]
  WHERE [[days:cost.activity_date]]
)
SELECT
  activity_date,
  'anthropic' AS vendor,
  organization_id AS account_id,
  CASE WHEN usage_row_id IS NULL THEN cost_row_id ELSE cost_row_id || ' ' || usage_row_id END AS charge_id,
  'usage' AS kind,
  'billed' AS billing,
  'cost_report' AS basis,
  CASE WHEN is_by_key THEN platform_of_key ELSE platform_of_line END AS platform,
  CASE WHEN is_by_key THEN basis_of_key ELSE basis_of_line END AS platform_basis,
  CAST(NULL AS [[type:text]]) AS person,
  CAST(NULL AS [[type:text]]) AS unnamed_id,
  CAST(NULL AS [[type:text]]) AS user_id,
  CAST(NULL AS [[type:text]]) AS service_account_name,
  workspace_id,
  api_key_id,
  model,
  cost_type,
  token_type,
  service_tier,
  context_window,
  inference_geo,
  description,
  CASE
    WHEN usage_row_id IS NULL THEN 'residual'
    WHEN cost_type = 'web_search' THEN 'web_searches'
    ELSE 'tokens'
  END AS allocation,
  CASE WHEN cost_type = 'web_search' THEN NULL ELSE tokens END AS tokens,
  CAST(NULL AS [[type:integer]]) AS events,
  CAST(NULL AS [[type:integer]]) AS requests,
  CAST(NULL AS [[type:integer]]) AS request_micro_units,
  currency,
  COALESCE([[dollars:share_nanos]], [[exact:amount_usd]]) AS [[exact:cost_usd]],
  CAST(NULL AS [[type:money]]) AS [[exact:token_fee_usd]],
  CAST(NULL AS [[type:text]]) AS plan,
  CAST(NULL AS [[type:date]]) AS billing_cycle_start,
  CAST(NULL AS [[type:integer]]) AS included_requests,
  CAST(NULL AS [[type:money]]) AS [[exact:request_usd]],
  cost_row_id,
  usage_row_id,
  ingestion_timestamp
FROM ruled
