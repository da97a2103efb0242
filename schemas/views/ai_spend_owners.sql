-- Who answers for each part of what AI costs: the rows of spend_daily with the person, by the main address, and with the
-- team that the key's own line names. The sum is that of ai_spend_daily.
--
-- expense_date date: The UTC day.
-- vendor text: `anthropic` or `cursor`.
-- account_id text: The account, as the configuration names it.
-- platform text: `claude.ai`, `claude_code`, `claude_api`, `cursor` or `unattributed`.
-- basis text: How the cost is known: `cost_report` is the vendor's bill, `analytics` what only the vendor's analytics report;
--   else that of cursor_expenses.
-- api_key_id text?: The API key that the money is shared out to.
-- address text?: Address of the API key's owner, else of whom the vendor says used Claude, else of who made the key; or of the
--   Cursor user. As the file of owners or the vendor has it; null when nobody is known.
-- person text?: Main address of whose address that is on the day, as the file of people says.
-- person_basis text?: How the person is known: `upload` names the owner of the key, `actor` is the vendor's own word of who
--   used Claude, `creator` made the key, `user` is that of Cursor.
-- key_team text?: Team of the key on that day, as the latest file of owners says.
-- cost_usd money: The cost.

SELECT
  spend.activity_date AS expense_date,
  spend.vendor,
  spend.account_id,
  spend.platform,
  spend.basis,
  spend.api_key_id,
  COALESCE(owner.owner_email, spend.person, creator.email) AS address,
  COALESCE(alias.email, owner.owner_email, spend.person, creator.email) AS person,
  CASE
    WHEN owner.owner_email IS NOT NULL THEN 'upload'
    WHEN spend.person IS NOT NULL THEN COALESCE(spend.person_basis, 'user')
    WHEN creator.email IS NOT NULL THEN 'creator'
  END AS person_basis,
  owner.team AS key_team,
  [[exact:spend.billed_usd + spend.seat_usd + spend.on_demand_usd + spend.over_included_usd + spend.unknown_kind_usd AS cost_usd]]
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
LEFT JOIN [[table:people_alias_periods]] AS alias
  ON alias.address = COALESCE(owner.owner_email, spend.person, creator.email)
  AND (alias.valid_from IS NULL OR alias.valid_from <= spend.activity_date)
  AND (alias.valid_to IS NULL OR alias.valid_to >= spend.activity_date)
