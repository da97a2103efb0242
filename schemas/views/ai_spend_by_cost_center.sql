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
  spend.expense_date,
  spend.vendor,
  spend.account_id,
  spend.platform,
  COALESCE(person.cost_center, 'unassigned') AS cost_center,
  CASE WHEN person.cost_center IS NOT NULL THEN 'person' END AS cost_center_basis,
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
  COALESCE(person.cost_center, 'unassigned'),
  CASE WHEN person.cost_center IS NOT NULL THEN 'person' END,
  spend.basis
