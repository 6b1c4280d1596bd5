/*---
description: >-
  Past balances by kind of debtor and age, and the part of them that was written off: balances at
  month ends at least half a year ago, and what the hospital wrote off of them within half a year, for
  any reason but the contract. A write-off counts against the balance of the payer to which it is posted, or
  against the account's only balance at that month end, because a hospital writes off at the patient
  what an insurer left unpaid.
grain: one row per source system, month end, kind of debtor and age that had a balance by then
keys: [source_system, month_end_date, owed_by, aging_bucket]
published: false
owner: revenue-cycle
columns:
  source_system: {type: STRING, description: Hospital.}
  month_end_date: {type: DATE, description: Last day of the month that looks back.}
  owed_by: {type: STRING, description: "patient or insurer."}
  aging_bucket: {type: STRING, description: Age of the service at the month end.}
  past_open_amount: {type: NUMERIC, description: Balances of this age at the earlier month ends in USD.}
  past_written_off_amount: {type: NUMERIC, description: Written off of them within half a year in USD.}
checks:
  - {accepted: {owed_by: [patient, insurer]}}
  - {expect: {part_of_the_whole: past_written_off_amount BETWEEN 0 AND past_open_amount}}
---*/
WITH
  balances AS (
    SELECT
      source_system,
      transaction_key,
      payer_key,
      month_end_date,
      owed_by,
      aging_bucket,
      open_amount,
      COUNT(*) OVER (PARTITION BY source_system, transaction_key, month_end_date) = 1 AS is_only
    FROM {{ ref("receivable_values") }}
    WHERE transaction_key != 'unknown'
  ),

  write_offs AS (
    SELECT transaction_key, payer_key, posting_date, posted_amount
    FROM {{ ref("fact_ledger") }}
    WHERE posting_kind = 'write_off' AND transaction_key != 'unknown'
  ),

  losses AS (
    SELECT
      balances.transaction_key,
      balances.payer_key,
      balances.month_end_date,
      -SUM(write_offs.posted_amount) AS written_off_amount
    FROM balances
    INNER JOIN write_offs
      ON
        balances.transaction_key = write_offs.transaction_key
        AND write_offs.posting_date > balances.month_end_date
        AND write_offs.posting_date
        <= LAST_DAY(DATE_ADD(balances.month_end_date, INTERVAL 6 MONTH), MONTH)
        AND (balances.is_only OR balances.payer_key = write_offs.payer_key)
    GROUP BY balances.transaction_key, balances.payer_key, balances.month_end_date
  ),

  cohorts AS (
    SELECT
      balances.source_system,
      LAST_DAY(DATE_ADD(balances.month_end_date, INTERVAL 6 MONTH), MONTH) AS known_date,
      balances.owed_by,
      balances.aging_bucket,
      SUM(balances.open_amount) AS open_amount,
      SUM(LEAST(GREATEST(COALESCE(losses.written_off_amount, 0), 0), balances.open_amount))
        AS written_off_amount
    FROM balances
    LEFT JOIN losses
      ON
        balances.transaction_key = losses.transaction_key
        AND balances.payer_key = losses.payer_key
        AND balances.month_end_date = losses.month_end_date
    GROUP BY balances.source_system, known_date, balances.owed_by, balances.aging_bucket
  ),

  month_ends AS (
    SELECT DISTINCT source_system, month_end_date FROM balances
  )

SELECT
  month_ends.source_system,
  month_ends.month_end_date,
  cohorts.owed_by,
  cohorts.aging_bucket,
  SUM(cohorts.open_amount) AS past_open_amount,
  SUM(cohorts.written_off_amount) AS past_written_off_amount
FROM month_ends
INNER JOIN cohorts
  ON
    month_ends.source_system = cohorts.source_system
    AND month_ends.month_end_date >= cohorts.known_date
GROUP BY
  month_ends.source_system, month_ends.month_end_date, cohorts.owed_by, cohorts.aging_bucket
