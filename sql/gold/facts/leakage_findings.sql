/*---
description: >-
  Revenue lost, or about to be lost, without a denial: visits never charged, charges never claimed,
  claims rejected and never sent again, claims never answered, payments below the contract, and
  claims filed too late.
grain: one row per kind and the record that shows it
keys: [kind, source_system, record_key]
cluster_by: [source_system, kind]
owner: revenue-cycle
columns:
  kind: {type: STRING, description: "encounter_without_charge, charge_without_claim, rejected_claim, claim_without_remittance, underpaid_claim or late_filing."}
  source_system: {type: STRING, description: Hospital.}
  record_key: {type: STRING, description: "Encounter, charge or claim, as the kind says."}
  payer_key: {type: STRING, description: "Payer; unknown of a visit without a charge."}
  department_key: {type: STRING, description: "Department, or unknown."}
  service_date: {type: DATE, description: Day of the service or visit.}
  found_date: {type: DATE, description: Day from which it counts as found.}
  deadline_date: {type: DATE, description: "Last day to claim, or to dispute the payment; NULL when none is known."}
  at_risk_amount: {type: NUMERIC, description: "Dollars at risk: what is open, was paid short, or for a visit what the hospital charges on average for its kind."}
checks:
  - {not_null: [record_key, found_date, at_risk_amount]}
  - accepted:
      kind:
        [encounter_without_charge, charge_without_claim, rejected_claim,
         claim_without_remittance, underpaid_claim, late_filing]
  - {range: {at_risk_amount: [0, null]}}
---*/
WITH
  encounters AS (
    SELECT
      encounter_key, source_system, encounter_date, encounter_type, department_key
    FROM {{ ref("fact_encounters") }}
  ),

  charges AS (
    SELECT
      charges.transaction_key, charges.source_system, charges.encounter_key, charges.payer_key,
      charges.department_key, charges.service_date, charges.billed_amount, charges.open_amount,
      payers.payer_group IN ('Self-Pay', 'Unknown') AS is_self_pay
    FROM {{ ref("fact_transactions") }} AS charges
    INNER JOIN {{ ref("dim_payers") }} AS payers ON charges.payer_key = payers.payer_key
  ),

  claims AS (
    SELECT
      claim_key, source_system, transaction_key, payer_key, department_key, service_date,
      claim_date, decision_date, claim_status, claim_frequency, payer_sequence, billed_amount,
      first_remit_date, final_outcome, expected_allowed_amount, allowed_amount, remitted_amount
    FROM {{ ref("fact_claims") }}
  ),

  -- The payer never got a rejected claim: unless another one followed, nobody asks for the money.
  rejected AS (
    SELECT claim_key
    FROM claims
    WHERE claim_frequency != '8'
    QUALIFY
      claim_status = 'Rejected'
      AND ROW_NUMBER() OVER (
        PARTITION BY
          IF(transaction_key = 'unknown', claim_key, transaction_key), payer_sequence
        ORDER BY claim_date DESC, claim_status = 'Rejected', claim_key
      ) = 1
  ),

  terms AS (
    SELECT source_system, payer_key, valid_from, valid_to, timely_filing_days, appeal_days
    FROM {{ ref("payer_limits") }}
  ),

  remitting AS (
    SELECT DISTINCT source_system FROM {{ ref("fact_remittances") }}
  ),

  average_charges AS (
    SELECT
      encounters.source_system,
      encounters.encounter_type,
      ROUND(
        CAST(
          SUM(charges.billed_amount) / COUNT(DISTINCT encounters.encounter_key) AS NUMERIC
        ),
        2
      ) AS encounter_amount
    FROM encounters
    INNER JOIN charges ON encounters.encounter_key = charges.encounter_key
    GROUP BY encounters.source_system, encounters.encounter_type
  ),

  findings AS (
    SELECT
      'encounter_without_charge' AS kind,
      encounters.source_system,
      encounters.encounter_key AS record_key,
      'unknown' AS payer_key,
      encounters.department_key,
      encounters.encounter_date AS service_date,
      encounters.encounter_date AS found_date,
      CAST(NULL AS DATE) AS deadline_date,
      COALESCE(average_charges.encounter_amount, 0) AS at_risk_amount
    FROM encounters
    LEFT JOIN charges ON encounters.encounter_key = charges.encounter_key
    LEFT JOIN average_charges
      ON
        encounters.source_system = average_charges.source_system
        AND encounters.encounter_type = average_charges.encounter_type
    WHERE charges.encounter_key IS NULL
    UNION ALL
    SELECT
      'charge_without_claim',
      charges.source_system,
      charges.transaction_key,
      charges.payer_key,
      charges.department_key,
      charges.service_date,
      DATE_ADD(charges.service_date, INTERVAL 61 DAY),
      DATE_ADD(charges.service_date, INTERVAL terms.timely_filing_days DAY),
      GREATEST(charges.open_amount, 0)
    FROM charges
    LEFT JOIN claims ON charges.transaction_key = claims.transaction_key
    LEFT JOIN terms
      ON
        charges.source_system = terms.source_system
        AND charges.payer_key = terms.payer_key
        AND charges.service_date BETWEEN terms.valid_from AND terms.valid_to
    WHERE claims.claim_key IS NULL AND NOT charges.is_self_pay
    UNION ALL
    SELECT
      'rejected_claim',
      claims.source_system,
      claims.claim_key,
      claims.payer_key,
      claims.department_key,
      claims.service_date,
      COALESCE(claims.decision_date, claims.claim_date),
      DATE_ADD(claims.service_date, INTERVAL terms.timely_filing_days DAY),
      LEAST(
        claims.billed_amount, GREATEST(COALESCE(charges.open_amount, claims.billed_amount), 0)
      )
    FROM claims
    INNER JOIN rejected ON claims.claim_key = rejected.claim_key
    LEFT JOIN charges ON claims.transaction_key = charges.transaction_key
    LEFT JOIN terms
      ON
        claims.source_system = terms.source_system
        AND claims.payer_key = terms.payer_key
        AND claims.service_date BETWEEN terms.valid_from AND terms.valid_to
    UNION ALL
    SELECT
      'claim_without_remittance',
      claims.source_system,
      claims.claim_key,
      claims.payer_key,
      claims.department_key,
      claims.service_date,
      DATE_ADD(claims.claim_date, INTERVAL 91 DAY),
      DATE_ADD(claims.service_date, INTERVAL terms.timely_filing_days DAY),
      claims.billed_amount
    FROM claims
    INNER JOIN remitting ON claims.source_system = remitting.source_system
    LEFT JOIN terms
      ON
        claims.source_system = terms.source_system
        AND claims.payer_key = terms.payer_key
        AND claims.service_date BETWEEN terms.valid_from AND terms.valid_to
    WHERE claims.first_remit_date IS NULL AND claims.claim_status = 'Pending'
    UNION ALL
    SELECT
      'underpaid_claim',
      claims.source_system,
      claims.claim_key,
      claims.payer_key,
      claims.department_key,
      claims.service_date,
      claims.first_remit_date,
      DATE_ADD(claims.first_remit_date, INTERVAL terms.appeal_days DAY),
      claims.expected_allowed_amount - claims.allowed_amount
    FROM claims
    LEFT JOIN terms
      ON
        claims.source_system = terms.source_system
        AND claims.payer_key = terms.payer_key
        AND claims.first_remit_date BETWEEN terms.valid_from AND terms.valid_to
    WHERE claims.final_outcome = 'Paid' AND claims.allowed_amount < claims.expected_allowed_amount
    UNION ALL
    SELECT
      'late_filing',
      claims.source_system,
      claims.claim_key,
      claims.payer_key,
      claims.department_key,
      claims.service_date,
      claims.claim_date,
      DATE_ADD(claims.service_date, INTERVAL terms.timely_filing_days DAY),
      GREATEST(claims.billed_amount - COALESCE(claims.remitted_amount, 0), 0)
    FROM claims
    INNER JOIN terms
      ON
        claims.source_system = terms.source_system
        AND claims.payer_key = terms.payer_key
        AND claims.service_date BETWEEN terms.valid_from AND terms.valid_to
    WHERE
      claims.payer_sequence = 'P'
      AND claims.claim_frequency = '1'
      AND claims.claim_date > DATE_ADD(claims.service_date, INTERVAL terms.timely_filing_days DAY)
  )

SELECT
  kind,
  source_system,
  record_key,
  payer_key,
  department_key,
  service_date,
  found_date,
  deadline_date,
  at_risk_amount
FROM findings
WHERE found_date <= @business_date
