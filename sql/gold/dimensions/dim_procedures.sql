/*---
description: Procedure codes; all versions.
grain: one row per procedure version, and the unknown member
keys: [procedure_version_key]
cluster_by: [procedure_code]
owner: data-engineering
columns:
  procedure_version_key: {type: STRING, description: Identity of this version; facts hold the one in force on their service day.}
  procedure_key: {type: STRING, description: Identity of the code within its set.}
  source_system: {type: STRING, description: Set of codes.}
  procedure_code: {type: STRING, description: The code.}
  procedure_category: {type: STRING, description: Category of the procedure.}
  procedure_description: {type: STRING, description: What the procedure is.}
  code_status: {type: STRING, description: What happened to the code in the last release of its set.}
  version: {type: INT64, description: "1 for the first version, then 2, 3, …; 0 for the unknown member."}
  effective_date: {type: TIMESTAMP, description: Instant from which this version is in force.}
  expiry_date: {type: TIMESTAMP, description: Instant at which it ceases to be in force; 9999-12-31 while open.}
  is_current: {type: BOOL, description: Whether this version is open.}
checks:
  - {not_null: [procedure_key, source_system, procedure_code, version, effective_date, expiry_date, is_current]}
  - {expect: {interval_is_not_empty: effective_date < expiry_date}}
---*/
WITH
  procedures AS (
    SELECT
      procedure_version_key,
      procedure_key,
      source_system,
      procedure_code,
      category,
      description,
      code_status,
      version,
      effective_date,
      expiry_date,
      is_current
    FROM {{ ref("procedures") }}
  )

SELECT
  procedure_version_key,
  procedure_key,
  source_system,
  procedure_code,
  category AS procedure_category,
  description AS procedure_description,
  code_status,
  version,
  effective_date,
  expiry_date,
  is_current
FROM procedures
UNION ALL
SELECT
  'unknown', 'unknown', 'unknown', 'Unknown', 'Unknown', 'Unknown', NULL, 0,
  TIMESTAMP '1900-01-01 00:00:00+00', TIMESTAMP '9999-12-31 00:00:00+00', TRUE
