-- Takes the lease if it is free, or held by @run_id or @replaceable; returns the holder. One statement
-- compares and sets, so of two runs that ask at once one gets it.
-- Parameters: @dag_id, @run_id, @replaceable STRING.
MERGE {{ ref("leases") }} AS held
USING (SELECT @dag_id AS dag_id, @run_id AS run_id) AS asked
  ON TRUE
WHEN MATCHED AND COALESCE(held.run_id, @run_id) IN (@run_id, @replaceable) THEN
  UPDATE SET
    dag_id = asked.dag_id,
    run_id = asked.run_id,
    renewed_at = CURRENT_TIMESTAMP()
WHEN NOT MATCHED THEN
  INSERT (dag_id, run_id, renewed_at)
  VALUES (asked.dag_id, asked.run_id, CURRENT_TIMESTAMP());

SELECT
  dag_id,
  run_id
FROM {{ ref("leases") }};
