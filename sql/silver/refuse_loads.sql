-- Marks refused loads as failed, so that they are landed again.
UPDATE {{ ref("files") }} AS known
SET state = 'REFUSED', reason = refused.message
FROM (
  {% include "audit/refused.sql" %}
) AS refused
WHERE known.load_id = refused.load_id;

UPDATE {{ ref("table_loads") }} AS known
SET state = 'FAILED', error = refused.message
FROM (
  {% include "audit/refused.sql" %}
) AS refused
WHERE known.load_id = refused.load_id AND known.batch_id = @batch_id;
