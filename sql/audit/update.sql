-- Updates columns of the rows with the same key as those in @content.
UPDATE {{ ref(table) }} AS known
SET
  {% for name in changed %}{{ ", " if not loop.first }}{{ name }} = given.{{ name }}{% endfor %}
FROM (
  {% include "audit/given.sql" %}
) AS given
WHERE
  {% for key in same %}{{ " AND " if not loop.first }}known.{{ key }} = given.{{ key }}{% endfor %};
