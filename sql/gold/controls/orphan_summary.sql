/*---
description: References of fact rows to missing dimension members, which facts show as unknown.
grain: one row per source system, fact and dimension that the fact refers to
keys: [source_system, fact, dimension]
owner: data-engineering
columns:
  source_system: {type: STRING, description: Hospital.}
  fact: {type: STRING, description: "Fact: transactions, claims or encounters."}
  dimension: {type: STRING, description: "What is referred to: patients, providers, departments, procedures, payers, encounters or transactions."}
  row_count: {type: INT64, description: Rows of the fact.}
  missing_count: {type: INT64, description: Rows for which the source names nobody.}
  orphan_count: {type: INT64, description: Rows for which the source names somebody who is not there.}
  orphan_amount: {type: NUMERIC, description: Billed by the orphans in USD.}
checks:
  - {expect: {parts_fit_the_whole: missing_count + orphan_count <= row_count}}
  - {range: {orphan_count: [0, 0]}, severity: warn}
---*/
WITH
  links AS (
    SELECT
      source_system,
      fact,
      billed_amount,
      [
        STRUCT('patients' AS dimension, patient_version_key AS member_key),
        STRUCT('providers' AS dimension, provider_version_key AS member_key),
        STRUCT('departments' AS dimension, department_version_key AS member_key),
        STRUCT('procedures' AS dimension, procedure_version_key AS member_key),
        STRUCT('payers' AS dimension, payer_key AS member_key),
        STRUCT('encounters' AS dimension, encounter_key AS member_key),
        STRUCT('transactions' AS dimension, transaction_key AS member_key)
      ] AS members
    FROM {{ ref("fact_links") }}
    WHERE is_current
  )

SELECT
  links.source_system,
  links.fact,
  member.dimension,
  COUNT(*) AS row_count,
  COUNTIF(member.member_key IS NULL) AS missing_count,
  COUNTIF(member.member_key = 'unknown') AS orphan_count,
  SUM(IF(member.member_key = 'unknown', links.billed_amount, 0)) AS orphan_amount
FROM links
CROSS JOIN UNNEST(links.members) AS member
GROUP BY links.source_system, links.fact, member.dimension
HAVING COUNT(member.member_key) > 0
