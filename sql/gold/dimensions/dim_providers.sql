/*---
description: Clinicians who render services; all versions.
grain: one row per provider version, and the unknown member
keys: [provider_version_key]
cluster_by: [source_system, provider_key]
owner: data-engineering
columns:
  provider_version_key: {type: STRING, description: Identity of this version; facts hold the one in force on their service day.}
  provider_key: {type: STRING, description: Identity of the provider within the hospital.}
  source_system: {type: STRING, description: Hospital.}
  provider_id: {type: STRING, description: The hospital's provider number.}
  provider_name: {type: STRING, description: Given and family name.}
  specialization: {type: STRING, description: Clinical specialty.}
  department_id: {type: STRING, description: Department the provider belongs to.}
  npi: {type: STRING, description: National Provider Identifier of ten digits.}
  version: {type: INT64, description: "1 for the first version, then 2, 3, …; 0 for the unknown member."}
  effective_date: {type: TIMESTAMP, description: Instant from which this version is in force.}
  expiry_date: {type: TIMESTAMP, description: Instant at which it ceases to be in force; 9999-12-31 while open.}
  is_current: {type: BOOL, description: Whether this version is open.}
checks:
  - {not_null: [provider_key, source_system, version, effective_date, expiry_date, is_current]}
  - {expect: {interval_is_not_empty: effective_date < expiry_date}}
---*/
WITH
  providers AS (
    SELECT
      provider_version_key,
      provider_key,
      source_system,
      provider_id,
      first_name,
      last_name,
      specialization,
      department_id,
      npi,
      version,
      effective_date,
      expiry_date,
      is_current
    FROM {{ ref("providers") }}
  )

SELECT
  provider_version_key,
  provider_key,
  source_system,
  provider_id,
  TRIM(CONCAT(COALESCE(first_name, ''), ' ', last_name)) AS provider_name,
  specialization,
  department_id,
  npi,
  version,
  effective_date,
  expiry_date,
  is_current
FROM providers
UNION ALL
SELECT
  'unknown', 'unknown', 'unknown', 'Unknown', 'Unknown', NULL, NULL, NULL, 0,
  TIMESTAMP '1900-01-01 00:00:00+00', TIMESTAMP '9999-12-31 00:00:00+00', TRUE
