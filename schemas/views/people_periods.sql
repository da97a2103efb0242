-- Who is in which team on which days, as the latest file of people says. A person who changed has a row for each period.
--
-- email text: The person's main address, in lower case.
-- name text?: Name; two people may have the same.
-- team text?: Team. Null for none.
-- cost_center text?: Cost center. Null for none.
-- manager text?: Manager, as the file names one.
-- claude_seat text?: Tier of the seat of claude.ai. Kept, and not priced.
-- cursor_seat text?: Tier of the seat of Cursor. Kept, and not priced.
-- valid_from date?: First UTC day of the period. Null for all days up to its last.
-- valid_to date?: Last UTC day of the period. Null while none is known.

SELECT
  email,
  name,
  team,
  cost_center,
  manager,
  claude_seat,
  cursor_seat,
  valid_from,
  valid_to
FROM [[table:people]]
WHERE last_seen_at = (SELECT MAX(last_seen_at) FROM [[table:people]])
