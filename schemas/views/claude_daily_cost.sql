WITH days AS (
  SELECT
    activity_date AS expense_date,
    [[month:activity_date]] AS expense_month,
    [[exact:SUM(amount_usd) AS day_usd]]
  FROM [[table:claude_costs]]
  GROUP BY activity_date
)
SELECT
  expense_date,
  [[usd:day_usd]] AS cost_usd,
  [[usd:SUM(day_usd) OVER (PARTITION BY expense_month ORDER BY expense_date)]] AS month_to_date_usd
FROM days
