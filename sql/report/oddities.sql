-- What the data say and cannot be: one row per statement.
SELECT
  statement,
  SUM(odd_count) AS odd_count,
  SUM(odd_count) / SUM(checked_count) AS odd_rate
FROM {{ ref("data_oddities") }}
GROUP BY statement
ORDER BY odd_count DESC, statement
