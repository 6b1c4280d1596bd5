-- Loads that a batch refused because rules hold too many of their rows: one row per load, with the
-- message to the person who has to decide.
WITH
  refused AS (
    SELECT
      load_id,
      MAX(rows_read) AS rows_read,
      SUM(rows_held) AS rows_held,
      STRING_AGG(FORMAT('%s %d', rule, rows_held), ', ' ORDER BY rows_held DESC, rule) AS rules
    FROM {{ ref("staged_refused") }}
    GROUP BY load_id
  ),

  files AS (
    SELECT load_id, MAX(uri) AS uri
    FROM {{ ref("files") }}
    GROUP BY load_id
  )

SELECT
  refused.load_id,
  CONCAT(
    FORMAT('Rules hold %d of %d rows (%s)', refused.rows_held, refused.rows_read, refused.rules),
    ', more than max_quarantine_share allows: nothing of the load is published ',
    FORMAT('(source %s, table %s', loads.source, loads.table_name),
    COALESCE(CONCAT(', ', files.uri), ''),
    '). Have the rows corrected at the source, or raise the share in configs/sources/',
    loads.source,
    '.yaml; then clear `land`.'
  ) AS message
FROM refused
INNER JOIN {{ ref("table_loads") }} AS loads ON refused.load_id = loads.load_id
LEFT JOIN files ON refused.load_id = files.load_id
