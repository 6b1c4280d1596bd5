/*---
description: Registered patients by gender and age.
grain: one row per source system, gender and age band
keys: [source_system, gender, age_band]
owner: revenue-cycle
kpi:
  numerator: patients in their current version
  date_basis: age on the business date
  exclusions: patients deleted at the source, quarantined patients
  differs: >-
    counts people of today's register, not versions or visits
  source: common practice; bands after 45 CFR 164.514(b), ages over 89 together
columns:
  source_system: {type: STRING, description: Hospital.}
  gender: {type: STRING, description: "Male, Female, Other or Unknown."}
  age_band: {type: STRING, description: Age on the business date.}
  patient_count: {type: INT64, description: Patients.}
checks:
  - {sum_equals: {patient_count: patients_current}}
---*/
WITH
  patients AS (
    SELECT source_system, gender, age_band
    FROM {{ ref("dim_patients") }}
    WHERE is_current AND patient_key != 'unknown'
  )

SELECT
  source_system,
  gender,
  age_band,
  COUNT(*) AS patient_count
FROM patients
GROUP BY source_system, gender, age_band
