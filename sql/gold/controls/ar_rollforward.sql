/*---
description: >-
  The roll-forward of accounts receivable: beginning balance, postings of the month and ending balance.
  Silver gives the balances, from the charges in force and the posting journals; the ledger gives the
  postings. Gold is published only if the two agree to the cent in every cell.
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
  refund_amount: {type: NUMERIC, description: "Given back to payers and patients in USD, positive."}
  takeback_amount: {type: NUMERIC, description: "Taken back by payers in USD, positive."}
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
      DATE_TRUNC(
        COALESCE(
          IF(version = 1, {{ recorded_day("source_system") }}, NULL),
          {{ hospital_day("effective_date", "source_system") }}
        ),
        MONTH
      ) AS charge_month,
      DATE_TRUNC({{ hospital_day("effective_date", "source_system") }}, MONTH) AS first_month,
      DATE_TRUNC({{ hospital_day("expiry_date", "source_system") }}, MONTH) AS end_month,
      expiry_date < TIMESTAMP '9999-12-31 00:00:00+00' AS has_ended,
      amount,
      amount - open_amount AS settled_amount
    FROM {{ ref("transactions") }}
  ),

  postings AS (
    SELECT
      source_system,
      UPPER(payer_id) AS payer_code,
      UPPER(to_payer_id) AS to_payer_code,
      DATE_TRUNC(posting_date, MONTH) AS posting_month,
      amount
    FROM {{ ref("postings_current") }}
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

  journals AS (
    SELECT DISTINCT source_system FROM {{ ref("accounts") }} WHERE has_journal
  ),

  -- What a charge adds to what is owed stands from its record to the end of its version. What was
  -- settled on it does so from the version's beginning, unless a journal says when.
  changes AS (
    SELECT source_system, payer_code, charge_month AS change_month, amount AS change_amount
    FROM versions
    UNION ALL
    SELECT source_system, payer_code, end_month, -amount FROM versions WHERE has_ended
    UNION ALL
    SELECT versions.source_system, versions.payer_code, change.month, change.amount
    FROM versions
    CROSS JOIN
      UNNEST([
        STRUCT(versions.first_month AS month, -versions.settled_amount AS amount),
        STRUCT(IF(versions.has_ended, versions.end_month, NULL), versions.settled_amount)
      ]) AS change
    WHERE
      change.month IS NOT NULL
      AND versions.source_system NOT IN (SELECT source_system FROM journals)
    UNION ALL
    SELECT source_system, payer_code, posting_month, amount FROM postings
    UNION ALL
    SELECT source_system, to_payer_code, posting_month, -amount
    FROM postings
    WHERE to_payer_code IS NOT NULL
  ),

  payer_changes AS (
    SELECT
      changes.source_system,
      COALESCE(payers.payer_key, 'unknown') AS payer_key,
      changes.change_month,
      SUM(changes.change_amount) AS change_amount
    FROM changes
    LEFT JOIN payers ON changes.payer_code = payers.payer_code
    GROUP BY changes.source_system, payer_key, changes.change_month
  ),

  calendars AS (
    SELECT
      source_system,
      payer_key,
      GENERATE_DATE_ARRAY(
        MIN(change_month),
        GREATEST(
          DATE_TRUNC(@business_date, MONTH),
          MAX(MAX(change_month)) OVER (PARTITION BY source_system)
        ),
        INTERVAL 1 MONTH
      ) AS months
    FROM payer_changes
    GROUP BY source_system, payer_key
  ),

  ends AS (
    SELECT
      calendars.source_system,
      calendars.payer_key,
      calendar_month,
      SUM(COALESCE(payer_changes.change_amount, 0)) OVER (
        PARTITION BY calendars.source_system, calendars.payer_key ORDER BY calendar_month
      ) AS end_amount
    FROM calendars
    CROSS JOIN UNNEST(calendars.months) AS calendar_month
    LEFT JOIN payer_changes
      ON
        calendars.source_system = payer_changes.source_system
        AND calendars.payer_key = payer_changes.payer_key
        AND calendar_month = payer_changes.change_month
  ),

  standings AS (
    SELECT
      source_system,
      payer_key,
      calendar_month,
      end_amount,
      LAG(end_amount, 1, 0) OVER (
        PARTITION BY source_system, payer_key ORDER BY calendar_month
      ) AS begin_amount
    FROM ends
  ),

  activities AS (
    SELECT
      source_system, payer_key, calendar_month AS activity_month,
      'end' AS activity, end_amount AS amount
    FROM standings
    WHERE end_amount != 0
    UNION ALL
    SELECT source_system, payer_key, calendar_month, 'begin', begin_amount
    FROM standings
    WHERE begin_amount != 0
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
      SUM(IF(activity = 'refund', amount, 0)) AS refund_amount,
      SUM(IF(activity = 'takeback', amount, 0)) AS takeback_amount,
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
  cells.refund_amount,
  cells.takeback_amount,
  cells.reversal_amount,
  cells.transfer_amount,
  cells.end_amount,
  cells.aged_amount,
  cells.difference
FROM cells
LEFT JOIN payers ON cells.payer_key = payers.payer_key
