-- What AI costs on a day, both vendors in one place: what Anthropic bills, and what Cursor costs. No estimate and no other
-- telling of the same money is added.
--
-- expense_date date: The UTC day.
-- vendor text: `anthropic` or `cursor`.
-- account_id text: The account, as the configuration names it.
-- platform text: `claude.ai`, `claude_code`, `claude_api`, `cursor` or `unattributed`.
-- basis text: How the cost is known: `cost_report` is the vendor's bill; else that of cursor_expenses.
-- cost_usd money: The cost.
SELECT
  expense_date,
  'anthropic' AS vendor,
  organization_id AS account_id,
  platform,
  'cost_report' AS basis,
  [[exact:SUM(cost_usd) AS cost_usd]]
FROM [[table:claude_expenses]]
GROUP BY expense_date, organization_id, platform
UNION ALL
SELECT
  expense_date,
  'cursor',
  account_id,
  platform,
  basis,
  [[exact:SUM(total_usd)]]
FROM [[table:cursor_expenses]]
GROUP BY expense_date, account_id, platform, basis
