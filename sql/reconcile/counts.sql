-- One row: rows at the source, rows of the table that silver shows as current, and the newest
-- change on either side before @now (the source's local time).
SELECT
  (SELECT COUNT(*) FROM {{ ref("keys") }}) AS source_rows,
  (
    SELECT COUNT(*)
    FROM {{ ref("silver") }}
    WHERE
      is_current AND source_system = @source AND _observed_at < @clock
      AND _load_id IN (
        SELECT load_id FROM {{ ref("table_loads") }} WHERE source = @source AND table_name = @table
      )
  ) AS live_rows,
  (
    SELECT MAX({{ changed_at }}) FROM {{ ref("keys") }}
    WHERE {{ changed_at }} < CAST(@now AS DATETIME)
  ) AS newest_at_source,
  (
    SELECT MAX({{ changed_at }}) FROM {{ ref("bronze") }}
    WHERE {{ changed_at }} < CAST(@now AS DATETIME)
  ) AS newest_landed
