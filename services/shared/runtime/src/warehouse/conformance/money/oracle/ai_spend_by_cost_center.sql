-- What AI costs on a day by cost center, both vendors in one place; what no cost center is known for is `unassigned`, so the sum is
-- that of ai_spend_daily.
--
-- expense_date date: The UTC day.
-- vendor text: `anthropic` or `cursor`.
-- account_id text: The account, as the configuration names it.
-- platform text: `claude.ai`, `claude_code`, `claude_api`, `cursor` or `unattributed`.
-- cost_center text: Cost center of the person on that day, as the file of people says; else `unassigned`.
-- cost_center_basis text?: How the cost center is known: `person`. Null where it is not.
-- basis text: How the cost is known: `cost_report` is the vendor's bill, `analytics` what only the vendor's analytics report;
--   else that of cursor_expenses.
-- cost_usd money: The cost.
SELECT
  expense_date,
  vendor,
  spent.account_id,
  platform,
  COALESCE(of_day.cost_center, 'unassigned') AS cost_center,
  CASE WHEN of_day.cost_center IS NOT NULL THEN 'person' END AS cost_center_basis,
  basis,
  [[exact:SUM(cost_usd) AS cost_usd]]
FROM (
  SELECT
    expense_date,
    'anthropic' AS vendor,
    organization_id AS account_id,
    platform,
    owner_email AS person,
    owner_basis AS person_basis,
    owner_team AS key_team,
    'cost_report' AS basis,
    [[exact:cost_usd]]
  FROM [[table:api_usage_expenses]]
  UNION ALL
  SELECT
    expense_date,
    'cursor',
    account_id,
    platform,
    email,
    CASE WHEN email IS NOT NULL THEN 'user' END,
    NULL,
    basis,
    [[exact:total_usd]]
  FROM [[table:cursor_expenses]]
) AS spent
LEFT JOIN [[table:people_aliases]] AS alias
  ON alias.address = spent.person
  AND alias.last_seen_at = (SELECT MAX(last_seen_at) FROM [[table:people]])
  AND spent.expense_date BETWEEN COALESCE(alias.valid_from, '0001-01-01') AND COALESCE(alias.valid_to, '9999-12-31')
LEFT JOIN [[table:people]] AS of_day
  ON of_day.email = COALESCE(alias.email, spent.person)
  AND of_day.last_seen_at = (SELECT MAX(last_seen_at) FROM [[table:people]])
  AND spent.expense_date BETWEEN COALESCE(of_day.valid_from, '0001-01-01') AND COALESCE(of_day.valid_to, '9999-12-31')
GROUP BY 1, 2, 3, 4, 5, 6, 7
