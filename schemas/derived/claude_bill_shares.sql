-- Each line of claude_costs shared out among the API keys.
--
-- The lines of a day that are alike in workspace, model, cost type and token type are one pool, for the vendor's analytics
-- tell no more dimensions apart. Where they tell who used the pool, each of its lines is shared out by their amounts; what
-- they tell less than the pool stays a charge without a key. A share is what the line adds to the part of all lines before
-- it, so that those of a key add up to what is told of it. Else a line is shared out by the tokens of its token type that
-- the keys used in the same workspace, model, service tier and context window, and a line of web searches by their number
-- in the workspace. What nothing explains is a charge without a key. The shares of a line add up to it exactly.
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
    [[id:workspace_id, cost_type, token_type]] || CASE WHEN cost_type = 'tokens' THEN COALESCE(model, '') ELSE '' END AS pool,
    [[nanos:amount_usd]] AS cost_nanos,
    -- Divides tokens among lines that are alike: the amount, and one more, so that there always is a weight.
    CASE WHEN [[exact:amount_usd]] > 0 THEN [[nanos:amount_usd]] + 1 ELSE 1 END AS weight
  FROM [[table:claude_costs]]
  WHERE [[scope:organization_id]] AND money_from IS NULL
),
-- What the analytics tell of the pools.
told AS (
  SELECT
    organization_id,
    activity_date,
    row_id,
    COALESCE(api_key_id, '') AS key_of_row,
    [[id:workspace_id, cost_type, token_type]] || CASE WHEN cost_type = 'tokens' THEN COALESCE(model, '') ELSE '' END AS pool,
    [[nanos:amount_usd]] AS nanos
  FROM [[table:claude_analytics_costs]]
  WHERE [[scope:organization_id]] AND [[exact:amount_usd]] > 0 AND NOT [[of_claude_ai:product]]
),
told_upto AS (
  SELECT
    told.*,
    SUM(nanos) OVER (
      PARTITION BY organization_id, activity_date, pool ORDER BY row_id ROWS UNBOUNDED PRECEDING
    ) AS nanos_upto
  FROM told
),
billed AS (
  SELECT organization_id, activity_date, pool, SUM(cost_nanos) AS nanos
  FROM lines
  GROUP BY organization_id, activity_date, pool
),
-- Pools that the analytics share out, and what the amounts are parts of: of the bill, or of all that is told if that is more.
pools AS (
  SELECT
    all_told.organization_id,
    all_told.activity_date,
    all_told.pool,
    all_told.nanos AS told_nanos,
    CASE WHEN all_told.nanos > billed.nanos THEN all_told.nanos ELSE billed.nanos END AS whole_nanos
  FROM (
    SELECT organization_id, activity_date, pool, SUM(nanos) AS nanos
    FROM told
    GROUP BY organization_id, activity_date, pool
  ) AS all_told
  JOIN billed
    ON billed.organization_id = all_told.organization_id
    AND billed.activity_date = all_told.activity_date
    AND billed.pool = all_told.pool
  WHERE billed.nanos > 0
),
weighed AS (
  SELECT
    lines.*,
    pools.told_nanos,
    pools.whole_nanos,
    SUM(lines.cost_nanos) OVER (
      PARTITION BY lines.organization_id, lines.activity_date, lines.pool ORDER BY lines.row_id ROWS UNBOUNDED PRECEDING
    ) AS cost_upto,
    SUM(lines.weight) OVER (alike ORDER BY lines.row_id ROWS UNBOUNDED PRECEDING) AS weight_upto,
    SUM(lines.weight) OVER (alike) AS weight_of_all
  FROM lines
  LEFT JOIN pools
    ON pools.organization_id = lines.organization_id
    AND pools.activity_date = lines.activity_date
    AND pools.pool = lines.pool
  WINDOW alike AS (
    PARTITION BY lines.organization_id, lines.activity_date, lines.workspace_id, lines.cost_type, lines.model,
      lines.token_type, lines.service_tier, lines.context_window
  )
),
-- A line and a usage row that it is shared out to, or a line alone.
pairs AS (
  SELECT
    line.organization_id,
    line.activity_date,
    line.row_id AS cost_row_id,
    u.row_id AS usage_row_id,
    u.api_key_id,
    line.cost_nanos,
    line.whole_nanos,
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
    COALESCE(api_key_id, '') AS key_of_row,
    cost_nanos,
    units,
    whole_nanos IS NOT NULL AS is_told,
    [[share:units, weight, weight_upto, weight_of_all]] AS tokens
  FROM pairs
),
summed AS (
  SELECT
    divided.*,
    SUM(units) OVER (of_line ORDER BY usage_row_id ROWS UNBOUNDED PRECEDING) AS units_upto,
    SUM(units) OVER (of_line) AS units_of_all
  FROM divided
  WHERE NOT is_told
  WINDOW of_line AS (PARTITION BY organization_id, activity_date, cost_row_id)
),
-- Of a line that the analytics share out, what they tell of a key and what the key used stand side by side.
of_keys AS (
  SELECT
    organization_id,
    activity_date,
    cost_row_id,
    key_of_row,
    ROW_NUMBER() OVER (
      PARTITION BY organization_id, activity_date, cost_row_id, key_of_row ORDER BY usage_row_id
    ) AS place,
    usage_row_id,
    CAST(NULL AS [[type:text]]) AS analytics_row_id,
    tokens,
    CAST(NULL AS [[type:integer]]) AS share_nanos
  FROM divided
  WHERE is_told AND usage_row_id IS NOT NULL
  UNION ALL
  SELECT
    line.organization_id,
    line.activity_date,
    line.row_id,
    told.key_of_row,
    ROW_NUMBER() OVER (
      PARTITION BY line.organization_id, line.activity_date, line.row_id, told.key_of_row ORDER BY told.row_id
    ),
    CAST(NULL AS [[type:text]]),
    told.row_id,
    CAST(NULL AS [[type:integer]]),
    [[share:line.cost_upto, told.nanos, told.nanos_upto, line.whole_nanos]]
      - [[share:line.cost_upto - line.cost_nanos, told.nanos, told.nanos_upto, line.whole_nanos]]
  FROM weighed AS line
  JOIN told_upto AS told
    ON told.organization_id = line.organization_id
    AND told.activity_date = line.activity_date
    AND told.pool = line.pool
  WHERE line.whole_nanos IS NOT NULL
),
shares AS (
  SELECT
    organization_id,
    activity_date,
    cost_row_id,
    usage_row_id,
    CAST(NULL AS [[type:text]]) AS analytics_row_id,
    CASE WHEN usage_row_id IS NULL THEN 'residual' ELSE 'usage' END AS allocation,
    tokens,
    [[share:cost_nanos, units, units_upto, units_of_all]] AS share_nanos
  FROM summed
  UNION ALL
  SELECT
    organization_id,
    activity_date,
    cost_row_id,
    MAX(usage_row_id),
    MAX(analytics_row_id),
    'analytics',
    MAX(tokens),
    COALESCE(MAX(share_nanos), 0)
  FROM of_keys
  GROUP BY organization_id, activity_date, cost_row_id, key_of_row, place
  UNION ALL
  SELECT
    line.organization_id,
    line.activity_date,
    line.row_id,
    CAST(NULL AS [[type:text]]),
    CAST(NULL AS [[type:text]]),
    'residual',
    CAST(NULL AS [[type:integer]]),
    line.cost_nanos
      - [[part_of:line.cost_upto, line.told_nanos, line.whole_nanos]]
      + [[part_of:line.cost_upto - line.cost_nanos, line.told_nanos, line.whole_nanos]]
  FROM weighed AS line
  WHERE line.told_nanos < line.whole_nanos
),
-- By the line, the key or the analytics, whichever the earliest rule matched; where none did, by the product that these tell.
ruled AS (
  SELECT
    share.*,
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
    COALESCE(u.api_key_id, told.api_key_id) AS api_key_id,
    u.platform AS platform_of_key,
    u.platform_basis AS basis_of_key,
    told.platform AS platform_told,
    told.platform_basis AS basis_told,
    told.product,
    told.actor_email,
    [[nanos:told.amount_usd]] AS told_nanos,
    [[nanos:told.list_amount_usd]] AS list_nanos,
    CASE
      WHEN told.row_id IS NOT NULL
        AND (cost.platform_rank IS NULL OR told.platform_rank <= cost.platform_rank)
        AND (u.platform_rank IS NULL OR told.platform_rank <= u.platform_rank)
      THEN 'told'
      WHEN u.platform_rank < cost.platform_rank OR (cost.platform_rank IS NULL AND u.platform_rank IS NOT NULL) THEN 'key'
      ELSE 'line'
    END AS ruled_by
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
  LEFT JOIN [[table:claude_analytics_costs]] AS told
    ON told.organization_id = share.organization_id
    AND told.activity_date = share.activity_date
    AND told.row_id = share.analytics_row_id
    AND [[days:told.activity_date]]
  WHERE [[days:cost.activity_date]]
),
listed AS (
  SELECT ruled.*, [[part_of:share_nanos, list_nanos, told_nanos]] AS list_share_nanos
  FROM ruled
)
SELECT
  activity_date,
  'anthropic' AS vendor,
  organization_id AS account_id,
  cost_row_id || COALESCE(' ' || usage_row_id, '') || COALESCE(' told ' || analytics_row_id, '') AS charge_id,
  'usage' AS kind,
  'billed' AS billing,
  'cost_report' AS basis,
  CASE ruled_by WHEN 'told' THEN platform_told WHEN 'key' THEN platform_of_key ELSE platform_of_line END AS platform,
  CASE ruled_by WHEN 'told' THEN basis_told WHEN 'key' THEN basis_of_key ELSE basis_of_line END AS platform_basis,
  product,
  actor_email AS person,
  CASE WHEN actor_email IS NOT NULL THEN 'actor' END AS person_basis,
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
    WHEN allocation <> 'usage' THEN allocation
    WHEN cost_type = 'web_search' THEN 'web_searches'
    ELSE 'tokens'
  END AS allocation,
  CASE WHEN cost_type = 'web_search' THEN NULL ELSE tokens END AS tokens,
  currency,
  COALESCE([[dollars:share_nanos]], [[exact:amount_usd]]) AS [[exact:cost_usd]],
  [[dollars:list_share_nanos]] AS [[exact:list_cost_usd]],
  cost_row_id,
  usage_row_id,
  analytics_row_id,
  ingestion_timestamp
FROM listed
