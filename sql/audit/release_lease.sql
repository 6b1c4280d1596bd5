-- Gives the lease back, if @run_id of @dag_id holds it.
UPDATE {{ ref("leases") }}
SET dag_id = NULL, run_id = NULL
WHERE dag_id = @dag_id AND run_id = @run_id;
