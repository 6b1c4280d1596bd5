-- Keys that silver shows as current, observed before @clock in this table, and that the table no
-- longer has.
WITH
  at_source AS (
    SELECT DISTINCT {{ folded_source_key }} AS folded
    FROM {{ ref("keys") }}
    WHERE {{ has_source_key }}
  ),

  live AS (
    SELECT {{ silver_columns }}, {{ folded_silver_key }} AS folded
    FROM {{ ref("silver") }}
    WHERE
      is_current AND source_system = @source AND _observed_at < @clock
      AND _load_id IN (
        SELECT load_id FROM {{ ref("table_loads") }} WHERE source = @source AND table_name = @table
      )
  )

SELECT {{ listed }}
FROM live
LEFT JOIN at_source ON live.folded = at_source.folded
WHERE at_source.folded IS NULL
ORDER BY {{ listed }}
