-- What audit says of a failed run. Parameter: @run_id STRING.
SELECT
  failed_task,
  error
FROM {{ ref("pipeline_runs") }}
WHERE run_id = @run_id
