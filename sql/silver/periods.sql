-- silver.<entity>_periods: the service days [first_day, end_day) that belong to each version.
-- A day belongs to the last version that began on or before it (the
-- hospital's days). The first version is
-- open to the past and a deleted row keeps its days, so every day finds exactly one version.
WITH
  versions AS (
    SELECT
      source_system,
      {{ key }},
      {{ key_column }},
      {{ version_key_column }},
      version,
      {{ hospital_day("effective_date", "source_system") }} AS effective_day
    FROM {{ ref(entity) }}
  )

SELECT
  source_system,
  {{ key }},
  {{ key_column }},
  {{ version_key_column }},
  IF(version = 1, DATE '0001-01-01', effective_day) AS first_day,
  LEAD(effective_day, 1, DATE '9999-12-31')
    OVER (PARTITION BY {{ key_column }} ORDER BY version) AS end_day
FROM versions
