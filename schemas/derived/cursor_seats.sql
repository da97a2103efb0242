-- The day's part of each seat of Cursor, by person. Who has a seat on a day, and which, follows from the lists of members and
-- of spend as they were read, and from the daily report, which tells of every member. Cycles are worked out as a whole: who
-- leaves after using the seat keeps it to the end of the cycle.
WITH counts AS (
  SELECT
    account_id,
    activity_date,
    email,
    CASE WHEN email IS NULL THEN user_id END AS unnamed_id,
    MAX(user_id) AS user_id,
    SUM(subscription_included_reqs + usage_based_reqs) AS requests,
    MAX(
      CASE
        WHEN is_active OR agent_requests + composer_requests + chat_requests + cmdk_usages > 0 THEN 1
        ELSE 0
      END
    ) AS was_active,
    MAX(plan) AS plan,
    MAX(billing_cycle_start) AS billing_cycle_start,
    MAX(included_requests) AS included_requests,
    MAX([[nanos:request_usd]]) AS request_nanos,
    MAX([[nanos:seat_usd]]) AS seat_nanos,
    MAX(ingestion_timestamp) AS ingestion_timestamp
  FROM [[table:cursor_usage_stats]]
  WHERE [[around:account_id]]
  GROUP BY account_id, activity_date, email, CASE WHEN email IS NULL THEN user_id END
),
people_of_days AS (
  SELECT counts.*, [[id:email, unnamed_id]] AS person_id FROM counts
),
-- The days that are loaded. A day's rows were made with its prices; those that an earlier release made have them in the counts
-- alone.
loaded_days AS (
  SELECT
    account_id,
    activity_date,
    MAX(plan) AS plan,
    MAX(billing_cycle_start) AS billing_cycle_start,
    COALESCE(MAX(billing_cycle_start), activity_date) AS cycle_start,
    COALESCE(MAX(billing_cycle_end), activity_date) AS cycle_end,
    MAX(included_requests) AS included_requests,
    MAX(request_nanos) AS request_nanos,
    MAX(standard_nanos) AS standard_nanos,
    MAX(premium_nanos) AS premium_nanos,
    MAX(standard_basis) AS standard_basis,
    MAX(premium_basis) AS premium_basis,
    MAX(has_counts) AS has_counts,
    MAX(has_events) AS has_events,
    MAX(ingestion_timestamp) AS ingestion_timestamp
  FROM (
    SELECT
      account_id,
      activity_date,
      plan,
      billing_cycle_start,
      billing_cycle_end,
      included_requests,
      [[nanos:request_usd]] AS request_nanos,
      [[nanos:standard_seat_usd]] AS standard_nanos,
      [[nanos:premium_seat_usd]] AS premium_nanos,
      standard_seat_basis AS standard_basis,
      premium_seat_basis AS premium_basis,
      CASE WHEN source = 'cursor/daily_usage' THEN 1 ELSE 0 END AS has_counts,
      CASE WHEN source = 'cursor/usage_events' THEN 1 ELSE 0 END AS has_events,
      ingestion_timestamp
    FROM [[table:cursor_plan_days]]
    WHERE [[around:account_id]]
    UNION ALL
    SELECT
      account_id,
      activity_date,
      plan,
      billing_cycle_start,
      CAST(NULL AS [[type:date]]),
      included_requests,
      request_nanos,
      CAST(NULL AS [[type:integer]]),
      CAST(NULL AS [[type:integer]]),
      CAST(NULL AS [[type:text]]),
      CAST(NULL AS [[type:text]]),
      1,
      0,
      ingestion_timestamp
    FROM counts
  ) AS said
  GROUP BY account_id, activity_date
),
cycles AS (
  SELECT account_id, cycle_start, MAX(cycle_end) AS cycle_end
  FROM loaded_days
  GROUP BY account_id, cycle_start
  HAVING MAX(CASE WHEN [[scope:account_id]] THEN 1 ELSE 0 END) = 1
),
-- The readings that have a say in a cycle: all of its days, the first one after them, and before them the last of each of the
-- last four months that have one, for a field that is reported no more. An empty list says nothing.
readings_around AS (
  SELECT
    cycles.account_id,
    cycles.cycle_start,
    loaded.source,
    loaded.activity_date AS read_on,
    [[first_of_month:loaded.activity_date]] AS month,
    CASE
      WHEN loaded.activity_date < cycles.cycle_start THEN 'before'
      WHEN loaded.activity_date <= cycles.cycle_end THEN 'within'
      ELSE 'after'
    END AS place
  FROM cycles
  JOIN [[table:coverage]] AS loaded
    ON loaded.account_id = cycles.account_id
  WHERE loaded.source IN ('cursor/members', 'cursor/spend')
    AND loaded.snapshot_id IS NOT NULL
    AND loaded.`rows` > 0
),
placed AS (
  SELECT
    readings_around.*,
    ROW_NUMBER() OVER (PARTITION BY account_id, cycle_start, source, place ORDER BY read_on) AS nth,
    ROW_NUMBER() OVER (PARTITION BY account_id, cycle_start, source, place, month ORDER BY read_on DESC) AS nth_of_month,
    DENSE_RANK() OVER (PARTITION BY account_id, cycle_start, source, place ORDER BY month DESC) AS nth_month
  FROM readings_around
),
taken AS (
  SELECT account_id, cycle_start, source, read_on
  FROM placed
  WHERE place = 'within'
    OR (place = 'after' AND nth = 1)
    OR (place = 'before' AND nth_of_month = 1 AND nth_month <= 4)
),
-- What was read of a person on a day. The list of members goes before that of spend, and of two members with one address who
-- is one still before who was removed.
readings AS (
  SELECT
    taken.account_id,
    taken.cycle_start,
    taken.read_on,
    reading.email,
    MAX(CASE WHEN taken.source = 'cursor/members' THEN 1 ELSE 0 END) AS is_listed,
    CASE
      WHEN MIN(CASE WHEN taken.source = 'cursor/members' THEN reading.membership END) = 'member' THEN 'm'
      WHEN MAX(CASE WHEN reading.membership = 'removed' THEN 1 ELSE 0 END) = 1 THEN 'r'
      WHEN MAX(CASE WHEN taken.source = 'cursor/members' THEN 1 ELSE 0 END) = 1 THEN 'm'
    END AS state,
    CAST(MAX(reading.removed_on) AS [[type:text]]) AS removed_on,
    COALESCE(
      MIN(CASE WHEN taken.source = 'cursor/members' AND COALESCE(reading.membership, '') <> 'removed' THEN reading.payment END),
      MIN(CASE WHEN taken.source = 'cursor/members' THEN reading.payment END),
      MIN(reading.payment)
    ) AS payment,
    COALESCE(
      MIN(CASE WHEN taken.source = 'cursor/members' AND COALESCE(reading.membership, '') <> 'removed' THEN reading.tier END),
      MIN(CASE WHEN taken.source = 'cursor/members' THEN reading.tier END),
      MIN(reading.tier)
    ) AS tier
  FROM taken
  JOIN [[table:cursor_seat_readings]] AS reading
    ON reading.source = taken.source
    AND reading.account_id = taken.account_id
    AND reading.activity_date = taken.read_on
  -- Who has no address can't be found in the daily report, which counts them.
  WHERE reading.email IS NOT NULL
  GROUP BY taken.account_id, taken.cycle_start, taken.read_on, reading.email
),
people AS (
  SELECT account_id, cycle_start, email, unnamed_id, [[id:email, unnamed_id]] AS person_id
  FROM (
    SELECT account_id, cycle_start, email, CAST(NULL AS [[type:text]]) AS unnamed_id FROM readings
    UNION ALL
    SELECT of_day.account_id, loaded_days.cycle_start, of_day.email, of_day.unnamed_id
    FROM people_of_days AS of_day
    JOIN loaded_days
      ON loaded_days.account_id = of_day.account_id
      AND loaded_days.activity_date = of_day.activity_date
    JOIN cycles
      ON cycles.account_id = loaded_days.account_id
      AND cycles.cycle_start = loaded_days.cycle_start
  ) AS known
  GROUP BY account_id, cycle_start, email, unnamed_id
),
-- The loaded days of a cycle, and the days of readings.
timeline AS (
  SELECT
    account_id,
    cycle_start,
    day,
    CAST(day AS [[type:text]]) AS day_text,
    MAX(is_loaded) AS is_loaded,
    MAX(has_counts) AS has_counts,
    MAX(has_list) AS has_list
  FROM (
    SELECT account_id, cycle_start, activity_date AS day, 1 AS is_loaded, has_counts, 0 AS has_list FROM loaded_days
    UNION ALL
    SELECT account_id, cycle_start, read_on, 0, 0, is_listed FROM readings
  ) AS days
  GROUP BY account_id, cycle_start, day
),
-- Each person on each of these days. `present` is null where the daily report is not loaded.
stands AS (
  SELECT
    people.account_id,
    people.cycle_start,
    people.email,
    people.unnamed_id,
    people.person_id,
    timeline.day,
    timeline.day_text,
    timeline.is_loaded,
    CASE
      WHEN timeline.has_counts = 1 THEN CASE WHEN of_day.person_id IS NULL THEN 0 ELSE 1 END
    END AS present,
    CASE
      WHEN readings.state IS NOT NULL
      THEN timeline.day_text || ' ' || readings.state || ' ' || COALESCE(readings.removed_on, '')
      WHEN timeline.has_list = 1 THEN timeline.day_text || ' a '
    END AS state,
    timeline.day_text || ' ' || readings.payment AS payment,
    timeline.day_text || ' ' || readings.tier AS tier
  FROM people
  JOIN timeline
    ON timeline.account_id = people.account_id
    AND timeline.cycle_start = people.cycle_start
  LEFT JOIN readings
    ON readings.account_id = people.account_id
    AND readings.cycle_start = people.cycle_start
    AND readings.read_on = timeline.day
    AND readings.email = people.email
  LEFT JOIN people_of_days AS of_day
    ON of_day.account_id = people.account_id
    AND of_day.activity_date = timeline.day
    AND of_day.person_id = people.person_id
),
-- With what was known last up to the day, and what is known first after it: a text that begins with the day of the reading.
known AS (
  SELECT
    stands.*,
    LEAD(present) OVER of_person AS present_next,
    MAX(state) OVER (of_person ROWS UNBOUNDED PRECEDING) AS state_upto,
    MIN(state) OVER (of_person ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS state_after,
    MAX(payment) OVER (of_person ROWS UNBOUNDED PRECEDING) AS payment_upto,
    MIN(payment) OVER (of_person ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS payment_after,
    MAX(tier) OVER (of_person ROWS UNBOUNDED PRECEDING) AS tier_upto,
    MIN(tier) OVER (of_person ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS tier_after
  FROM stands
  WINDOW of_person AS (PARTITION BY account_id, cycle_start, person_id ORDER BY day)
),
states AS (
  SELECT
    known.*,
    SUBSTR(state_upto, 1, 10) AS said_on,
    SUBSTR(state_upto, 12, 1) AS was,
    NULLIF(SUBSTR(state_upto, 14), '') AS was_removed_on,
    SUBSTR(state_after, 12, 1) AS becomes,
    NULLIF(SUBSTR(state_after, 14), '') AS removed_on,
    -- The last day on which the daily report has somebody is the day of the removal.
    CASE
      WHEN present = 1 AND COALESCE(present_next, 1) = 1 THEN 1
      WHEN present IS NOT NULL THEN 0
    END AS stays,
    CASE
      WHEN SUBSTR(COALESCE(payment_upto, payment_after), 12) = 'unpaid' THEN 'unpaid'
      ELSE COALESCE(SUBSTR(COALESCE(tier_upto, tier_after), 12), 'standard')
    END AS seat
  FROM known
),
-- Whether somebody is a member on a day. Between a reading that says yes and one that says no, and before the first one, the
-- daily report decides; the day of a removal is paid no more.
memberships AS (
  SELECT
    states.*,
    CASE
      WHEN was = 'm' AND becomes = 'r' AND removed_on IS NOT NULL THEN CASE WHEN day_text < removed_on THEN 1 ELSE 0 END
      WHEN was = 'm' AND said_on = day_text THEN 1
      WHEN was = 'm' AND becomes IN ('r', 'a') THEN COALESCE(stays, 1)
      WHEN was = 'm' THEN 1
      WHEN was = 'r' AND day_text < was_removed_on THEN 1
      WHEN was = 'r' AND becomes = 'm' AND said_on < day_text THEN COALESCE(present, 0)
      WHEN was = 'r' THEN 0
      WHEN becomes = 'r' AND removed_on IS NOT NULL THEN
        CASE WHEN day_text < removed_on THEN COALESCE(present, CASE WHEN was IS NULL THEN 1 ELSE 0 END) ELSE 0 END
      WHEN becomes = 'r' OR (becomes = 'a' AND was IS NULL) THEN COALESCE(stays, 0)
      WHEN becomes = 'm' AND was IS NULL THEN COALESCE(present, 1)
      ELSE COALESCE(present, 0)
    END AS is_member
  FROM states
),
leavers AS (
  SELECT email
  FROM memberships
  WHERE is_loaded = 1 AND email IS NOT NULL AND COALESCE(state_upto, state_after) IS NOT NULL
  GROUP BY account_id, cycle_start, email
  HAVING MIN(is_member) = 0 AND MAX(CASE WHEN is_member = 1 OR present = 1 THEN 1 ELSE 0 END) = 1
),
-- The days on which who left used what the seat includes, or more. An own key uses none of it.
used AS (
  SELECT account_id, activity_date, email
  FROM [[table:cursor_usage_events]]
  WHERE [[around:account_id]]
    AND EXISTS (SELECT 1 FROM leavers)
    AND billing IN ('included', 'on_demand', 'unknown')
    AND email IN (SELECT email FROM leavers)
  GROUP BY account_id, activity_date, email
),
seats AS (
  SELECT
    memberships.*,
    loaded_days.plan,
    loaded_days.billing_cycle_start,
    loaded_days.included_requests,
    loaded_days.request_nanos,
    loaded_days.standard_nanos,
    loaded_days.premium_nanos,
    loaded_days.standard_basis,
    loaded_days.premium_basis,
    loaded_days.ingestion_timestamp AS day_made_at,
    MAX(CASE WHEN is_member = 1 OR present = 1 THEN memberships.day_text || ' ' || seat END) OVER upto AS seat_upto,
    MAX(
      CASE
        WHEN used.email IS NOT NULL OR of_day.requests > 0 THEN 1
        -- Where events are not loaded, any request stands for one.
        WHEN loaded_days.has_events = 0 AND of_day.was_active = 1 THEN 1
        ELSE 0
      END
    ) OVER upto AS has_used,
    of_day.user_id,
    of_day.requests,
    of_day.plan AS counted_plan,
    of_day.billing_cycle_start AS counted_cycle_start,
    of_day.included_requests AS counted_included_requests,
    of_day.request_nanos AS counted_request_nanos,
    of_day.seat_nanos,
    of_day.ingestion_timestamp AS counted_at
  FROM memberships
  JOIN loaded_days
    ON loaded_days.account_id = memberships.account_id
    AND loaded_days.activity_date = memberships.day
  LEFT JOIN people_of_days AS of_day
    ON of_day.account_id = memberships.account_id
    AND of_day.activity_date = memberships.day
    AND of_day.person_id = memberships.person_id
  LEFT JOIN used
    ON used.account_id = memberships.account_id
    AND used.activity_date = memberships.day
    AND used.email = memberships.email
  WHERE memberships.is_loaded = 1
  WINDOW upto AS (
    PARTITION BY memberships.account_id, memberships.cycle_start, memberships.person_id
    ORDER BY memberships.day
    ROWS UNBOUNDED PRECEDING
  )
),
held AS (
  SELECT
    seats.*,
    day AS activity_date,
    CASE
      WHEN is_member = 1 THEN seat
      -- It was used in the cycle, and is kept to its end.
      WHEN has_used = 1 AND COALESCE(state_upto, state_after) IS NOT NULL THEN SUBSTR(seat_upto, 12)
    END AS held_seat
  FROM seats
)
SELECT
  activity_date,
  'cursor' AS vendor,
  account_id,
  'seat ' || person_id AS charge_id,
  'seat' AS kind,
  'billed' AS billing,
  CASE
    WHEN was IN ('m', 'r') OR becomes IN ('m', 'r')
      OR COALESCE(payment_upto, payment_after, tier_upto, tier_after) IS NOT NULL
    THEN CASE
      WHEN is_member = 0 AND held_seat IS NOT NULL THEN 'seat_price_kept'
      WHEN state_upto IS NULL
        OR (payment_upto IS NULL AND payment_after IS NOT NULL)
        OR (tier_upto IS NULL AND tier_after IS NOT NULL)
      THEN 'seat_price_first_reading'
      ELSE 'seat_price'
    END
    ELSE 'seat_price_daily_usage'
  END AS basis,
  'cursor' AS platform,
  'vendor' AS platform_basis,
  email AS person,
  unnamed_id,
  user_id,
  requests,
  'USD' AS currency,
  [[dollars:CASE held_seat WHEN 'premium' THEN COALESCE(premium_nanos, seat_nanos, 0) WHEN 'standard' THEN COALESCE(standard_nanos, seat_nanos, 0) ELSE 0 END]] AS [[exact:cost_usd]],
  COALESCE(counted_plan, plan) AS plan,
  COALESCE(counted_cycle_start, billing_cycle_start) AS billing_cycle_start,
  COALESCE(counted_included_requests, included_requests) AS included_requests,
  [[dollars:COALESCE(counted_request_nanos, request_nanos)]] AS [[exact:request_usd]],
  held_seat AS seat_tier,
  CASE held_seat WHEN 'premium' THEN premium_basis WHEN 'standard' THEN standard_basis END AS price_basis,
  COALESCE(counted_at, day_made_at) AS ingestion_timestamp
FROM held
WHERE [[scope:account_id]] AND (held_seat IS NOT NULL OR present = 1)
