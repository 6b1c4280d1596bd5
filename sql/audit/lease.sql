-- The lease, if @run_id holds it.
SELECT run_id
FROM {{ ref("leases") }}
WHERE run_id = @run_id
