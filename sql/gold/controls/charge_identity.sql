/*---
description: >-
  The charge identity account by account: what the ledger posted less what stands on the charge in
  force, which is nothing for a deleted one. Where the billing system has a posting journal, its
  postings are compared with the totals that it keeps on the charge.
grain: one row per account
keys: [source_system, transaction_key]
published: false
owner: revenue-cycle
columns:
  source_system: {type: STRING, description: Hospital.}
  transaction_key: {type: STRING, description: "Identity of the transaction within the hospital: the account."}
  charge_difference: {type: NUMERIC, description: Of the gross charge in USD.}
  payment_difference: {type: NUMERIC, description: "Of the payments of payers in USD, less what went back to them."}
  patient_payment_difference: {type: NUMERIC, description: "Of the payments of patients in USD, less what went back to them."}
  contractual_difference: {type: NUMERIC, description: Of the contractual adjustments in USD.}
  write_off_difference: {type: NUMERIC, description: Of the write-offs in USD.}
  refund_difference: {type: NUMERIC, description: "Of what was given back in USD, as the journal says."}
  takeback_difference: {type: NUMERIC, description: "Of what payers took back in USD, as the journal says."}
  balance_difference: {type: NUMERIC, description: Of the open balance in USD; what moved within the account cancels out.}
checks:
  - range:
      charge_difference: [0, 0]
      payment_difference: [0, 0]
      patient_payment_difference: [0, 0]
      contractual_difference: [0, 0]
      write_off_difference: [0, 0]
      refund_difference: [0, 0]
      takeback_difference: [0, 0]
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

  self_pay AS (
    SELECT payer_key FROM {{ ref("dim_payers") }} WHERE payer_group = 'Self-Pay'
  ),

  accounts AS (
    SELECT source_system, transaction_id, transaction_key FROM {{ ref("accounts") }}
  ),

  postings AS (
    SELECT source_system, transaction_id, posting_kind, amount FROM {{ ref("postings_current") }}
  ),

  -- Postings to a transaction that is not there have no charge to be compared with.
  ledger AS (
    SELECT
      source_system,
      transaction_key,
      CASE
        WHEN posting_kind = 'takeback' THEN 'payment'
        WHEN posting_kind != 'refund' THEN posting_kind
        WHEN payer_key IN (SELECT self_pay.payer_key FROM self_pay) THEN 'patient_payment'
        ELSE 'payment'
      END AS settled_kind,
      posting_kind,
      posted_amount
    FROM {{ ref("fact_ledger") }}
    WHERE transaction_key != 'unknown'
  ),

  sides AS (
    SELECT
      source_system,
      transaction_key,
      SUM(IF(settled_kind = 'charge', posted_amount, 0)) AS charge_amount,
      SUM(IF(settled_kind = 'payment', posted_amount, 0)) AS payment_amount,
      SUM(IF(settled_kind = 'patient_payment', posted_amount, 0)) AS patient_payment_amount,
      SUM(IF(settled_kind = 'contractual', posted_amount, 0)) AS contractual_amount,
      SUM(IF(settled_kind = 'write_off', posted_amount, 0)) AS write_off_amount,
      SUM(IF(posting_kind = 'refund', posted_amount, 0)) AS refund_amount,
      SUM(IF(posting_kind = 'takeback', posted_amount, 0)) AS takeback_amount,
      SUM(posted_amount) AS balance_amount
    FROM ledger
    GROUP BY source_system, transaction_key
    UNION ALL
    SELECT
      source_system, transaction_key, -amount, paid_amount, patient_paid_amount,
      adjustment_amount, write_off_amount, 0, 0, -open_amount
    FROM charges
    UNION ALL
    SELECT
      postings.source_system, accounts.transaction_key, 0, 0, 0, 0, 0,
      IF(postings.posting_kind = 'refund', -postings.amount, 0),
      IF(postings.posting_kind = 'takeback', -postings.amount, 0),
      0
    FROM postings
    INNER JOIN accounts
      ON
        postings.source_system = accounts.source_system
        AND postings.transaction_id = accounts.transaction_id
    WHERE postings.posting_kind IN ('refund', 'takeback')
  )

SELECT
  source_system,
  transaction_key,
  SUM(charge_amount) AS charge_difference,
  SUM(payment_amount) AS payment_difference,
  SUM(patient_payment_amount) AS patient_payment_difference,
  SUM(contractual_amount) AS contractual_difference,
  SUM(write_off_amount) AS write_off_difference,
  SUM(refund_amount) AS refund_difference,
  SUM(takeback_amount) AS takeback_difference,
  SUM(balance_amount) AS balance_difference
FROM sides
GROUP BY source_system, transaction_key
