-- Which other address is whose on which days, as the latest file of people says.
--
-- address text: The other address, in lower case.
-- email text: The person's main address, in lower case.
-- valid_from date?: First UTC day on which the address is this person's. Null for all days up to the last.
-- valid_to date?: Last UTC day of it. Null while none is known.

SELECT
  address,
  email,
  valid_from,
  valid_to
FROM [[table:people_aliases]]
-- A file without any other address has no row here, and takes those of earlier files away all the same.
WHERE last_seen_at = (SELECT MAX(last_seen_at) FROM [[table:people]])
