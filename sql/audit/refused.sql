-- Loads that a batch refused because rules hold too many of their rows, or because landing and Spark
-- count them differently: one row per load, with the message to the person who has to decide.
WITH
  refused AS (
    SELECT
      load_id,
      MAX(rows_read) AS rows_read,
      SUM(rows_held) AS rows_held,
      STRING_AGG(FORMAT('%s %d', rule, rows_held), ', ' ORDER BY rows_held DESC, rule) AS rules,
      STRING_AGG(imbalance, '; ' ORDER BY imbalance) AS imbalances
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
    IF(
      refused.imbalances IS NULL,
      FORMAT(
        'Rules hold %d of %d rows (%s), more than max_quarantine_share allows',
        refused.rows_held, refused.rows_read, refused.rules
      ),
      CONCAT('Landing and Spark do not read the same (', refused.imbalances, ')')
    ),
    ': nothing of the load is published ',
    FORMAT('(source %s, table %s', loads.source, loads.table_name),
    COALESCE(CONCAT(', ', files.uri), ''),
    '). ',
    IF(
      refused.imbalances IS NULL,
      CONCAT(
        'Have the rows corrected at the source, or raise the share in configs/sources/',
        loads.source, '.yaml; then clear `land`.'
      ),
      'A value has a spelling that the two take for different things: report it with its load.'
    )
  ) AS message
FROM refused
INNER JOIN {{ ref("table_loads") }} AS loads ON refused.load_id = loads.load_id
LEFT JOIN files ON refused.load_id = files.load_id
