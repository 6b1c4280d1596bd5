/*---
description: >-
  What to work next: recoverable leakage and open denials, ranked by expected dollars and deadline,
  with the reason in words.
grain: one row per piece of work
keys: [work, source_system, record_key]
cluster_by: [source_system, work]
owner: revenue-cycle
columns:
  work: {type: STRING, description: "appeal_denial, or the kind of the leakage finding."}
  source_system: {type: STRING, description: Hospital.}
  record_key: {type: STRING, description: "Encounter, charge or claim to work on."}
  payer_name: {type: STRING, description: Payer.}
  priority: {type: INT64, description: "Place in the hospital's list, 1 first."}
  at_risk_amount: {type: NUMERIC, description: Dollars at risk.}
  chance_rate: {type: RATE, description: "Share of such dollars that the work brought in so far: of decided denials what was recovered, of bills what the payer paid; of payments below the contract all."}
  days_left: {type: INT64, description: Days to the deadline; NULL when none is known.}
  urgency: {type: INT64, description: "Weight of the deadline: 4 within 7 days, 3 within 14, 2 within 30, else 1."}
  score_amount: {type: NUMERIC, description: Dollars at risk times chance times urgency.}
  explanation: {type: STRING, description: Why it stands here.}
checks:
  - {not_null: [priority, at_risk_amount, score_amount, explanation]}
  - {range: {chance_rate: [0, 1], urgency: [1, 4], days_left: [0, null]}}
---*/
WITH
  findings AS (
    SELECT
      kind, source_system, record_key, payer_key, deadline_date, at_risk_amount
    FROM {{ ref("leakage_findings") }}
    WHERE kind != 'late_filing'
  ),

  denials AS (
    SELECT
      source_system, claim_key, payer_key, reason_code, appeal_deadline, status, is_worked,
      denied_amount, recovered_amount, open_amount
    FROM {{ ref("fact_denials") }}
  ),

  claims AS (
    SELECT source_system, payer_key, billed_amount, remitted_amount
    FROM {{ ref("fact_claims") }}
    WHERE first_outcome IS NOT NULL AND payer_sequence = 'P'
  ),

  payers AS (
    SELECT payer_key, payer_name FROM {{ ref("dim_payers") }}
  ),

  recovery AS (
    SELECT
      source_system,
      reason_code,
      LEAST(
        GREATEST(CAST(SAFE_DIVIDE(SUM(recovered_amount), SUM(denied_amount)) AS NUMERIC), 0), 1
      ) AS recovery_rate
    FROM denials
    WHERE status != 'Open'
    GROUP BY source_system, reason_code
  ),

  payer_yield AS (
    SELECT
      source_system,
      payer_key,
      LEAST(
        GREATEST(CAST(SAFE_DIVIDE(SUM(remitted_amount), SUM(billed_amount)) AS NUMERIC), 0), 1
      ) AS yield_rate
    FROM claims
    GROUP BY source_system, payer_key
  ),

  hospital_yield AS (
    SELECT
      source_system,
      LEAST(
        GREATEST(CAST(SAFE_DIVIDE(SUM(remitted_amount), SUM(billed_amount)) AS NUMERIC), 0), 1
      ) AS yield_rate
    FROM claims
    GROUP BY source_system
  ),

  work AS (
    SELECT
      findings.kind AS work,
      findings.source_system,
      findings.record_key,
      findings.payer_key,
      findings.deadline_date,
      findings.at_risk_amount,
      IF(
        findings.kind = 'underpaid_claim',
        1,
        COALESCE(payer_yield.yield_rate, hospital_yield.yield_rate, 0)
      ) AS chance_rate,
      CASE findings.kind
        WHEN 'encounter_without_charge' THEN 'No charge was posted for this visit'
        WHEN 'charge_without_claim' THEN 'This charge was never claimed'
        WHEN 'claim_without_remittance' THEN 'The payer has not answered for over 90 days'
        WHEN 'rejected_claim' THEN 'This claim was rejected and not sent again'
        ELSE 'The payer allowed less than the contract'
      END AS reason
    FROM findings
    LEFT JOIN payer_yield
      ON
        findings.source_system = payer_yield.source_system
        AND findings.payer_key = payer_yield.payer_key
    LEFT JOIN hospital_yield ON findings.source_system = hospital_yield.source_system
    UNION ALL
    SELECT
      'appeal_denial',
      denials.source_system,
      denials.claim_key,
      denials.payer_key,
      denials.appeal_deadline,
      denials.open_amount,
      COALESCE(recovery.recovery_rate, 0),
      CONCAT(
        'Denied with reason ', denials.reason_code,
        IF(denials.recovered_amount > 0, ' and paid in part', ' and nobody has worked it')
      )
    FROM denials
    LEFT JOIN recovery
      ON
        denials.source_system = recovery.source_system
        AND denials.reason_code = recovery.reason_code
    WHERE denials.status = 'Open' AND (NOT denials.is_worked OR denials.recovered_amount > 0)
  ),

  weighed AS (
    SELECT
      work.work,
      work.source_system,
      work.record_key,
      payers.payer_name,
      work.at_risk_amount,
      work.chance_rate,
      work.reason,
      DATE_DIFF(work.deadline_date, @business_date, DAY) AS days_left,
      CASE
        WHEN DATE_DIFF(work.deadline_date, @business_date, DAY) <= 7 THEN 4
        WHEN DATE_DIFF(work.deadline_date, @business_date, DAY) <= 14 THEN 3
        WHEN DATE_DIFF(work.deadline_date, @business_date, DAY) <= 30 THEN 2
        ELSE 1
      END AS urgency
    FROM work
    INNER JOIN payers ON work.payer_key = payers.payer_key
    WHERE work.at_risk_amount > 0 AND COALESCE(work.deadline_date >= @business_date, TRUE)
  )

SELECT
  work,
  source_system,
  record_key,
  payer_name,
  ROW_NUMBER() OVER (
    PARTITION BY source_system
    ORDER BY at_risk_amount * chance_rate * urgency DESC, at_risk_amount DESC, work, record_key
  ) AS priority,
  at_risk_amount,
  chance_rate,
  days_left,
  urgency,
  ROUND(at_risk_amount * chance_rate * urgency, 2) AS score_amount,
  CONCAT(
    reason,
    FORMAT(
      ': $%.2f at risk, of which %.0f %% came in on such work so far',
      at_risk_amount, chance_rate * 100
    ),
    IF(days_left IS NULL, '', CONCAT('; ', CAST(days_left AS STRING), ' days left')),
    '.'
  ) AS explanation
FROM weighed
