/*---
description: People registered at a hospital, without any direct identifier; all versions.
grain: one row per patient version, and the unknown member
keys: [patient_version_key]
cluster_by: [source_system, patient_key]
owner: data-engineering
columns:
  patient_version_key: {type: STRING, description: Identity of this version; facts hold the one in force on their service day.}
  patient_key: {type: STRING, description: Identity of the patient within the hospital.}
  source_system: {type: STRING, description: Hospital.}
  gender: {type: STRING, description: "Male, Female, Other or Unknown."}
  age_band:
    type: STRING
    description: Age on the business date in bands; 90 and over together.
    deidentifies:
      patients.birth_date: "45 CFR 164.514(b)(2)(i)(C): years of age, all over 89 in one category."
  zip3:
    type: STRING
    description: First three digits of the ZIP code; 000 where 20,000 people or fewer live.
    deidentifies:
      patients.address: "45 CFR 164.514(b)(2)(i)(B): three digits, 000 where 20,000 people or fewer live."
  insurance_name: {type: STRING, description: Payer that covers the patient first.}
  version: {type: INT64, description: "1 for the first version, then 2, 3, …; 0 for the unknown member."}
  effective_date: {type: TIMESTAMP, description: Instant from which this version is in force.}
  expiry_date: {type: TIMESTAMP, description: Instant at which it ceases to be in force; 9999-12-31 while open.}
  is_current: {type: BOOL, description: Whether this version is open.}
checks:
  - {not_null: [patient_key, source_system, version, effective_date, expiry_date, is_current]}
  - {accepted: {gender: [Male, Female, Other, Unknown]}}
  - {accepted: {age_band: [0-17, 18-34, 35-49, 50-64, 65-79, 80-89, 90+, Unknown]}}
  - {expect: {interval_is_not_empty: effective_date < expiry_date}}
  - {expect: {zip3_is_a_prefix: "REGEXP_CONTAINS(zip3, r'^[0-9]{3}$')"}}
---*/
WITH
  patients AS (
    SELECT
      patient_version_key,
      patient_key,
      source_system,
      gender,
      zip3,
      insurance_name,
      version,
      effective_date,
      expiry_date,
      is_current,
      DATE_DIFF(@business_date, birth_date, YEAR)
      - IF(FORMAT_DATE('%m%d', @business_date) < FORMAT_DATE('%m%d', birth_date), 1, 0)
        AS age_years
    FROM {{ ref("patients") }}
  )

SELECT
  patient_version_key,
  patient_key,
  source_system,
  COALESCE(gender, 'Unknown') AS gender,
  -- 45 CFR 164.514(b)(2)(i)(C): all ages over 89 form one category.
  CASE
    WHEN age_years IS NULL THEN 'Unknown'
    WHEN age_years < 18 THEN '0-17'
    WHEN age_years < 35 THEN '18-34'
    WHEN age_years < 50 THEN '35-49'
    WHEN age_years < 65 THEN '50-64'
    WHEN age_years < 80 THEN '65-79'
    WHEN age_years < 90 THEN '80-89'
    ELSE '90+'
  END AS age_band,
  -- 45 CFR 164.514(b)(2)(i)(B): prefixes of 20,000 people or fewer (2000 Census) become 000.
  IF(
    zip3 IN (
      '036', '059', '063', '102', '203', '556', '692', '790', '821', '823', '830', '831',
      '878', '879', '884', '890', '893'
    ),
    '000',
    zip3
  ) AS zip3,
  insurance_name,
  version,
  effective_date,
  expiry_date,
  is_current
FROM patients
UNION ALL
SELECT
  'unknown', 'unknown', 'unknown', 'Unknown', 'Unknown', NULL, NULL, 0,
  TIMESTAMP '1900-01-01 00:00:00+00', TIMESTAMP '9999-12-31 00:00:00+00', TRUE
