{%- set may_take -%}
  held.run_id IS NULL
  OR (held.dag_id = @dag_id AND held.run_id = @run_id)
  OR (held.dag_id = @replaceable_dag_id AND held.run_id = @replaceable_run_id)
{%- endset -%}
-- Takes the lease if it is free, or held by the run that asks or by the one that it may replace;
-- returns the holder. One statement compares and sets, so of two runs that ask at once one gets it.
-- While another run holds the lease nothing is written: a write would conflict with the transaction in
-- which the holder publishes. Parameters: @dag_id, @run_id, @replaceable_dag_id,
-- @replaceable_run_id STRING.
IF NOT EXISTS (
  SELECT 1 FROM {{ ref("leases") }} AS held WHERE NOT COALESCE({{ may_take }}, FALSE)
) THEN
  MERGE {{ ref("leases") }} AS held
  USING (SELECT @dag_id AS dag_id, @run_id AS run_id) AS asked
    ON TRUE
  WHEN MATCHED AND ({{ may_take }}) THEN
    UPDATE SET
      dag_id = asked.dag_id,
      run_id = asked.run_id,
      renewed_at = CURRENT_TIMESTAMP()
  WHEN NOT MATCHED THEN
    INSERT (dag_id, run_id, renewed_at)
    VALUES (asked.dag_id, asked.run_id, CURRENT_TIMESTAMP());
END IF;

SELECT
  dag_id,
  run_id
FROM {{ ref("leases") }};
