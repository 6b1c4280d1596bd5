-- Rows at the source that changed before @settled (its local time), so that a published window
-- should have brought them, and did not: the reading that is in force is another one, or silver does
-- not have the key. In force is the latest change that landed, so that a row whose watermark was set
-- back is found although it landed. A change that left the watermark as it was is shown by the checksum
-- of the last reading, if that reading had the same columns (@columns). `total` counts all such rows,
-- `unstamped` these. A row that quarantine holds is not overlooked.
WITH
  at_source AS (
    SELECT DISTINCT
      {{ source_columns }},
      {{ source_key }} AS source_key,
      {{ folded_source_key }} AS folded,
      {{ changed_at }} AS changed_at,
      {{ checksum }} AS checksum,
      {{ is_deletion }} AS is_deletion
    FROM {{ ref("keys") }}
    WHERE {{ has_source_key }} AND {{ changed_at }} < CAST(@settled AS DATETIME)
  ),

  readings AS (
    SELECT
      {{ source_key }} AS source_key,
      {{ changed_at }} AS changed_at,
      IF(loads.columns = @columns, {{ checksum }}, NULL) AS checksum,
      -- A reread is in force from its clock on. That clock is UTC and a watermark is not: where they
      -- are close, a row is read once more than it has to be.
      RANK() OVER (
        PARTITION BY {{ source_key }}
        ORDER BY
          IF(
            loads.load_type = 'reread', CAST(loads.observed_at AS DATETIME), {{ changed_at }}
          ) DESC,
          loads.observed_at DESC,
          loads.load_id DESC
      ) AS place
    FROM {{ ref("bronze") }} AS bronze
    INNER JOIN {{ ref("table_loads") }} AS loads ON bronze._load_id = loads.load_id
    WHERE loads.state != 'FAILED' AND {{ changed_at }} < CAST(@now AS DATETIME)
  ),

  landed AS (
    SELECT DISTINCT source_key, changed_at, checksum
    FROM readings
    WHERE place = 1
  ),

  stamped AS (
    SELECT DISTINCT source_key, changed_at
    FROM landed
  ),

  live AS (
    SELECT DISTINCT {{ folded_silver_key }} AS folded
    FROM {{ ref("silver") }}
    WHERE is_current AND source_system = @source
  ),

  quarantined AS (
    SELECT DISTINCT {{ source_key }} AS source_key
    FROM {{ ref("bronze") }} AS bronze
    INNER JOIN {{ ref("quarantine") }} AS quarantine
      ON bronze._load_id = quarantine.load_id AND bronze._row_id = quarantine.row_id
    WHERE quarantine.state IN ('open', 'rejected')
  )

SELECT
  {{ listed }},
  COUNT(*) OVER () AS total,
  COUNTIF(landed.source_key IS NULL AND stamped.source_key IS NOT NULL) OVER () AS unstamped
FROM at_source
LEFT JOIN landed
  ON
    at_source.source_key = landed.source_key
    AND at_source.changed_at = landed.changed_at
    AND COALESCE(at_source.checksum = landed.checksum, TRUE)
LEFT JOIN stamped
  ON at_source.source_key = stamped.source_key AND at_source.changed_at = stamped.changed_at
LEFT JOIN live ON at_source.folded = live.folded
LEFT JOIN quarantined ON at_source.source_key = quarantined.source_key
WHERE
  landed.source_key IS NULL
  OR (
    -- A flag that was set without moving the watermark: the row of that time outweighs its deletion.
    quarantined.source_key IS NULL
    AND (live.folded IS NULL) != at_source.is_deletion
  )
ORDER BY at_source.changed_at, at_source.source_key
LIMIT {{ limit }}
