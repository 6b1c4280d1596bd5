/*---
description: >-
  What a payer took back with each remittance, and how much of it the hospital has posted; what payers
  added or forwarded apart from claims is beside it.
grain: one row per source system, payer, day and check of a remittance that takes back or is adjusted
keys: [source_system, payer_name, remit_date, check_number]
owner: revenue-cycle
kpi:
  numerator: taken back by the remittance less the takebacks that were posted for its claims
  date_basis: >-
    day of the remittance; postings of all dates, which settle the take-backs of a claim in the order of
    their days
  basis: net
  exclusions: >-
    refunds that the hospital gave of its own accord; quarantined remittances, adjustments and postings;
    hospitals without remittances and without adjustments. A quarantined claim excludes nothing: payer and
    journal name it
  differs: >-
    a reversal and its recovery are one take-back; read apart from postings they look unposted,
    added up they count twice
  source: >-
    common practice (unposted recoupments); X12 835, PLB and claim status 22: a reversal and a recovery
    (WO) of one claim in one check tell of the same money, and a negative recovery puts it off
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_name: {type: STRING, description: Payer.}
  remit_date: {type: DATE, description: Day of the remittance.}
  check_number: {type: STRING, description: "Check or transfer, or unknown."}
  claim_count: {type: INT64, description: Claims that money was taken back for; what names no claim counts as one.}
  recouped_amount: {type: NUMERIC, description: Taken back in USD.}
  posted_amount: {type: NUMERIC, description: Of it posted as taken back in USD.}
  unposted_amount: {type: NUMERIC, description: Of it not posted in USD.}
  forwarded_amount: {type: NUMERIC, description: "Kept back for balances of other remittances in USD; negative if this remittance leaves one to them."}
  interest_amount: {type: NUMERIC, description: Interest that the payer paid on top in USD.}
  other_amount: {type: NUMERIC, description: Kept back for another reason in USD; negative makes the check larger.}
checks:
  - {range: {posted_amount: [0, null], unposted_amount: [0, null]}}
  - {expect: {difference_is_exact: recouped_amount - posted_amount = unposted_amount}}
  - {range: {unposted_amount: [0, 0]}, severity: warn}
---*/
WITH
  outcomes AS (
    SELECT remittance_key, outcome FROM {{ ref("remittance_outcomes") }}
  ),

  -- The claim's number as the payer gives it: the claim itself may be missing.
  remittances AS (
    SELECT remittance_key, claim_id FROM {{ ref("remittances_current") }}
  ),

  named_adjustments AS (
    SELECT provider_adjustment_key, claim_id FROM {{ ref("provider_adjustments_current") }}
  ),

  reversals AS (
    SELECT
      facts.source_system,
      facts.payer_key,
      facts.remit_date,
      COALESCE(facts.check_number, 'unknown') AS check_number,
      remittances.claim_id,
      -facts.paid_amount AS amount
    FROM {{ ref("fact_remittances") }} AS facts
    INNER JOIN outcomes ON facts.remittance_key = outcomes.remittance_key
    INNER JOIN remittances ON facts.remittance_key = remittances.remittance_key
    WHERE outcomes.outcome = 'Reversed'
  ),

  adjustments AS (
    SELECT
      facts.source_system,
      facts.payer_key,
      facts.adjustment_date AS remit_date,
      COALESCE(facts.check_number, 'unknown') AS check_number,
      named_adjustments.claim_id,
      facts.kind,
      facts.amount
    FROM {{ ref("fact_provider_adjustments") }} AS facts
    INNER JOIN named_adjustments
      ON facts.provider_adjustment_key = named_adjustments.provider_adjustment_key
  ),

  parts AS (
    SELECT
      source_system, payer_key, remit_date, check_number, claim_id, amount AS reversed_amount,
      0 AS recovered_amount, 0 AS forwarded_amount, 0 AS interest_amount, 0 AS other_amount
    FROM reversals
    UNION ALL
    SELECT
      source_system, payer_key, remit_date, check_number, claim_id, 0,
      IF(kind = 'recoupment', amount, 0), IF(kind = 'forwarded', amount, 0),
      IF(kind = 'interest', -amount, 0), IF(kind = 'other', amount, 0)
    FROM adjustments
  ),

  claims AS (
    SELECT
      source_system,
      payer_key,
      remit_date,
      check_number,
      claim_id,
      GREATEST(
        IF(
          SUM(recovered_amount) < 0,
          SUM(reversed_amount) + SUM(recovered_amount),
          GREATEST(SUM(reversed_amount), SUM(recovered_amount))
        ),
        0
      ) AS recouped_amount,
      SUM(forwarded_amount) AS forwarded_amount,
      SUM(interest_amount) AS interest_amount,
      SUM(other_amount) AS other_amount
    FROM parts
    GROUP BY source_system, payer_key, remit_date, check_number, claim_id
  ),

  takebacks AS (
    SELECT source_system, claim_id, SUM(amount) AS posted_amount
    FROM {{ ref("postings_current") }}
    WHERE posting_kind = 'takeback' AND claim_id IS NOT NULL
    GROUP BY source_system, claim_id
  ),

  ordered AS (
    SELECT
      source_system, payer_key, remit_date, check_number, claim_id, recouped_amount,
      forwarded_amount, interest_amount, other_amount,
      SUM(recouped_amount) OVER (
        PARTITION BY source_system, claim_id ORDER BY remit_date, check_number, payer_key
      ) - recouped_amount AS earlier_amount
    FROM claims
  ),

  -- Earlier take-backs of a claim are settled first.
  settled AS (
    SELECT
      ordered.source_system,
      ordered.payer_key,
      ordered.remit_date,
      ordered.check_number,
      ordered.claim_id,
      ordered.recouped_amount,
      ordered.forwarded_amount,
      ordered.interest_amount,
      ordered.other_amount,
      LEAST(
        ordered.recouped_amount,
        GREATEST(COALESCE(takebacks.posted_amount, 0) - ordered.earlier_amount, 0)
      ) AS posted_amount
    FROM ordered
    LEFT JOIN takebacks
      ON
        ordered.source_system = takebacks.source_system
        AND ordered.claim_id = takebacks.claim_id
  ),

  payers AS (
    SELECT payer_key, MIN(payer_name) AS payer_name
    FROM {{ ref("dim_payers") }}
    GROUP BY payer_key
  )

SELECT
  settled.source_system,
  payers.payer_name,
  settled.remit_date,
  settled.check_number,
  COUNTIF(settled.recouped_amount > 0) AS claim_count,
  SUM(settled.recouped_amount) AS recouped_amount,
  SUM(settled.posted_amount) AS posted_amount,
  SUM(settled.recouped_amount) - SUM(settled.posted_amount) AS unposted_amount,
  SUM(settled.forwarded_amount) AS forwarded_amount,
  SUM(settled.interest_amount) AS interest_amount,
  SUM(settled.other_amount) AS other_amount
FROM settled
INNER JOIN payers ON settled.payer_key = payers.payer_key
GROUP BY
  settled.source_system, payers.payer_name, settled.remit_date, settled.check_number
