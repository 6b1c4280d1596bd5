-- Who is held back from gold, with the date that is shown instead and the reason.
SELECT
  source_system,
  gold_date,
  held_back_since,
  reason
FROM {{ ref("gold_standings") }}
WHERE is_held_back
ORDER BY source_system
