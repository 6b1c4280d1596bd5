/*---
description: >-
  The claims that a primary payer had to pay, as the sources had told them by a day: on the business
  date, and for proof at the last month ends. A claim that was rejected, corrected or deleted after a
  day was none of that on the day. Of days before a hospital's claims were first read nobody knows
  what was told: what they show is put together from the dates of the claims.
grain: one row per claim and day of a forecast on which it was sent already
keys: [claim_key, forecast_date]
published: false
owner: revenue-cycle
columns:
  claim_key: {type: STRING, description: Identity of the claim within the hospital.}
  forecast_date: {type: DATE, description: Day from whose knowledge a forecast is made.}
  source_system: {type: STRING, description: Hospital.}
  payer_key: {type: STRING, description: "Payer, or unknown."}
  claim_date: {type: DATE, description: Day the claim was sent.}
  billed_amount: {type: NUMERIC, description: Billed in USD.}
  is_as_known: {type: BOOL, description: Whether the hospital's claims were read by then.}
checks:
  - {not_null: [source_system, payer_key, claim_date, billed_amount, is_as_known]}
---*/
WITH
  present AS (
    SELECT
      source_system, claim_key, payer_id, claim_date, claim_amount, claim_status,
      COALESCE(claim_frequency, '1') AS claim_frequency,
      COALESCE(payer_sequence, 'P') AS payer_sequence,
      COALESCE(adjudication_date, {{ hospital_day("effective_date", "source_system") }})
        AS status_date
    FROM {{ ref("claims_current") }}
  ),

  revisions AS (
    SELECT
      source_system, claim_key, payer_id, claim_date, claim_amount, claim_status,
      COALESCE(claim_frequency, '1') AS claim_frequency,
      COALESCE(payer_sequence, 'P') AS payer_sequence,
      event_at, known_from, known_to, is_deleted
    FROM {{ ref("claims_revisions") }}
  ),

  payers AS (
    SELECT payer_code, payer_key FROM {{ ref("dim_payers") }}
  ),

  -- A day's load is read up to the hospital's midnight: wherever it lies, before noon in UTC.
  past_days AS (
    SELECT past_date, TIMESTAMP_ADD(TIMESTAMP(past_date), INTERVAL 36 HOUR) AS known_at
    FROM
      UNNEST([
        DATE_SUB(DATE_TRUNC(DATE_SUB(@business_date, INTERVAL 29 DAY), MONTH), INTERVAL 1 DAY),
        DATE_SUB(
          DATE_TRUNC(
            DATE_SUB(
              DATE_TRUNC(DATE_SUB(@business_date, INTERVAL 29 DAY), MONTH), INTERVAL 1 DAY
            ),
            MONTH
          ),
          INTERVAL 1 DAY
        )
      ]) AS past_date
  ),

  first_reads AS (
    SELECT source_system, MIN(known_from) AS first_known_from
    FROM revisions
    GROUP BY source_system
  ),

  told AS (
    SELECT
      past_days.past_date,
      revisions.source_system,
      revisions.claim_key,
      revisions.payer_id,
      revisions.claim_date,
      revisions.claim_amount,
      revisions.claim_status,
      revisions.claim_frequency,
      revisions.payer_sequence,
      revisions.is_deleted
    FROM past_days
    INNER JOIN revisions
      ON
        past_days.known_at >= revisions.known_from
        AND past_days.known_at < revisions.known_to
    QUALIFY ROW_NUMBER() OVER (
      PARTITION BY past_days.past_date, revisions.claim_key ORDER BY revisions.event_at DESC
    ) = 1
  ),

  states AS (
    SELECT
      @business_date AS forecast_date, source_system, claim_key, payer_id, claim_date,
      claim_amount, claim_status, claim_frequency, payer_sequence, TRUE AS is_as_known
    FROM present
    UNION ALL
    SELECT
      past_date, source_system, claim_key, payer_id, claim_date, claim_amount, claim_status,
      claim_frequency, payer_sequence, TRUE
    FROM told
    WHERE NOT is_deleted
    UNION ALL
    SELECT
      past_days.past_date, present.source_system, present.claim_key, present.payer_id,
      present.claim_date, present.claim_amount,
      IF(present.status_date <= past_days.past_date, present.claim_status, 'Pending'),
      present.claim_frequency, present.payer_sequence, FALSE
    FROM past_days
    CROSS JOIN present
    LEFT JOIN first_reads ON present.source_system = first_reads.source_system
    WHERE COALESCE(first_reads.first_known_from > past_days.known_at, TRUE)
  )

SELECT
  states.claim_key,
  states.forecast_date,
  states.source_system,
  COALESCE(payers.payer_key, 'unknown') AS payer_key,
  states.claim_date,
  states.claim_amount AS billed_amount,
  states.is_as_known
FROM states
LEFT JOIN payers ON UPPER(states.payer_id) = payers.payer_code
WHERE
  states.payer_sequence = 'P'
  AND states.claim_frequency != '8'
  AND states.claim_status != 'Rejected'
  AND states.claim_date <= states.forecast_date
