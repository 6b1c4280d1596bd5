/*---
description: >-
  The charge identity account by account: what the ledger posted less what stands on the charge in
  force, which is nothing for a deleted one.
grain: one row per account
keys: [source_system, transaction_key]
published: false
owner: revenue-cycle
columns:
  source_system: {type: STRING, description: Hospital.}
  transaction_key: {type: STRING, description: "Identity of the transaction within the hospital: the account."}
  charge_difference: {type: NUMERIC, description: Of the gross charge in USD.}
  payment_difference: {type: NUMERIC, description: Of the payments of payers in USD.}
  patient_payment_difference: {type: NUMERIC, description: Of the payments of patients in USD.}
  contractual_difference: {type: NUMERIC, description: Of the contractual adjustments in USD.}
  write_off_difference: {type: NUMERIC, description: Of the write-offs in USD.}
  balance_difference: {type: NUMERIC, description: Of the open balance in USD; what moved within the account cancels out.}
checks:
  - range:
      charge_difference: [0, 0]
      payment_difference: [0, 0]
      patient_payment_difference: [0, 0]
      contractual_difference: [0, 0]
      write_off_difference: [0, 0]
      balance_difference: [0, 0]
    named_by: [source_system, transaction_key]
---*/
WITH
  charges AS (
    SELECT
      source_system,
      transaction_key,
      amount,
      paid_amount,
      COALESCE(patient_paid_amount, 0) AS patient_paid_amount,
      COALESCE(adjustment_amount, 0) AS adjustment_amount,
      COALESCE(write_off_amount, 0) AS write_off_amount,
      open_amount
    FROM {{ ref("transactions_current") }}
  ),

  ledger AS (
    SELECT source_system, transaction_key, posting_kind, posted_amount
    FROM {{ ref("fact_ledger") }}
  ),

  sides AS (
    SELECT
      source_system,
      transaction_key,
      SUM(IF(posting_kind = 'charge', posted_amount, 0)) AS charge_amount,
      SUM(IF(posting_kind = 'payment', posted_amount, 0)) AS payment_amount,
      SUM(IF(posting_kind = 'patient_payment', posted_amount, 0)) AS patient_payment_amount,
      SUM(IF(posting_kind = 'contractual', posted_amount, 0)) AS contractual_amount,
      SUM(IF(posting_kind = 'write_off', posted_amount, 0)) AS write_off_amount,
      SUM(posted_amount) AS balance_amount
    FROM ledger
    GROUP BY source_system, transaction_key
    UNION ALL
    SELECT
      source_system, transaction_key, -amount, paid_amount, patient_paid_amount,
      adjustment_amount, write_off_amount, -open_amount
    FROM charges
  )

SELECT
  source_system,
  transaction_key,
  SUM(charge_amount) AS charge_difference,
  SUM(payment_amount) AS payment_difference,
  SUM(patient_payment_amount) AS patient_payment_difference,
  SUM(contractual_amount) AS contractual_difference,
  SUM(write_off_amount) AS write_off_difference,
  SUM(balance_amount) AS balance_difference
FROM sides
GROUP BY source_system, transaction_key
