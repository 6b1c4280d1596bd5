-- The rows in @content, a JSON array of objects, each column with the type that its table declares.
SELECT
  {% for name, kind in written %}{{ ", " if not loop.first -}}
  CAST(JSON_VALUE(given, '$.{{ name }}') AS {{ kind }}) AS {{ name }}{% endfor %}
FROM UNNEST(JSON_QUERY_ARRAY(@content)) AS given
