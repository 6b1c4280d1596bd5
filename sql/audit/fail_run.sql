-- Records that the run in @content failed. Tasks that failed before it are named too: a source that is
-- down does not end a run.
MERGE {{ ref("pipeline_runs") }} AS known
USING (
  {% include "audit/given.sql" %}
) AS given
  ON known.dag_id = given.dag_id AND known.run_id = given.run_id
WHEN MATCHED THEN
  UPDATE SET
    state = given.state,
    ended_at = given.ended_at,
    failed_task = CASE
      WHEN known.state != 'FAILED' THEN given.failed_task
      WHEN STRPOS(known.failed_task, given.failed_task) > 0 THEN known.failed_task
      ELSE CONCAT(known.failed_task, ', ', given.failed_task)
    END,
    error = CASE
      WHEN known.state != 'FAILED' THEN given.error
      WHEN STRPOS(known.error, given.error) > 0 THEN known.error
      ELSE CONCAT(known.error, ' ', given.error)
    END
WHEN NOT MATCHED THEN
  INSERT ({{ written | map("first") | join(", ") }})
  VALUES (given.{{ written | map("first") | join(", given.") }});
