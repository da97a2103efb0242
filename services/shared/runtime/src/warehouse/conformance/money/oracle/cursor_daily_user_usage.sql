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
-- estimated_cost_usd money?: Usage-based requests at the price of a request: an estimate from raw counts. Null on a
--   token plan; cursor_expenses has the cost there.
-- plan text?: Plan of the price table on this day: `request` or `token`.
-- billing_cycle_start date?: First UTC day of the billing cycle that holds the day, as the price table says.
-- seat_usd money?: This day's part of the seat's price; the days of a cycle add up to it.
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
  account_id,
  activity_date,
  user_id,
  email,
  is_active,
  total_lines_added,
  total_lines_deleted,
  accepted_lines_added,
  accepted_lines_deleted,
  total_applies,
  total_accepts,
  total_rejects,
  total_tabs_shown,
  total_tabs_accepted,
  composer_requests,
  chat_requests,
  agent_requests,
  cmdk_usages,
  bugbot_usages,
  subscription_included_reqs,
  usage_based_reqs,
  api_key_reqs,
  most_used_model,
  apply_most_used_extension,
  tab_most_used_extension,
  client_version,
  [[exact:estimated_cost_usd]],
  plan,
  billing_cycle_start,
  [[exact:seat_usd]],
  included_requests,
  [[exact:request_usd]],
  platform,
  platform_basis,
  snapshot_id,
  fetched_at,
  ingestion_timestamp,
  1.0 * accepted_lines_added / NULLIF(total_lines_added, 0) AS line_acceptance_rate,
  1.0 * total_tabs_accepted / NULLIF(total_tabs_shown, 0) AS tab_acceptance_rate,
  1.0 * total_accepts / NULLIF(total_applies, 0) AS apply_acceptance_rate
FROM [[table:cursor_usage_stats]]
