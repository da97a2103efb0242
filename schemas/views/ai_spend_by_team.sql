-- What AI costs on a day by team, both vendors in one place; what no team is known for is `unassigned`, so the sum is
-- that of ai_spend_daily.
--
-- expense_date date: The UTC day.
-- vendor text: `anthropic` or `cursor`.
-- account_id text: The account, as the configuration names it.
-- platform text: `claude.ai`, `claude_code`, `claude_api`, `cursor` or `unattributed`.
-- team text: Team: of the key, as the file of owners says; else of the person on that day, as the file of people says; else
--   `unassigned`.
-- team_basis text?: How the team is known: `key` or `person`. Null where it is not.
-- basis text: How the cost is known: `cost_report` is the vendor's bill, `analytics` what only the vendor's analytics report;
--   else that of cursor_expenses.
-- cost_usd money: The cost.

SELECT
  spend.expense_date,
  spend.vendor,
  spend.account_id,
  spend.platform,
  COALESCE(spend.key_team, person.team, 'unassigned') AS team,
  CASE
    WHEN spend.key_team IS NOT NULL THEN 'key'
    WHEN person.team IS NOT NULL THEN 'person'
  END AS team_basis,
  spend.basis,
  [[exact:SUM(spend.cost_usd) AS cost_usd]]
FROM [[table:ai_spend_owners]] AS spend
LEFT JOIN [[table:people_periods]] AS person
  ON person.email = spend.person
  AND (person.valid_from IS NULL OR person.valid_from <= spend.expense_date)
  AND (person.valid_to IS NULL OR person.valid_to >= spend.expense_date)
GROUP BY
  spend.expense_date,
  spend.vendor,
  spend.account_id,
  spend.platform,
  COALESCE(spend.key_team, person.team, 'unassigned'),
  CASE
    WHEN spend.key_team IS NOT NULL THEN 'key'
    WHEN person.team IS NOT NULL THEN 'person'
  END,
  spend.basis
