-- Gives the lease back, if @run_id holds it.
UPDATE {{ ref("leases") }}
SET dag_id = NULL, run_id = NULL
WHERE run_id = @run_id;
