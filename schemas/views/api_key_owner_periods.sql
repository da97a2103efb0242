-- Who owns which API key on which days, as the latest upload says. A key that is handed over has a row for each owner.
--
-- organization_id text: The Anthropic account, as the configuration names it.
-- api_key_id text: The vendor's id of the key.
-- owner_email text: Owner, in lower case.
-- team text?: Team.
-- note text?: Anything else.
-- valid_from date?: First UTC day on which the key is this owner's. Null for all days before.
-- valid_until date?: First UTC day on which it no longer is. Null while nobody follows.
WITH uploads AS (
  SELECT organization_id, MAX(last_seen_at) AS latest_at
  FROM [[table:dim_api_key_owners]]
  GROUP BY organization_id
)
SELECT
  earlier.organization_id,
  earlier.api_key_id,
  earlier.owner_email,
  earlier.team,
  earlier.note,
  earlier.valid_from,
  earlier.valid_until
FROM [[table:dim_api_key_earlier_owners]] AS earlier
JOIN uploads
  ON uploads.organization_id = earlier.organization_id
  AND uploads.latest_at = earlier.last_seen_at
UNION ALL
SELECT
  owner.organization_id,
  owner.api_key_id,
  owner.owner_email,
  owner.team,
  owner.note,
  owner.valid_from,
  CAST(NULL AS [[type:date]])
FROM [[table:dim_api_key_owners]] AS owner
JOIN uploads
  ON uploads.organization_id = owner.organization_id
  AND uploads.latest_at = owner.last_seen_at
