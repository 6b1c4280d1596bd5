-- Loads that meet a predicate over the columns of `table_loads`.
SELECT
  {{ load_columns | join(",\n  ") }}
FROM {{ ref("table_loads") }}
WHERE {{ predicate }}
ORDER BY load_id
