/*---
description: Hospital departments; all versions.
grain: one row per department version, and the unknown member
keys: [department_version_key]
cluster_by: [source_system, department_key]
owner: data-engineering
columns:
  department_version_key: {type: STRING, description: Identity of this version; facts hold the one in force on their service day.}
  department_key: {type: STRING, description: Identity of the department within the hospital.}
  source_system: {type: STRING, description: Hospital.}
  department_id: {type: STRING, description: The hospital's department number.}
  department_name: {type: STRING, description: Name.}
  version: {type: INT64, description: "1 for the first version, then 2, 3, …; 0 for the unknown member."}
  effective_date: {type: TIMESTAMP, description: Instant from which this version is in force.}
  expiry_date: {type: TIMESTAMP, description: Instant at which it ceases to be in force; 9999-12-31 while open.}
  is_current: {type: BOOL, description: Whether this version is open.}
checks:
  - {not_null: [department_key, source_system, version, effective_date, expiry_date, is_current]}
  - {expect: {interval_is_not_empty: effective_date < expiry_date}}
---*/
WITH
  departments AS (
    SELECT
      department_version_key,
      department_key,
      source_system,
      department_id,
      name,
      version,
      effective_date,
      expiry_date,
      is_current
    FROM {{ ref("departments") }}
  )

SELECT
  department_version_key,
  department_key,
  source_system,
  department_id,
  name AS department_name,
  version,
  effective_date,
  expiry_date,
  is_current
FROM departments
UNION ALL
SELECT
  'unknown', 'unknown', 'unknown', 'Unknown', 'Unknown', 0,
  TIMESTAMP '1900-01-01 00:00:00+00', TIMESTAMP '9999-12-31 00:00:00+00', TRUE
