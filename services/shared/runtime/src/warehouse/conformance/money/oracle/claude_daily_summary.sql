-- What Claude cost by day, workspace and model, split by kind of token.
--
-- organization_id text: The Anthropic account, as the configuration names it.
-- expense_date date: The UTC day.
-- workspace_id text?: The workspace. Null is the default workspace.
-- workspace_name text?: Its name, `Default` for the default one. Null while the list of workspaces does not have it.
-- model text?: Model; null for lines that are not of tokens.
-- input_usd money: Input tokens that no cache served.
-- output_usd money: Output tokens.
-- cache_read_usd money: Input tokens read from the cache.
-- cache_write_usd money: Input tokens written to the cache, for five minutes or an hour.
-- other_usd money: Everything that is no known kind of token.
-- total_usd money: All of these.
WITH lines AS (
  SELECT
    organization_id,
    activity_date AS expense_date,
    workspace_id,
    model,
    CASE token_type
      [[tokens:WHEN '{type}' THEN '{kind}']]
      ELSE 'other'
    END AS kind,
    [[exact:amount_usd]]
  FROM [[table:claude_costs]]
),
summary AS (
  SELECT
    organization_id,
    expense_date,
    workspace_id,
    model,
    [[exact:SUM(CASE WHEN kind = 'input' THEN amount_usd ELSE 0 END) AS input_usd]],
    [[exact:SUM(CASE WHEN kind = 'output' THEN amount_usd ELSE 0 END) AS output_usd]],
    [[exact:SUM(CASE WHEN kind = 'cache_read' THEN amount_usd ELSE 0 END) AS cache_read_usd]],
    [[exact:SUM(CASE WHEN kind = 'cache_write' THEN amount_usd ELSE 0 END) AS cache_write_usd]],
    [[exact:SUM(CASE WHEN kind = 'other' THEN amount_usd ELSE 0 END) AS other_usd]],
    [[exact:SUM(amount_usd) AS total_usd]]
  FROM lines
  GROUP BY organization_id, expense_date, workspace_id, model
)
SELECT
  summary.organization_id,
  summary.expense_date,
  summary.workspace_id,
  CASE WHEN summary.workspace_id IS NULL OR workspace.is_default THEN 'Default' ELSE workspace.name END AS workspace_name,
  summary.model,
  [[exact:summary.input_usd]],
  [[exact:summary.output_usd]],
  [[exact:summary.cache_read_usd]],
  [[exact:summary.cache_write_usd]],
  [[exact:summary.other_usd]],
  [[exact:summary.total_usd]]
FROM summary
LEFT JOIN [[table:dim_workspaces]] AS workspace
  ON workspace.organization_id = summary.organization_id
  AND workspace.workspace_id = summary.workspace_id
