-- Addresses of the files of a table that landed. Parameters: @source, @table STRING.
SELECT
  source_system,
  uri
FROM {{ ref("files") }}
WHERE source = @source AND table_name = @table AND state = 'LANDED'
ORDER BY source_system, uri
