/*---
description: >-
  Charges that their primary payer refused at least once: the first denial, what was done about it
  and what came of it. A charge counts once however often it was denied, so its dollars do too.
grain: one row per charge with a denied primary claim
keys: [transaction_key]
partition_by: denial_date
cluster_by: [source_system, payer_key]
owner: revenue-cycle
columns:
  transaction_key: {type: STRING, description: Charge.}
  claim_key: {type: STRING, description: Claim whose denial was the first.}
  source_system: {type: STRING, description: Hospital.}
  payer_key: {type: STRING, description: "Payer that denied, or unknown."}
  provider_key: {type: STRING, description: "Provider that the denied claim names, or unknown."}
  department_key: {type: STRING, description: "Department that the denied claim names, or unknown."}
  service_date: {type: DATE, description: Day of the service.}
  denial_date: {type: DATE, description: Day of the remittance that denied.}
  group_code: {type: STRING, description: Group of the first adjustment of that remittance.}
  reason_code: {type: STRING, description: Reason code of that adjustment.}
  remark_code: {type: STRING, description: Remark code of that adjustment.}
  category: {type: STRING, description: "Kind of denial; Other for a code that dim_adjustment_reasons lacks."}
  stage: {type: STRING, description: "Where it arises: front, mid, back, none or unknown."}
  denied_amount: {type: NUMERIC, description: Billed on the denied claim in USD.}
  is_initial: {type: BOOL, description: "Whether an original claim was denied, not a corrected or voided one."}
  is_worked: {type: BOOL, description: Whether an appeal or another claim followed.}
  first_appeal_date: {type: DATE, description: Day of the first appeal.}
  appeal_outcome: {type: STRING, description: "Of the last appeal: Pending, Overturned or Upheld."}
  appeal_deadline: {type: DATE, description: Last day on which the payer takes an appeal.}
  recovered_amount: {type: NUMERIC, description: "Paid by the payer on the charge since the denial in USD, takebacks deducted."}
  written_off_amount: {type: NUMERIC, description: Written off as denied or filed too late in USD.}
  open_amount: {type: NUMERIC, description: "Denied and still owed by the payer in USD: its balance on the charge, at most what was denied and neither recovered nor written off."}
  status: {type: STRING, description: "Open while the payer owes a part of it; then Written off, Recovered, or Closed if it left the payer's balance in another way, as to the patient."}
  days_to_appeal: {type: INT64, description: Days from the denial to the first appeal.}
  days_to_resolution: {type: INT64, description: "Days from the denial to the last write-off to it, or else to the last payment; NULL while it is open or if it was closed in another way."}
checks:
  - {not_null: [source_system, denial_date, reason_code, denied_amount, open_amount, status]}
  - {accepted: {status: [Written off, Recovered, Closed, Open]}}
  - {expect: {what_is_open_is_owed: (open_amount > 0) = (status = 'Open') AND open_amount >= 0}}
  - {accepted: {appeal_outcome: [Pending, Overturned, Upheld]}}
  - {range: {days_to_appeal: [0, null], days_to_resolution: [0, null]}, severity: warn}
  - references:
      transaction_key: fact_transactions.transaction_key
      claim_key: fact_claims.claim_key
      payer_key: dim_payers.payer_key
      provider_key: dim_providers.provider_key
      department_key: dim_departments.department_key
---*/
WITH
  remittances AS (
    SELECT remittance_key, claim_key, payer_key, remit_date, charge_amount
    FROM {{ ref("fact_remittances") }}
    WHERE NOT is_crossover
  ),

  outcomes AS (
    SELECT remittance_key, outcome FROM {{ ref("remittance_outcomes") }}
  ),

  remittance_ids AS (
    SELECT remittance_key, remittance_id FROM {{ ref("remittances_current") }}
  ),

  reasons AS (
    SELECT reason_code, category, stage FROM {{ ref("dim_adjustment_reasons") }}
  ),

  -- The first adjustment that refuses payment says why; contractual amounts may stand before it.
  adjustments AS (
    SELECT remittance_key, group_code, reason_code, remark_code
    FROM {{ ref("fact_claim_adjustments") }}
    QUALIFY ROW_NUMBER() OVER (
      PARTITION BY remittance_key ORDER BY is_refusal DESC, adjustment_number
    ) = 1
  ),

  claims AS (
    SELECT
      claim_key, source_system, transaction_key, provider_key, department_key, claim_frequency,
      payer_sequence, service_date, claim_date
    FROM {{ ref("fact_claims") }}
    WHERE transaction_key != 'unknown'
  ),

  claim_ids AS (
    SELECT source_system, claim_id, claim_key FROM {{ ref("claims_current") }}
  ),

  appeals AS (
    SELECT source_system, appeal_id, claim_id, filed_date, outcome
    FROM {{ ref("appeals_current") }}
  ),

  terms AS (
    SELECT source_system, payer_key, valid_from, valid_to, appeal_days
    FROM {{ ref("payer_limits") }}
  ),

  accounts AS (
    SELECT transaction_key, payer_key FROM {{ ref("accounts") }}
  ),

  ledger AS (
    SELECT
      transaction_key, payer_key, posting_date, posting_kind, reason_code, posted_amount
    FROM {{ ref("fact_ledger") }}
    WHERE transaction_key != 'unknown'
  ),

  denials AS (
    SELECT
      claims.transaction_key,
      claims.claim_key,
      claims.source_system,
      remittances.payer_key,
      claims.provider_key,
      claims.department_key,
      claims.service_date,
      remittances.remit_date AS denial_date,
      remittances.charge_amount AS denied_amount,
      claims.claim_frequency = '1' AS is_initial,
      remittances.remittance_key
    FROM remittances
    INNER JOIN claims ON remittances.claim_key = claims.claim_key
    INNER JOIN remittance_ids ON remittances.remittance_key = remittance_ids.remittance_key
    INNER JOIN outcomes ON remittances.remittance_key = outcomes.remittance_key
    WHERE outcomes.outcome = 'Denied' AND claims.payer_sequence = 'P'
    QUALIFY ROW_NUMBER() OVER (
      PARTITION BY claims.transaction_key
      ORDER BY remittances.remit_date, remittance_ids.remittance_id, remittances.remittance_key
    ) = 1
  ),

  appealed AS (
    SELECT
      claims.transaction_key,
      MIN(appeals.filed_date) AS first_appeal_date,
      MAX(appeals.filed_date) AS last_appeal_date,
      ARRAY_AGG(
        appeals.outcome ORDER BY appeals.filed_date DESC, appeals.appeal_id DESC LIMIT 1
      )[OFFSET(0)] AS appeal_outcome
    FROM appeals
    INNER JOIN claim_ids
      ON
        appeals.source_system = claim_ids.source_system
        AND appeals.claim_id = claim_ids.claim_id
    INNER JOIN claims ON claim_ids.claim_key = claims.claim_key
    GROUP BY claims.transaction_key
  ),

  billed_again AS (
    SELECT DISTINCT denials.transaction_key
    FROM denials
    INNER JOIN claims ON denials.transaction_key = claims.transaction_key
    WHERE
      claims.payer_sequence = 'P'
      AND claims.claim_key != denials.claim_key
      AND claims.claim_date >= denials.denial_date
  ),

  -- What a payer owes lies with it or with the payer that the charge names.
  followed AS (
    SELECT
      denials.transaction_key,
      ledger.posting_date,
      ledger.posted_amount,
      ledger.payer_key IN (denials.payer_key, accounts.payer_key) AS is_payers,
      CASE
        WHEN
          ledger.posting_kind = 'write_off' AND ledger.reason_code IN ('DENIAL', 'TIMELY_FILING')
          THEN 'denial_write_off'
        WHEN
          ledger.payer_key = denials.payer_key AND ledger.posting_date >= denials.denial_date
          THEN ledger.posting_kind
      END AS part
    FROM denials
    INNER JOIN accounts ON denials.transaction_key = accounts.transaction_key
    INNER JOIN ledger ON denials.transaction_key = ledger.transaction_key
  ),

  results AS (
    SELECT
      transaction_key,
      -SUM(IF(part IN ('payment', 'takeback'), posted_amount, 0)) AS recovered_amount,
      -SUM(IF(part = 'denial_write_off', posted_amount, 0)) AS written_off_amount,
      SUM(IF(is_payers, posted_amount, 0)) AS balance_amount,
      MAX(IF(part = 'payment', posting_date, NULL)) AS paid_date,
      MAX(IF(part = 'denial_write_off', posting_date, NULL)) AS written_off_date
    FROM followed
    GROUP BY transaction_key
  ),

  judged AS (
    SELECT
      denials.*,
      COALESCE(results.recovered_amount, 0) AS recovered_amount,
      COALESCE(results.written_off_amount, 0) AS written_off_amount,
      GREATEST(
        LEAST(
          COALESCE(results.balance_amount, 0),
          denials.denied_amount - COALESCE(results.recovered_amount, 0)
          - COALESCE(results.written_off_amount, 0)
        ),
        0
      ) AS open_amount,
      results.paid_date,
      results.written_off_date
    FROM denials
    LEFT JOIN results ON denials.transaction_key = results.transaction_key
  ),

  resolved AS (
    SELECT
      transaction_key,
      CASE
        WHEN open_amount > 0 THEN 'Open'
        WHEN written_off_amount > 0 THEN 'Written off'
        WHEN recovered_amount > 0 THEN 'Recovered'
        ELSE 'Closed'
      END AS status,
      CASE
        WHEN open_amount > 0 THEN NULL
        WHEN written_off_amount > 0 THEN written_off_date
        WHEN recovered_amount > 0 THEN paid_date
      END AS resolved_date
    FROM judged
  )

