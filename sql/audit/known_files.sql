-- Files of a table that need no further attention; a refused one is looked at again.
-- Parameters: @source, @table STRING.
SELECT
  uri,
  generation,
  sha256,
  source_system
FROM {{ ref("files") }}
WHERE source = @source AND table_name = @table AND state != 'REFUSED'
