-- The rows of a request with what becomes of each: one row per load and row.
WITH
  requested AS (
    {% include "quarantine/requested.sql" %}
  ){% if is_previewed %},

  accepted AS (
    SELECT
      entity,
      record_key,
      MAX(event_at) AS event_at
    FROM (
      {% include "silver/last_accepted.sql" %}
    )
    GROUP BY entity, record_key
  )

SELECT
  requested.entity,
  requested.source_system,
  requested.rule,
  requested.billed_amount,
  requested.paid_amount,
  CASE
    WHEN still.load_id IS NULL THEN 'released'
    WHEN accepted.event_at >= requested.event_at THEN 'superseded'
    ELSE 'open'
  END AS outcome,
  still.rule AS outcome_rule
FROM requested
LEFT JOIN {{ ref("staged_quarantine") }} AS still
  ON requested.load_id = still.load_id AND requested.row_id = still.row_id
LEFT JOIN accepted
  ON requested.entity = accepted.entity AND requested.record_key = accepted.record_key
{%- else %}

SELECT
  entity,
  source_system,
  rule,
  billed_amount,
  paid_amount,
  'rejected' AS outcome,
  CAST(NULL AS STRING) AS outcome_rule
FROM requested
{%- endif %}
