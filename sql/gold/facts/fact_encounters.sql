/*---
description: Visits of patients to a hospital.
grain: one row per encounter in its current version
keys: [encounter_key]
partition_by: encounter_date
cluster_by: [source_system, patient_key]
owner: revenue-cycle
columns:
  encounter_key: {type: STRING, description: Identity of the encounter within the hospital.}
  source_system: {type: STRING, description: Hospital.}
  patient_key: {type: STRING, description: "Patient, or unknown."}
  patient_version_key: {type: STRING, description: Version of the patient in force on the service day.}
  provider_key: {type: STRING, description: "Provider, or unknown."}
  provider_version_key: {type: STRING, description: Version of the provider in force on the service day.}
  department_key: {type: STRING, description: "Department, or unknown."}
  department_version_key: {type: STRING, description: Version of the department in force on the service day.}
  procedure_key: {type: STRING, description: "Procedure, or unknown."}
  procedure_version_key: {type: STRING, description: Version of the procedure code in force on the service day.}
  encounter_date: {type: DATE, description: Day of the visit.}
  encounter_type: {type: STRING, description: "Inpatient, Outpatient, Emergency and so on."}
checks:
  - {not_null: [source_system, encounter_date]}
  - {row_count_equals: {encounters_current: 0}}
  - references:
      patient_version_key: dim_patients.patient_version_key
      provider_version_key: dim_providers.provider_version_key
      department_version_key: dim_departments.department_version_key
      procedure_version_key: dim_procedures.procedure_version_key
  - {references: {encounter_date: dim_date.calendar_date}, severity: warn}
---*/
WITH
  encounters AS (
    SELECT encounter_key, source_system, encounter_date, encounter_type
    FROM {{ ref("encounters_current") }}
  ),

  links AS (
    SELECT
      fact_key,
      patient_key,
      patient_version_key,
      provider_key,
      provider_version_key,
      department_key,
      department_version_key,
      procedure_key,
      procedure_version_key
    FROM {{ ref("fact_links") }}
    WHERE fact = 'encounters'
  )

SELECT
  encounters.encounter_key,
  encounters.source_system,
  COALESCE(links.patient_key, 'unknown') AS patient_key,
  COALESCE(links.patient_version_key, 'unknown') AS patient_version_key,
  COALESCE(links.provider_key, 'unknown') AS provider_key,
  COALESCE(links.provider_version_key, 'unknown') AS provider_version_key,
  COALESCE(links.department_key, 'unknown') AS department_key,
  COALESCE(links.department_version_key, 'unknown') AS department_version_key,
  COALESCE(links.procedure_key, 'unknown') AS procedure_key,
  COALESCE(links.procedure_version_key, 'unknown') AS procedure_version_key,
  encounters.encounter_date,
  encounters.encounter_type
FROM encounters
LEFT JOIN links ON encounters.encounter_key = links.fact_key
