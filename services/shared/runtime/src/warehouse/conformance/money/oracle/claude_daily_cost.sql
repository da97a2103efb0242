-- What Claude cost on a day and in the month up to that day, over all organizations.
--
-- expense_date date: The UTC day.
-- cost_usd money: The cost of the day.
-- month_to_date_usd money: The cost of the month's days up to it, itself among them.
WITH days AS (
  SELECT
    activity_date AS expense_date,
    [[month:activity_date]] AS expense_month,
    [[exact:SUM(amount_usd) AS cost_usd]]
  FROM [[table:claude_costs]]
  GROUP BY activity_date
)
SELECT
  expense_date,
  [[exact:cost_usd]],
  [[exact:SUM(cost_usd) OVER (PARTITION BY expense_month ORDER BY expense_date) AS month_to_date_usd]]
FROM days
