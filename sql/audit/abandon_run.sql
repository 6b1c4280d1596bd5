-- Records that a run was interrupted and that another one took over.
UPDATE {{ ref("pipeline_runs") }}
SET state = 'FAILED', error = @error, ended_at = @ended_at
WHERE dag_id = @dag_id AND run_id = @run_id AND state = 'RUNNING'
