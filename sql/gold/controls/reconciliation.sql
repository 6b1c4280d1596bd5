/*---
description: Rows and dollars of silver against gold, with those held in quarantine.
grain: one row per source system, entity and measure
keys: [source_system, entity, measure]
owner: data-engineering
columns:
  source_system: {type: STRING, description: Hospital or set of codes.}
  entity: {type: STRING, description: Entity of the common data model.}
  measure: {type: STRING, description: "rows, billed or paid (USD)."}
  silver_value: {type: NUMERIC, description: "In silver: all versions of a dimension, current versions of an event."}
  gold_value: {type: NUMERIC, description: In the dimension or fact.}
  quarantined_value: {type: NUMERIC, description: "Open in the quarantine ledger, a row that was read again counted once."}
  difference: {type: NUMERIC, description: Silver less gold.}
checks:
  - {accepted: {measure: [rows, billed, paid]}}
  - {range: {difference: [0, 0]}}
---*/
WITH
  silver_rows AS (
    SELECT source_system, 'patients' AS entity, 0 AS billed_amount, 0 AS paid_amount
    FROM {{ ref("patients") }}
    UNION ALL
    SELECT source_system, 'providers', 0, 0 FROM {{ ref("providers") }}
    UNION ALL
    SELECT source_system, 'departments', 0, 0 FROM {{ ref("departments") }}
    UNION ALL
    SELECT source_system, 'procedures', 0, 0 FROM {{ ref("procedures") }}
    UNION ALL
    SELECT source_system, 'encounters', 0, 0 FROM {{ ref("encounters_current") }}
    UNION ALL
    SELECT source_system, 'transactions', amount, paid_amount
    FROM {{ ref("transactions_current") }}
    UNION ALL
    SELECT source_system, 'claims', claim_amount, paid_amount FROM {{ ref("claims_current") }}
    UNION ALL
    SELECT source_system, 'remittances', charge_amount, paid_amount
    FROM {{ ref("remittances_current") }}
    UNION ALL
    SELECT source_system, 'postings', 0, amount FROM {{ ref("postings_current") }}
    WHERE amount != 0
  ),

  gold_rows AS (
    SELECT source_system, 'patients' AS entity, 0 AS billed_amount, 0 AS paid_amount
    FROM {{ ref("dim_patients") }}
    WHERE patient_key != 'unknown'
    UNION ALL
    SELECT source_system, 'providers', 0, 0
    FROM {{ ref("dim_providers") }} WHERE provider_key != 'unknown'
    UNION ALL
    SELECT source_system, 'departments', 0, 0
    FROM {{ ref("dim_departments") }} WHERE department_key != 'unknown'
    UNION ALL
    SELECT source_system, 'procedures', 0, 0
    FROM {{ ref("dim_procedures") }} WHERE procedure_key != 'unknown'
    UNION ALL
    SELECT source_system, 'encounters', 0, 0 FROM {{ ref("fact_encounters") }}
    UNION ALL
    SELECT source_system, 'transactions', billed_amount, paid_amount
    FROM {{ ref("fact_transactions") }}
    UNION ALL
    SELECT source_system, 'claims', billed_amount, paid_amount FROM {{ ref("fact_claims") }}
    UNION ALL
    SELECT source_system, 'remittances', charge_amount, paid_amount
    FROM {{ ref("fact_remittances") }}
    UNION ALL
    -- A posting of the journal; of a transfer the side that its amount is of.
    SELECT source_system, 'postings', 0, posted_amount
    FROM {{ ref("fact_ledger") }}
    WHERE version IS NULL AND posting_cause != 'moved_in'
  ),

  quarantined_rows AS (
    SELECT source_system, entity, billed_amount, paid_amount
    FROM {{ ref("quarantine") }}
    WHERE state = 'open'
  ),

  ledger AS (
    SELECT 'silver' AS side, source_system, entity, billed_amount, paid_amount FROM silver_rows
    UNION ALL
    SELECT 'gold', source_system, entity, billed_amount, paid_amount FROM gold_rows
    UNION ALL
    SELECT 'quarantine', source_system, entity, billed_amount, paid_amount FROM quarantined_rows
  ),

  totals AS (
    SELECT
      side,
      source_system,
      entity,
      [
        STRUCT('rows' AS measure, CAST(COUNT(*) AS NUMERIC) AS amount),
        STRUCT('billed' AS measure, COALESCE(SUM(billed_amount), 0) AS amount),
        STRUCT('paid' AS measure, COALESCE(SUM(paid_amount), 0) AS amount)
      ] AS measures
    FROM ledger
    GROUP BY side, source_system, entity
  )

SELECT
  totals.source_system,
  totals.entity,
  total.measure,
  SUM(IF(totals.side = 'silver', total.amount, 0)) AS silver_value,
  SUM(IF(totals.side = 'gold', total.amount, 0)) AS gold_value,
  SUM(IF(totals.side = 'quarantine', total.amount, 0)) AS quarantined_value,
  SUM(CASE totals.side WHEN 'silver' THEN total.amount WHEN 'gold' THEN -total.amount ELSE 0 END)
    AS difference
FROM totals
CROSS JOIN UNNEST(totals.measures) AS total
-- Only events carry dollars.
WHERE
  total.measure = 'rows'
  OR totals.entity IN ('transactions', 'claims', 'remittances', 'postings')
GROUP BY totals.source_system, totals.entity, total.measure
