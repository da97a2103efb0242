-- What one person did in Cursor on one day, with acceptance rates: cursor_usage_stats under its other name.
--
-- account_id text: The Cursor account, as the configuration names it.
-- activity_date date: The UTC day of the bucket.
-- user_id text?: The vendor's number of the user; absent in old answers.
-- email text?: E-mail address, in lower case: what joins Cursor's reports. Null where the vendor names nobody and gives
--   an id.
-- is_active boolean?: Whether the person used Cursor that day.
-- total_lines_added integer: Lines added, manual edits included.
-- total_lines_deleted integer: Lines deleted, manual edits included.
-- accepted_lines_added integer: Added lines that came from accepted suggestions.
-- accepted_lines_deleted integer: Deleted lines that came from accepted suggestions.
-- total_applies integer: Times a suggestion was applied.
-- total_accepts integer: Times a suggestion was accepted.
-- total_rejects integer: Times a suggestion was rejected.
-- total_tabs_shown integer: Tab completions shown.
-- total_tabs_accepted integer: Tab completions accepted.
-- composer_requests integer: Composer requests.
-- chat_requests integer: Chat requests.
-- agent_requests integer: Agent requests.
-- cmdk_usages integer: Inline edits (Cmd-K).
-- bugbot_usages integer: Bugbot uses.
-- subscription_included_reqs integer: Requests included in the subscription: a raw count, not billable units.
-- usage_based_reqs integer: Usage-based requests: a raw count, not billable units.
-- api_key_reqs integer: Requests made with an own API key.
-- most_used_model text?: Model used most.
-- apply_most_used_extension text?: File extension applied to most.
-- tab_most_used_extension text?: File extension completed most.
-- client_version text?: Version of the client.
-- estimated_cost_usd money?: What the day's use cost beyond the seat. On a request plan usage-based requests at the price of
--   a request, an estimate from raw counts; on a token plan the charges of the person's events of the day, but for what the
--   plan includes. Null where the day's events are not loaded.
-- estimated_cost_basis text?: Where it is from: `requests` or `events`; null where it is null.
-- plan text?: Plan of the price table on this day: `request` or `token`.
-- billing_cycle_start date?: First UTC day of the billing cycle that holds the day, as the price table says.
-- seat_usd money?: This day's part of the seat's price, as charged; the days of a cycle add up to it.
-- included_requests integer?: Request units that the plan includes for a user and cycle. Null on a token plan.
-- request_usd money?: Price of a request unit over the included ones. Null on a token plan.
-- platform text: Always `cursor`.
-- platform_basis text?: Always `vendor`.
-- snapshot_id text: The snapshot that the row was last changed by.
-- fetched_at timestamp: When that snapshot was fetched.
-- ingestion_timestamp timestamp: When the rows of that snapshot were made.
-- line_acceptance_rate ratio?: Accepted of all added lines. Null where none were added.
-- tab_acceptance_rate ratio?: Accepted of all tab completions shown. Null where none were shown.
-- apply_acceptance_rate ratio?: Accepted of all suggestions applied. Null where none were applied.
SELECT
  counts.account_id,
  counts.activity_date,
  counts.user_id,
  counts.email,
  counts.is_active,
  counts.total_lines_added,
  counts.total_lines_deleted,
  counts.accepted_lines_added,
  counts.accepted_lines_deleted,
  counts.total_applies,
  counts.total_accepts,
  counts.total_rejects,
  counts.total_tabs_shown,
  counts.total_tabs_accepted,
  counts.composer_requests,
  counts.chat_requests,
  counts.agent_requests,
  counts.cmdk_usages,
  counts.bugbot_usages,
  counts.subscription_included_reqs,
  counts.usage_based_reqs,
  counts.api_key_reqs,
  counts.most_used_model,
  counts.apply_most_used_extension,
  counts.tab_most_used_extension,
  counts.client_version,
  [[exact:CASE WHEN counts.estimated_cost_usd IS NOT NULL THEN counts.estimated_cost_usd WHEN loaded.snapshot_id IS NOT NULL THEN COALESCE(spend.on_demand_usd + spend.over_included_usd + spend.unknown_kind_usd, 0) END AS estimated_cost_usd]],
  CASE
    WHEN [[exact:counts.estimated_cost_usd]] IS NOT NULL THEN 'requests'
    WHEN loaded.snapshot_id IS NOT NULL THEN 'events'
  END AS estimated_cost_basis,
  counts.plan,
  counts.billing_cycle_start,
  [[exact:COALESCE(spend.seat_usd, counts.seat_usd) AS seat_usd]],
  counts.included_requests,
  [[exact:counts.request_usd AS request_usd]],
  counts.platform,
  counts.platform_basis,
  counts.snapshot_id,
  counts.fetched_at,
  counts.ingestion_timestamp,
  1.0 * counts.accepted_lines_added / NULLIF(counts.total_lines_added, 0) AS line_acceptance_rate,
  1.0 * counts.total_tabs_accepted / NULLIF(counts.total_tabs_shown, 0) AS tab_acceptance_rate,
  1.0 * counts.total_accepts / NULLIF(counts.total_applies, 0) AS apply_acceptance_rate
FROM [[table:cursor_usage_stats]] AS counts
LEFT JOIN [[table:spend_daily]] AS spend
  ON spend.activity_date = counts.activity_date
  AND spend.vendor = 'cursor'
  AND spend.account_id = counts.account_id
  AND (spend.person = counts.email OR (counts.email IS NULL AND spend.person IS NULL AND spend.unnamed_id = counts.user_id))
LEFT JOIN [[table:coverage]] AS loaded
  ON loaded.source = 'cursor/usage_events'
  AND loaded.account_id = counts.account_id
  AND loaded.activity_date = counts.activity_date
