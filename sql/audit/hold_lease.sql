-- Ends a transaction with an error unless @run_id of @dag_id holds the lease. It writes the lease, so
-- that the transaction fails as well if another run takes it meanwhile.
UPDATE {{ ref("leases") }}
SET renewed_at = CURRENT_TIMESTAMP()
WHERE dag_id = @dag_id AND run_id = @run_id;

IF NOT EXISTS (
  SELECT 1 FROM {{ ref("leases") }} WHERE dag_id = @dag_id AND run_id = @run_id
) THEN
  RAISE USING MESSAGE = CONCAT(
    '{{ marker }}{{ lease_lost }} (run ', @run_id, ' of ', @dag_id, '). {{ lease_remedy }}'
  );
END IF;
