-- What AI costs on a day, both vendors in one place: what Anthropic bills, use of claude.ai too, and what Cursor costs. No estimate and no other
-- telling of the same money is added.
--
-- expense_date date: The UTC day.
-- vendor text: `anthropic` or `cursor`.
-- account_id text: The account, as the configuration names it.
-- platform text: `claude.ai`, `claude_code`, `claude_api`, `cursor` or `unattributed`.
-- basis text: How the cost is known: `cost_report` is the vendor's bill, `analytics` what only the vendor's analytics report,
--   `spend_file` and `console_file` what a person has imported; else that of cursor_expenses.
-- cost_usd money: The cost.

SELECT
  activity_date AS expense_date,
  vendor,
  account_id,
  platform,
  basis,
  [[exact:SUM(billed_usd + seat_usd + on_demand_usd + over_included_usd + unknown_kind_usd) AS cost_usd]]
FROM [[table:spend_daily]]
-- In the order of the key, so that nothing is sorted.
GROUP BY activity_date, vendor, account_id, platform, basis
