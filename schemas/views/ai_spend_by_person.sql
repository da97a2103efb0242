-- What AI costs on a day by person, both vendors in one place; what nobody is known for stays a row without a person, so
-- the sum is that of ai_spend_daily.
--
-- expense_date date: The UTC day.
-- vendor text: `anthropic` or `cursor`.
-- account_id text: The account, as the configuration names it.
-- platform text: `claude.ai`, `claude_code`, `claude_api`, `cursor` or `unattributed`.
-- person text?: E-mail address of the API key's owner, else of whom the vendor says used Claude, or of the Cursor user. Null
--   when nobody is known.
-- person_basis text?: How the person is known: `upload` names the owner of the key, `actor` is the vendor's own word of who
--   used Claude, `file` that of an imported file, `creator` made the key, `user` is that of Cursor.
-- basis text: How the cost is known: `cost_report` is the vendor's bill, `analytics` what only the vendor's analytics report,
--   `spend_file` and `console_file` what a person has imported; else that of cursor_expenses.
-- cost_usd money: The cost.

SELECT
  spend.activity_date AS expense_date,
  spend.vendor,
  spend.account_id,
  spend.platform,
  COALESCE(owner.owner_email, spend.person, creator.email) AS person,
  CASE
    WHEN owner.owner_email IS NOT NULL THEN 'upload'
    WHEN spend.person IS NOT NULL THEN spend.person_basis
    WHEN creator.email IS NOT NULL THEN 'creator'
  END AS person_basis,
  spend.basis,
  [[exact:SUM(spend.billed_usd) AS cost_usd]]
FROM [[table:spend_daily]] AS spend
LEFT JOIN [[table:dim_api_keys]] AS api_key
  ON api_key.organization_id = spend.account_id
  AND api_key.api_key_id = spend.api_key_id
LEFT JOIN [[table:api_key_owner_periods]] AS owner
  ON owner.organization_id = spend.account_id
  AND owner.api_key_id = spend.api_key_id
  AND (owner.valid_from IS NULL OR owner.valid_from <= spend.activity_date)
  AND (owner.valid_until IS NULL OR owner.valid_until > spend.activity_date)
LEFT JOIN [[table:dim_users]] AS creator
  ON creator.organization_id = api_key.organization_id
  AND creator.user_id = api_key.created_by_id
WHERE spend.vendor = 'anthropic'
GROUP BY
  spend.activity_date,
  spend.vendor,
  spend.account_id,
  spend.platform,
  COALESCE(owner.owner_email, spend.person, creator.email),
  CASE
    WHEN owner.owner_email IS NOT NULL THEN 'upload'
    WHEN spend.person IS NOT NULL THEN spend.person_basis
    WHEN creator.email IS NOT NULL THEN 'creator'
  END,
  spend.basis
UNION ALL
-- A person has one row a day there already; only people without a name are still to be added up.
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
WHERE vendor = 'cursor' AND person IS NOT NULL
UNION ALL
SELECT
  activity_date,
  vendor,
  account_id,
  platform,
  CAST(NULL AS [[type:text]]),
  CAST(NULL AS [[type:text]]),
  basis,
  [[exact:SUM(seat_usd + on_demand_usd + over_included_usd + unknown_kind_usd)]]
FROM [[table:spend_daily]]
WHERE vendor = 'cursor' AND person IS NULL
GROUP BY activity_date, vendor, account_id, platform, basis
