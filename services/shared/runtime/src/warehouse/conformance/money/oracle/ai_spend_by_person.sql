-- What AI costs on a day by person, both vendors in one place; what nobody is known for stays a row without a person, so
-- the sum is that of ai_spend_daily. A person with several addresses, as the file of people says, is one person.
--
-- expense_date date: The UTC day.
-- vendor text: `anthropic` or `cursor`.
-- account_id text: The account, as the configuration names it.
-- platform text: `claude.ai`, `claude_code`, `claude_api`, `cursor` or `unattributed`.
-- person text?: Main e-mail address of the API key's owner, else of whom the vendor says used Claude, else of who made the
--   key; or of the Cursor user. Null when nobody is known.
-- person_basis text?: How the person is known: `upload` names the owner of the key, `actor` is the vendor's own word of who
--   used Claude, `creator` made the key, `user` is that of Cursor.
-- basis text: How the cost is known: `cost_report` is the vendor's bill, `analytics` what only the vendor's analytics report;
--   else that of cursor_expenses.
-- cost_usd money: The cost.
SELECT
  expense_date,
  vendor,
  spent.account_id,
  platform,
  COALESCE(alias.email, spent.person) AS person,
  person_basis,
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
GROUP BY 1, 2, 3, 4, 5, 6, 7
