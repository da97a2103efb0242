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
--   used Claude, `file` that of an imported file, `creator` made the key, `user` is that of Cursor.
-- basis text: How the cost is known: `cost_report` is the vendor's bill, `analytics` what only the vendor's analytics report,
--   `spend_file` and `console_file` what a person has imported; else that of cursor_expenses.
-- cost_usd money: The cost.

SELECT
  expense_date,
  vendor,
  account_id,
  platform,
  person,
  person_basis,
  basis,
  [[exact:SUM(cost_usd) AS cost_usd]]
FROM [[table:ai_spend_owners]]
WHERE vendor = 'anthropic'
GROUP BY expense_date, vendor, account_id, platform, person, person_basis, basis
UNION ALL
-- A person with one address has one row a day there already: nothing is sorted.
SELECT
  activity_date,
  vendor,
  account_id,
  platform,
  person,
  'user',
  basis,
  [[exact:seat_usd + on_demand_usd + over_included_usd + unknown_kind_usd]]
FROM [[table:spend_daily]]
WHERE vendor = 'cursor'
  AND person IS NOT NULL
  AND person NOT IN (SELECT address FROM [[table:people_alias_periods]])
  AND person NOT IN (SELECT email FROM [[table:people_alias_periods]])
UNION ALL
SELECT
  spend.activity_date,
  spend.vendor,
  spend.account_id,
  spend.platform,
  COALESCE(alias.email, spend.person),
  CASE WHEN spend.person IS NOT NULL THEN 'user' END,
  spend.basis,
  [[exact:SUM(spend.seat_usd + spend.on_demand_usd + spend.over_included_usd + spend.unknown_kind_usd)]]
FROM [[table:spend_daily]] AS spend
LEFT JOIN [[table:people_alias_periods]] AS alias
  ON alias.address = spend.person
  AND (alias.valid_from IS NULL OR alias.valid_from <= spend.activity_date)
  AND (alias.valid_to IS NULL OR alias.valid_to >= spend.activity_date)
WHERE spend.vendor = 'cursor'
  AND (
    spend.person IS NULL
    OR spend.person IN (SELECT address FROM [[table:people_alias_periods]])
    OR spend.person IN (SELECT email FROM [[table:people_alias_periods]])
  )
GROUP BY
  spend.activity_date,
  spend.vendor,
  spend.account_id,
  spend.platform,
  COALESCE(alias.email, spend.person),
  CASE WHEN spend.person IS NOT NULL THEN 'user' END,
  spend.basis
