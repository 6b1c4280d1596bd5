/*---
description: >-
  Postings of every month by payer, in the parts that KPIs use. Every month between a hospital's first
  and last posting has a row of the unknown payer, with zeros if nothing was posted.
grain: one row per source system, payer and month with a posting, and one of the unknown payer a month
keys: [source_system, payer_key, month_end_date]
published: false
owner: revenue-cycle
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_key: {type: STRING, description: "Payer, or unknown."}
  month_end_date: {type: DATE, description: Last day of the month of posting.}
  payer_name: {type: STRING, description: Payer.}
  gross_charge_amount: {type: NUMERIC, description: Charges posted in USD.}
  contractual_amount: {type: NUMERIC, description: Contractual adjustments in USD.}
  charity_amount: {type: NUMERIC, description: Written off as charity care in USD.}
  bad_debt_amount: {type: NUMERIC, description: Written off as bad debt in USD.}
  denial_write_off_amount: {type: NUMERIC, description: Written off after a denial or because it was filed too late in USD.}
  small_balance_amount: {type: NUMERIC, description: Small balances written off in USD.}
  admin_write_off_amount: {type: NUMERIC, description: Written off by an administrative decision in USD.}
  other_write_off_amount: {type: NUMERIC, description: Written off for another reason or for none that is known in USD.}
  payment_amount: {type: NUMERIC, description: Paid by payers in USD.}
  takeback_amount: {type: NUMERIC, description: Payments that payers took back in USD.}
  refund_amount: {type: NUMERIC, description: Money given back to payers and patients in USD.}
  payer_cash_amount: {type: NUMERIC, description: "Paid by payers in USD, less what they took back and what was given back to them."}
  patient_cash_amount: {type: NUMERIC, description: "Paid by patients in USD, less what was given back to them."}
  transfer_amount: {type: NUMERIC, description: Balances that came from other payers less those that went to them in USD.}
  posted_amount: {type: NUMERIC, description: USD by which all this changed the balance.}
checks:
  - sum_equals: {posted_amount: fact_ledger.posted_amount}
    where: posting_date <= LAST_DAY(@business_date, MONTH)
  - expect:
      parts_are_the_total: >-
        gross_charge_amount - contractual_amount - charity_amount - bad_debt_amount
        - denial_write_off_amount - small_balance_amount - admin_write_off_amount
        - other_write_off_amount - payer_cash_amount - patient_cash_amount + transfer_amount
        = posted_amount
    named_by: [source_system, payer_name, month_end_date, posted_amount]
---*/
WITH
  postings AS (
    SELECT
      source_system,
      payer_key,
      LAST_DAY(posting_date, MONTH) AS month_end_date,
      CASE
        WHEN posting_kind != 'write_off' THEN posting_kind
        WHEN
          reason_code IN (
            'CHARITY', 'BAD_DEBT', 'DENIAL', 'TIMELY_FILING', 'SMALL_BALANCE', 'ADMIN'
          )
          THEN reason_code
        ELSE 'OTHER'
      END AS part,
      SUM(posted_amount) AS amount
    FROM {{ ref("fact_ledger") }}
    WHERE posting_date <= LAST_DAY(@business_date, MONTH)
    GROUP BY source_system, payer_key, month_end_date, part
  ),

  payers AS (
    SELECT payer_key, payer_name, payer_group = 'Self-Pay' AS is_patient
    FROM {{ ref("dim_payers") }}
  ),

  calendars AS (
    SELECT
      source_system,
      GENERATE_DATE_ARRAY(
        DATE_TRUNC(MIN(month_end_date), MONTH), MAX(month_end_date), INTERVAL 1 MONTH
      ) AS months
    FROM postings
    GROUP BY source_system
  ),

  parts AS (
    SELECT source_system, payer_key, month_end_date, part, amount FROM postings
    UNION ALL
    SELECT calendars.source_system, 'unknown', LAST_DAY(calendar_month, MONTH), 'charge', 0
    FROM calendars
    CROSS JOIN UNNEST(calendars.months) AS calendar_month
  )

SELECT
  parts.source_system,
  parts.payer_key,
  parts.month_end_date,
  payers.payer_name,
  SUM(IF(parts.part = 'charge', parts.amount, 0)) AS gross_charge_amount,
  -SUM(IF(parts.part = 'contractual', parts.amount, 0)) AS contractual_amount,
  -SUM(IF(parts.part = 'CHARITY', parts.amount, 0)) AS charity_amount,
  -SUM(IF(parts.part = 'BAD_DEBT', parts.amount, 0)) AS bad_debt_amount,
  -SUM(IF(parts.part IN ('DENIAL', 'TIMELY_FILING'), parts.amount, 0)) AS denial_write_off_amount,
  -SUM(IF(parts.part = 'SMALL_BALANCE', parts.amount, 0)) AS small_balance_amount,
  -SUM(IF(parts.part = 'ADMIN', parts.amount, 0)) AS admin_write_off_amount,
  -SUM(IF(parts.part = 'OTHER', parts.amount, 0)) AS other_write_off_amount,
  -SUM(IF(parts.part = 'payment', parts.amount, 0)) AS payment_amount,
  SUM(IF(parts.part = 'takeback', parts.amount, 0)) AS takeback_amount,
  SUM(IF(parts.part = 'refund', parts.amount, 0)) AS refund_amount,
  -SUM(
    IF(
      parts.part IN ('payment', 'takeback') OR (parts.part = 'refund' AND NOT payers.is_patient),
      parts.amount,
      0
    )
  ) AS payer_cash_amount,
  -SUM(
    IF(
      parts.part = 'patient_payment' OR (parts.part = 'refund' AND payers.is_patient),
      parts.amount,
      0
    )
  ) AS patient_cash_amount,
  SUM(IF(parts.part = 'transfer', parts.amount, 0)) AS transfer_amount,
  SUM(parts.amount) AS posted_amount
FROM parts
INNER JOIN payers ON parts.payer_key = payers.payer_key
GROUP BY parts.source_system, parts.payer_key, parts.month_end_date, payers.payer_name
