/*---
description: How many records have how many versions.
grain: one row per source system, entity and number of versions
keys: [source_system, entity, version_count]
owner: data-engineering
kpi:
  numerator: records with this many versions, deleted ones among them
  date_basis: as of the business date, the whole history
  exclusions: quarantined rows
  differs: >-
    deleted records count too
  source: common practice (change rate of a dimension)
columns:
  source_system: {type: STRING, description: Hospital.}
  entity: {type: STRING, description: "patients, providers, departments, encounters, transactions or claims."}
  version_count: {type: INT64, description: Versions of a record.}
  key_count: {type: INT64, description: Records.}
checks:
  - {range: {version_count: [1, null], key_count: [1, null]}}
---*/
WITH
  records AS (
    SELECT source_system, 'patients' AS entity, COUNT(*) AS version_count
    FROM {{ ref("patients") }}
    GROUP BY source_system, patient_key
    UNION ALL
    SELECT source_system, 'providers', COUNT(*)
    FROM {{ ref("providers") }}
    GROUP BY source_system, provider_key
    UNION ALL
    SELECT source_system, 'departments', COUNT(*)
    FROM {{ ref("departments") }}
    GROUP BY source_system, department_key
    UNION ALL
    SELECT source_system, 'encounters', COUNT(*)
    FROM {{ ref("encounters") }}
    GROUP BY source_system, encounter_key
    UNION ALL
    SELECT source_system, 'transactions', COUNT(*)
    FROM {{ ref("transactions") }}
    GROUP BY source_system, transaction_key
    UNION ALL
    SELECT source_system, 'claims', COUNT(*)
    FROM {{ ref("claims") }}
    GROUP BY source_system, claim_key
  )

SELECT
  source_system,
  entity,
  version_count,
  COUNT(*) AS key_count
FROM records
GROUP BY source_system, entity, version_count
