-- The lease, if @run_id of @dag_id holds it.
SELECT run_id
FROM {{ ref("leases") }}
WHERE dag_id = @dag_id AND run_id = @run_id
