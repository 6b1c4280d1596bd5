-- Builds a gold model as a temporary table, its columns by name and with the declared types.
CREATE TEMP TABLE {{ name }} (
  {%- for column, kind in typed_columns %}
  {{ column }} {{ kind }}
  {%- if not loop.last %},{% endif %}
  {%- endfor %}
) AS
SELECT {{ typed_columns | map("first") | join(", ") }}
FROM (
  {{ select }}
);
