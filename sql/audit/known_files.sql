-- Files of a table that need no further attention, oldest first; a refused one is looked at again.
-- Parameters: @source, @table STRING.
SELECT
  uri,
  generation,
  sha256,
  source_system,
  state = 'LANDED' AS has_landed
FROM {{ ref("files") }}
WHERE source = @source AND table_name = @table AND state != 'REFUSED'
ORDER BY seen_at, generation
