-- Rejects the rows of a request for good. Parameters: @run_id STRING, and those of requested.sql.
UPDATE {{ ref("quarantine") }} AS ledger
SET state = 'rejected', changed_by = @run_id, changed_at = CURRENT_TIMESTAMP()
FROM (
  {% include "quarantine/requested.sql" %}
) AS requested
WHERE ledger.load_id = requested.load_id AND ledger.row_id = requested.row_id;
