-- Versions and revisions that break a promise, counted; no row if none does.
{%- if histories %}
SELECT
  entity,
  broken_promise,
  row_count
FROM (
  {% include "silver/history.sql" %}
)
{%- endif %}
{%- if histories and revised %}
UNION ALL
{%- endif %}
{%- if revised %}
SELECT
  entity,
  broken_promise,
  row_count
FROM (
  {% include "silver/revisions.sql" %}
)
{%- endif %}
