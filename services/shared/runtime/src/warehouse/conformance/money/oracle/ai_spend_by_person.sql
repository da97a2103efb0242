-- What AI costs on a day by person, both vendors in one place; what nobody is known for stays a row without a person, so
-- the sum is that of ai_spend_daily.
--
-- expense_date date: The UTC day.
-- vendor text: `anthropic` or `cursor`.
-- account_id text: The account, as the configuration names it.
-- platform text: `claude.ai`, `claude_code`, `claude_api`, `cursor` or `unattributed`.
-- person text?: E-mail address of the API key's owner or of the Cursor user. Null when nobody is known.
-- person_basis text?: How the person is known: `upload` or `creator` of the key, or `user` of Cursor.
-- basis text: How the cost is known: `cost_report` is the vendor's bill; else that of cursor_expenses.
-- cost_usd money: The cost.
SELECT
  expense_date,
  'anthropic' AS vendor,
  organization_id AS account_id,
  platform,
  owner_email AS person,
  owner_basis AS person_basis,
  'cost_report' AS basis,
  [[exact:SUM(cost_usd) AS cost_usd]]
FROM [[table:api_usage_expenses]]
GROUP BY expense_date, organization_id, platform, owner_email, owner_basis
UNION ALL
SELECT
  expense_date,
  'cursor',
  account_id,
  platform,
  email,
  CASE WHEN email IS NOT NULL THEN 'user' END,
  basis,
  [[exact:SUM(total_usd)]]
FROM [[table:cursor_expenses]]
GROUP BY expense_date, account_id, platform, email, basis
