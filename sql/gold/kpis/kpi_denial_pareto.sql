/*---
description: Where denied dollars come from, by payer, reason, department and provider.
grain: one row per source system, payer, group, reason, department and provider with a denial
keys: [source_system, payer_name, group_code, reason_code, department_name, provider_key]
owner: revenue-cycle
kpi:
  numerator: charges denied
  denominator: charges denied in the hospital
  date_basis: as of the business date, denials of all dates
  basis: gross
  exclusions: denials by secondary payers, further denials of the same charge, quarantined remittances
  differs: >-
    a charge counts once with its first denial, however often it was denied, by the reason that
    refuses and not by the first adjustment
  source: common practice (denial Pareto)
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_name: {type: STRING, description: Payer that denied.}
  group_code: {type: STRING, description: "Claim adjustment group of the denial, such as CO; Unknown if the remittance gives none."}
  reason_code: {type: STRING, description: Claim adjustment reason of the denial; Unknown if the remittance gives none.}
  department_name: {type: STRING, description: "Department that rendered the service, by its present name."}
  provider_key: {type: STRING, description: "Provider who rendered the service, or unknown."}
  denial_count: {type: INT64, description: Charges denied.}
  denied_amount: {type: NUMERIC, description: Charges denied in USD.}
  recovered_amount: {type: NUMERIC, description: Paid by the payer after it had denied in USD.}
  written_off_amount: {type: NUMERIC, description: Written off to the denial in USD.}
  open_denied_amount: {type: NUMERIC, description: Denied and still owed by the payer in USD.}
  hospital_denied_amount: {type: NUMERIC, description: Charges denied in the hospital in USD.}
  denied_rate: {type: RATE, description: Share of the hospital's denied charges.}
checks:
  - sum_equals:
      denial_count: fact_denials
      denied_amount: fact_denials.denied_amount
      recovered_amount: fact_denials.recovered_amount
      written_off_amount: fact_denials.written_off_amount
      open_denied_amount: fact_denials.open_amount
  - {range: {denied_rate: [0, 1]}}
---*/
WITH
  denials AS (
    SELECT
      source_system,
      payer_key,
      provider_key,
      department_key,
      COALESCE(group_code, 'Unknown') AS cause_group_code,
      COALESCE(reason_code, 'Unknown') AS cause_code,
      denied_amount,
      recovered_amount,
      written_off_amount,
      open_amount
    FROM {{ ref("fact_denials") }}
  ),

  payers AS (
    SELECT payer_key, payer_name FROM {{ ref("dim_payers") }}
  ),

  departments AS (
    SELECT department_key, department_name AS present_name
    FROM {{ ref("dim_departments") }}
    WHERE is_current
  ),

  causes AS (
    SELECT
      denials.source_system,
      payers.payer_name,
      denials.cause_group_code AS group_code,
      denials.cause_code AS reason_code,
      COALESCE(departments.present_name, 'Unknown') AS department_name,
      denials.provider_key,
      COUNT(*) AS denial_count,
      SUM(denials.denied_amount) AS denied_amount,
      SUM(denials.recovered_amount) AS recovered_amount,
      SUM(denials.written_off_amount) AS written_off_amount,
      SUM(denials.open_amount) AS open_denied_amount
    FROM denials
    INNER JOIN payers ON denials.payer_key = payers.payer_key
    LEFT JOIN departments ON denials.department_key = departments.department_key
    GROUP BY
      denials.source_system, payers.payer_name, group_code, reason_code, department_name,
      denials.provider_key
  ),

  totals AS (
    SELECT
      source_system,
      payer_name,
      group_code,
      reason_code,
      department_name,
      provider_key,
      denial_count,
      denied_amount,
      recovered_amount,
      written_off_amount,
      open_denied_amount,
      SUM(denied_amount) OVER (PARTITION BY source_system) AS hospital_denied_amount
    FROM causes
  )

SELECT
  source_system,
  payer_name,
  group_code,
  reason_code,
  department_name,
  provider_key,
  denial_count,
  denied_amount,
  recovered_amount,
  written_off_amount,
  open_denied_amount,
  hospital_denied_amount,
  SAFE_DIVIDE(denied_amount, hospital_denied_amount) AS denied_rate
FROM totals
