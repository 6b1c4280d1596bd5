/*---
description: >-
  The roll-forward of accounts receivable: what was owed at the begin of a month, what was posted in
  it, and what was owed at its end. Begin and end come from the versions of the charges in force, the
  postings from the ledger; gold is published only if the two agree to the cent in every cell.
grain: one row per source system, payer and month with a balance or a posting
keys: [source_system, payer_key, month_end_date]
partition_by: month_end_date
owner: revenue-cycle
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_key: {type: STRING, description: "Payer, or unknown."}
  month_end_date: {type: DATE, description: Last day of the month (UTC).}
  payer_name: {type: STRING, description: Payer.}
  is_complete: {type: BOOL, description: Whether the month was over on the business date.}
  begin_amount: {type: NUMERIC, description: "Owed at the end of the month before in USD, credits deducted."}
  charge_amount: {type: NUMERIC, description: Charges posted in USD.}
  payment_amount: {type: NUMERIC, description: "Payments of payers posted in USD, negative."}
  patient_payment_amount: {type: NUMERIC, description: "Payments of patients posted in USD, negative."}
  contractual_amount: {type: NUMERIC, description: "Contractual adjustments posted in USD, negative."}
  write_off_amount: {type: NUMERIC, description: "Write-offs posted in USD, negative."}
  reversal_amount: {type: NUMERIC, description: "Postings of all these kinds taken back in USD, positive or negative."}
  transfer_amount: {type: NUMERIC, description: "Balances that came from other payers less those that went to them in USD; 0 over all payers."}
  end_amount: {type: NUMERIC, description: "Owed at the end of the month, or now, in USD, credits deducted."}
  aged_amount: {type: NUMERIC, description: Balances of the accounts at the end of the month in USD; 0 for a month that is not complete.}
  difference: {type: NUMERIC, description: What was posted beyond what explains the end in USD; 0.}
checks:
  - {not_null: [payer_name], named_by: [source_system, payer_key, month_end_date]}
  - {range: {difference: [0, 0]}, named_by: [source_system, payer_name, month_end_date]}
  - expect:
      parts_are_the_total: aged_amount = IF(is_complete, end_amount, 0)
    named_by: [source_system, payer_name, month_end_date, aged_amount, end_amount]
---*/
WITH
  versions AS (
    SELECT
      source_system,
      UPPER(payer_id) AS payer_code,
      DATE_TRUNC(DATE(effective_date), MONTH) AS first_month,
      DATE_TRUNC(DATE(expiry_date), MONTH) AS end_month,
      is_deleted,
      open_amount
    FROM {{ ref("transactions") }}
  ),

  ledger AS (
    SELECT
      source_system,
      payer_key,
      DATE_TRUNC(posting_date, MONTH) AS activity_month,
      posting_kind,
      posting_cause,
      posted_amount
    FROM {{ ref("fact_ledger") }}
  ),

  account_balances AS (
    SELECT
      source_system,
      payer_key,
      DATE_TRUNC(month_end_date, MONTH) AS activity_month,
      balance_amount
    FROM {{ ref("fact_ar_balances") }}
  ),

  payers AS (
    SELECT payer_key, payer_code, payer_name FROM {{ ref("dim_payers") }}
  ),

  bounds AS (
    SELECT
      source_system,
      GREATEST(
        DATE_TRUNC(@business_date, MONTH),
        MAX(first_month),
        COALESCE(MAX(IF(is_deleted, end_month, NULL)), DATE '0001-01-01')
      ) AS last_month
    FROM versions
    GROUP BY source_system
  ),

  -- A version counts at the end of every month that ends while it is in force.
  standings AS (
    SELECT
      versions.source_system,
      versions.payer_code,
      standing_month,
      SUM(versions.open_amount) AS standing_amount
    FROM versions
    INNER JOIN bounds ON versions.source_system = bounds.source_system
    CROSS JOIN
      UNNEST(
        GENERATE_DATE_ARRAY(
          versions.first_month,
          LEAST(DATE_SUB(versions.end_month, INTERVAL 1 MONTH), bounds.last_month),
          INTERVAL 1 MONTH
        )
      ) AS standing_month
    WHERE versions.open_amount != 0
    GROUP BY versions.source_system, versions.payer_code, standing_month
  ),

  ends AS (
    SELECT
      standings.source_system,
      COALESCE(payers.payer_key, 'unknown') AS payer_key,
      standings.standing_month,
      standings.standing_amount
    FROM standings
    LEFT JOIN payers ON standings.payer_code = payers.payer_code
  ),

  activities AS (
    SELECT
      source_system, payer_key, standing_month AS activity_month,
      'end' AS activity, standing_amount AS amount
    FROM ends
    UNION ALL
    SELECT
      ends.source_system, ends.payer_key, DATE_ADD(ends.standing_month, INTERVAL 1 MONTH),
      'begin', ends.standing_amount
    FROM ends
    INNER JOIN bounds ON ends.source_system = bounds.source_system
    WHERE ends.standing_month < bounds.last_month
    UNION ALL
    SELECT
      source_system, payer_key, activity_month,
      IF(posting_cause IN ('reversed', 'deleted'), 'reversal', posting_kind), posted_amount
    FROM ledger
    UNION ALL
    SELECT source_system, payer_key, activity_month, 'aged', balance_amount
    FROM account_balances
  ),

  cells AS (
    SELECT
      source_system,
      payer_key,
      LAST_DAY(activity_month, MONTH) AS month_end_date,
      SUM(IF(activity = 'begin', amount, 0)) AS begin_amount,
      SUM(IF(activity = 'charge', amount, 0)) AS charge_amount,
      SUM(IF(activity = 'payment', amount, 0)) AS payment_amount,
      SUM(IF(activity = 'patient_payment', amount, 0)) AS patient_payment_amount,
      SUM(IF(activity = 'contractual', amount, 0)) AS contractual_amount,
      SUM(IF(activity = 'write_off', amount, 0)) AS write_off_amount,
      SUM(IF(activity = 'reversal', amount, 0)) AS reversal_amount,
      SUM(IF(activity = 'transfer', amount, 0)) AS transfer_amount,
      SUM(IF(activity = 'end', amount, 0)) AS end_amount,
      SUM(IF(activity = 'aged', amount, 0)) AS aged_amount,
      SUM(CASE activity WHEN 'end' THEN -amount WHEN 'aged' THEN 0 ELSE amount END) AS difference
    FROM activities
    GROUP BY source_system, payer_key, month_end_date
  )

SELECT
  cells.source_system,
  cells.payer_key,
  cells.month_end_date,
  payers.payer_name,
  cells.month_end_date <= @business_date AS is_complete,
  cells.begin_amount,
  cells.charge_amount,
  cells.payment_amount,
  cells.patient_payment_amount,
  cells.contractual_amount,
  cells.write_off_amount,
  cells.reversal_amount,
  cells.transfer_amount,
  cells.end_amount,
  cells.aged_amount,
  cells.difference
FROM cells
LEFT JOIN payers ON cells.payer_key = payers.payer_key
