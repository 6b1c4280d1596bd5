/*---
description: What a hospital would keep if denials for a reason did not happen.
grain: one row per source system and reason with a denial
keys: [source_system, reason_code]
owner: revenue-cycle
kpi:
  numerator: >-
    dollars written off to denials for the reason, and of the open ones those that are lost at the
    reason's own rate
  date_basis: as of the business date, denials of all dates
  basis: gross
  exclusions: >-
    denials by secondary payers, further denials of the same charge; the work that denials cost, and
    interest for the delay
  differs: >-
    counts what is lost for good; all denied dollars would count those that were recovered
  source: this project's own what-if; gross charges, so an upper bound of the cash
columns:
  source_system: {type: STRING, description: Hospital.}
  reason_code: {type: STRING, description: Claim adjustment reason of the denial; Unknown if the remittance gives none.}
  category: {type: STRING, description: What has to be mended.}
  stage: {type: STRING, description: "Where it arises: front, mid or back of the revenue cycle, or unknown."}
  denial_count: {type: INT64, description: Charges denied.}
  denied_amount: {type: NUMERIC, description: Charges denied in USD.}
  lost_amount: {type: NUMERIC, description: Written off to the denial in USD.}
  open_denied_amount: {type: NUMERIC, description: Denied and still owed by the payer in USD.}
  recovery_rate: {type: RATE, description: Recovered over denied of the denials that are not open.}
  expected_gain_amount: {type: NUMERIC, description: Lost and expected to be lost in USD; nothing is expected back where no denial is resolved.}
  delay_days_sum: {type: INT64, description: Days from the denial to the payment of the recovered ones together.}
checks:
  - sum_equals:
      denial_count: fact_denials
      denied_amount: fact_denials.denied_amount
      lost_amount: fact_denials.written_off_amount
      open_denied_amount: fact_denials.open_amount
  - {accepted: {stage: [front, mid, back, none, unknown]}}
  - {range: {recovery_rate: [0, 1], delay_days_sum: [0, null]}, severity: warn}
---*/
WITH
  denials AS (
    SELECT
      source_system,
      COALESCE(reason_code, 'Unknown') AS cause_code,
      category,
      stage,
      status,
      denied_amount,
      recovered_amount,
      written_off_amount,
      open_amount,
      days_to_resolution
    FROM {{ ref("fact_denials") }}
  ),

  reasons AS (
    SELECT
      source_system,
      cause_code,
      category,
      stage,
      COUNT(*) AS denial_count,
      SUM(denied_amount) AS denied_amount,
      SUM(written_off_amount) AS lost_amount,
      SUM(open_amount) AS open_denied_amount,
      SUM(IF(status != 'Open', denied_amount, 0)) AS resolved_amount,
      SUM(IF(status != 'Open', recovered_amount, 0)) AS recovered_amount,
      SUM(IF(status = 'Recovered', days_to_resolution, 0)) AS delay_days_sum
    FROM denials
    GROUP BY source_system, cause_code, category, stage
  )

SELECT
  source_system,
  cause_code AS reason_code,
  category,
  stage,
  denial_count,
  denied_amount,
  lost_amount,
  open_denied_amount,
  SAFE_DIVIDE(recovered_amount, resolved_amount) AS recovery_rate,
  ROUND(
    lost_amount + open_denied_amount
    - COALESCE(
      CAST(SAFE_DIVIDE(open_denied_amount * recovered_amount, resolved_amount) AS NUMERIC), 0
    ),
    2
  ) AS expected_gain_amount,
  delay_days_sum
FROM reasons
