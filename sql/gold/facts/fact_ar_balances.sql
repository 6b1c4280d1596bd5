/*---
description: >-
  What was owed on every account at the end of every complete month, by whom, as the ledger had it,
  by age. An account of which the payer and the patient both owe a part is two rows.
grain: one row per hospital, account and payer with a balance, and month end
keys: [source_system, transaction_key, payer_key, month_end_date]
partition_by: month_end_date
cluster_by: [source_system, payer_key]
owner: revenue-cycle
columns:
  transaction_key: {type: STRING, description: "Identity of the transaction within the hospital: the account. unknown for postings to a transaction that is not there."}
  payer_key: {type: STRING, description: "Payer whose balance it was, or unknown."}
  month_end_date: {type: DATE, description: Last day of the month.}
  source_system: {type: STRING, description: Hospital.}
  patient_key: {type: STRING, description: "Patient, or unknown."}
  provider_key: {type: STRING, description: "Provider, or unknown."}
  department_key: {type: STRING, description: "Department, or unknown."}
  service_date: {type: DATE, description: "Day of the service, as the charge says now."}
  age_days: {type: INT64, description: Days from the service to the month end; below 0 for a service that was still to come.}
  aging_bucket: {type: STRING, description: "0-30, 31-60, 61-90, 91-120 or over 120 days; a service that was still to come is in 0-30."}
  bill_date: {type: DATE, description: "Day the charge was final billed, as the charge says now."}
  bill_age_days: {type: INT64, description: Days from the bill to the month end; NULL of what was not billed then.}
  bill_aging_bucket: {type: STRING, description: "0-30, 31-60, 61-90, 91-120 or over 120 days, or unbilled."}
  balance_amount: {type: NUMERIC, description: Owed in USD; negative is a credit.}
  open_amount: {type: NUMERIC, description: Positive balance in USD.}
  credit_amount: {type: NUMERIC, description: "Negative balance in USD, as a positive number."}
checks:
  - {not_null: [service_date, balance_amount]}
  - {accepted: {aging_bucket: [0-30, 31-60, 61-90, 91-120, over 120]}}
  - {accepted: {bill_aging_bucket: [0-30, 31-60, 61-90, 91-120, over 120, unbilled]}}
  - {references: {payer_key: dim_payers.payer_key}}
  - expect:
      credits_stand_apart: >-
        open_amount >= 0 AND credit_amount >= 0 AND open_amount - credit_amount = balance_amount
        AND (open_amount = 0) != (credit_amount = 0)
---*/
WITH
  postings AS (
    SELECT
      transaction_key,
      source_system,
      payer_key,
      DATE_TRUNC(posting_date, MONTH) AS posting_month,
      service_date,
      posted_amount
    FROM {{ ref("fact_ledger") }}
  ),

  accounts AS (
    SELECT transaction_key, service_date, bill_date, patient_key, provider_key, department_key
    FROM {{ ref("accounts") }}
  ),

  months AS (
    SELECT
      transaction_key,
      source_system,
      payer_key,
      posting_month,
      MIN(service_date) AS service_date,
      SUM(posted_amount) AS change_amount
    FROM postings
    GROUP BY transaction_key, source_system, payer_key, posting_month
  ),

  balances AS (
    SELECT
      transaction_key,
      source_system,
      payer_key,
      posting_month,
      MIN(service_date) OVER account AS service_date,
      LEAD(posting_month, 1, DATE '9999-12-01') OVER account AS next_posting_month,
      SUM(change_amount) OVER account AS balance_amount
    FROM months
    WINDOW
      account AS (
        PARTITION BY transaction_key, source_system, payer_key ORDER BY posting_month
      )
  ),

  -- A balance stands until the account's next posting.
  month_ends AS (
    SELECT
      balances.transaction_key,
      balances.source_system,
      balances.payer_key,
      LAST_DAY(complete_month, MONTH) AS month_end_date,
      COALESCE(accounts.service_date, balances.service_date) AS service_date,
      DATE_DIFF(
        LAST_DAY(complete_month, MONTH),
        COALESCE(accounts.service_date, balances.service_date),
        DAY
      ) AS age_days,
      accounts.bill_date,
      IF(
        accounts.bill_date <= LAST_DAY(complete_month, MONTH),
        DATE_DIFF(LAST_DAY(complete_month, MONTH), accounts.bill_date, DAY),
        NULL
      ) AS bill_age_days,
      COALESCE(accounts.patient_key, 'unknown') AS patient_key,
      COALESCE(accounts.provider_key, 'unknown') AS provider_key,
      COALESCE(accounts.department_key, 'unknown') AS department_key,
      balances.balance_amount
    FROM balances
    LEFT JOIN accounts ON balances.transaction_key = accounts.transaction_key
    CROSS JOIN
      UNNEST(
        GENERATE_DATE_ARRAY(
          balances.posting_month,
          LEAST(
            DATE_SUB(balances.next_posting_month, INTERVAL 1 MONTH),
            DATE_SUB(DATE_TRUNC(DATE_ADD(@business_date, INTERVAL 1 DAY), MONTH), INTERVAL 1 MONTH)
          ),
          INTERVAL 1 MONTH
        )
      ) AS complete_month
    WHERE balances.balance_amount != 0
  )

SELECT
  transaction_key,
  payer_key,
  month_end_date,
  source_system,
  patient_key,
  provider_key,
  department_key,
  service_date,
  age_days,
  CASE
    WHEN age_days <= 30 THEN '0-30'
    WHEN age_days <= 60 THEN '31-60'
    WHEN age_days <= 90 THEN '61-90'
    WHEN age_days <= 120 THEN '91-120'
    ELSE 'over 120'
  END AS aging_bucket,
  bill_date,
  bill_age_days,
  CASE
    WHEN bill_age_days IS NULL THEN 'unbilled'
    WHEN bill_age_days <= 30 THEN '0-30'
    WHEN bill_age_days <= 60 THEN '31-60'
    WHEN bill_age_days <= 90 THEN '61-90'
    WHEN bill_age_days <= 120 THEN '91-120'
    ELSE 'over 120'
  END AS bill_aging_bucket,
  balance_amount,
  GREATEST(balance_amount, 0) AS open_amount,
  GREATEST(-balance_amount, 0) AS credit_amount
FROM month_ends
