/*---
description: Fill rates of the columns on which identity, eligibility, billing and coding depend.
grain: one row per source system, entity and column that is looked at
keys: [source_system, entity, column]
owner: data-engineering
kpi:
  numerator: rows with a value in the column
  denominator: rows
  date_basis: as of the business date, versions in force
  exclusions: deleted and quarantined rows; a value that cannot be right was blanked and counts as missing
  differs: >-
    a value that cannot be right counts as missing
  source: common practice (completeness)
columns:
  source_system: {type: STRING, description: Hospital.}
  entity: {type: STRING, description: "patients, transactions or claims."}
  column: {type: STRING, description: Column of the entity.}
  row_count: {type: INT64, description: Rows.}
  filled_count: {type: INT64, description: Rows with a value.}
  completeness_rate: {type: RATE, description: Filled share of the rows.}
checks:
  - {range: {row_count: [1, null], completeness_rate: [0, 1]}}
  - {accepted: {entity: [patients, transactions, claims]}}
---*/
WITH
  counts AS (
    SELECT
      source_system,
      'patients' AS entity,
      COUNT(*) AS row_count,
      [
        STRUCT('ssn' AS column, COUNT(ssn) AS filled_count),
        STRUCT('phone' AS column, COUNT(phone) AS filled_count),
        STRUCT('email' AS column, COUNT(email) AS filled_count),
        STRUCT('gender' AS column, COUNT(gender) AS filled_count),
        STRUCT('insurance_name' AS column, COUNT(insurance_name) AS filled_count)
      ] AS columns
    FROM {{ ref("patients_current") }}
    GROUP BY source_system
    UNION ALL
    SELECT
      source_system,
      'transactions',
      COUNT(*),
      [
        STRUCT('payer_id' AS column, COUNT(payer_id) AS filled_count),
        STRUCT('line_of_business' AS column, COUNT(line_of_business) AS filled_count),
        STRUCT('icd_code' AS column, COUNT(icd_code) AS filled_count),
        STRUCT('billed_date' AS column, COUNT(billed_date) AS filled_count)
      ]
    FROM {{ ref("transactions_current") }}
    GROUP BY source_system
    UNION ALL
    SELECT
      source_system,
      'claims',
      COUNT(*),
      [STRUCT('adjudication_date' AS column, COUNT(adjudication_date) AS filled_count)]
    FROM {{ ref("claims_current") }}
    GROUP BY source_system
  )

SELECT
  counts.source_system,
  counts.entity,
  looked_at.column,
  counts.row_count,
  looked_at.filled_count,
  SAFE_DIVIDE(CAST(looked_at.filled_count AS NUMERIC), counts.row_count) AS completeness_rate
FROM counts
CROSS JOIN UNNEST(counts.columns) AS looked_at