SELECT
  judged.transaction_key,
  judged.claim_key,
  judged.source_system,
  judged.payer_key,
  judged.provider_key,
  judged.department_key,
  judged.service_date,
  judged.denial_date,
  COALESCE(adjustments.group_code, 'OA') AS group_code,
  COALESCE(adjustments.reason_code, 'unknown') AS reason_code,
  adjustments.remark_code,
  COALESCE(reasons.category, 'Other') AS category,
  COALESCE(reasons.stage, 'unknown') AS stage,
  judged.denied_amount,
  judged.is_initial,
  COALESCE(appealed.last_appeal_date >= judged.denial_date, FALSE)
  OR billed_again.transaction_key IS NOT NULL AS is_worked,
  appealed.first_appeal_date,
  appealed.appeal_outcome,
  DATE_ADD(judged.denial_date, INTERVAL terms.appeal_days DAY) AS appeal_deadline,
  judged.recovered_amount,
  judged.written_off_amount,
  judged.open_amount,
  resolved.status,
  DATE_DIFF(appealed.first_appeal_date, judged.denial_date, DAY) AS days_to_appeal,
  DATE_DIFF(resolved.resolved_date, judged.denial_date, DAY) AS days_to_resolution
FROM judged
INNER JOIN resolved ON judged.transaction_key = resolved.transaction_key
LEFT JOIN adjustments ON judged.remittance_key = adjustments.remittance_key
LEFT JOIN reasons ON adjustments.reason_code = reasons.reason_code
LEFT JOIN appealed ON judged.transaction_key = appealed.transaction_key
LEFT JOIN billed_again ON judged.transaction_key = billed_again.transaction_key
LEFT JOIN terms
  ON
    judged.source_system = terms.source_system
    AND judged.payer_key = terms.payer_key
    AND judged.denial_date BETWEEN terms.valid_from AND terms.valid_to
