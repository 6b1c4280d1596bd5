-- Loads that a run's batch did not publish with the others. Parameters: @dag_id, @run_id STRING.
{%- set predicate %}
  state = 'FAILED'
  AND batch_id IN (
    SELECT publication_id
    FROM {{ ref("publications") }}
    WHERE layer = 'silver' AND dag_id = @dag_id AND run_id = @run_id
  )
{%- endset %}
{% include "audit/loads.sql" %}
