-- Inserts the rows in @content, or updates their columns in the rows with the same key.
MERGE {{ ref(table) }} AS known
USING (
  {% include "audit/given.sql" %}
) AS given
  ON
    {% for key in same %}{{ " AND " if not loop.first -}}
    known.{{ key }} = given.{{ key }}{% endfor %}
WHEN MATCHED THEN
  UPDATE SET
    {% for name in changed %}{{ ", " if not loop.first }}{{ name }} = given.{{ name }}{% endfor %}
WHEN NOT MATCHED THEN
  INSERT ({{ written | map("first") | join(", ") }})
  VALUES (given.{{ written | map("first") | join(", given.") }});
