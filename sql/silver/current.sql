-- silver.<entity>_current: the versions in force, one row per source_system and key.
SELECT
  {{ columns }}
FROM {{ ref(entity) }}
WHERE is_current
