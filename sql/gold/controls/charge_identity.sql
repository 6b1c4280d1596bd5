/*---
description: >-
  The charge identity account by account: what the ledger posted less what silver has, which is the
  charge in force (nothing for a deleted one) with the postings of the journal, or without a journal
  with the totals on the charge. Whether journal and totals agree is `reconciling_items`' question.
grain: one row per account; postings to a transaction that is not there are one account, unknown
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
  refund_difference: {type: NUMERIC, description: Of the refunds in USD.}
  takeback_difference: {type: NUMERIC, description: Of what payers took back in USD.}
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
      COALESCE(write_off_amount, 0) AS write_off_amount
    FROM {{ ref("transactions_current") }}
  ),

  accounts AS (
    SELECT transaction_key, has_journal FROM {{ ref("accounts") }}
  ),

  ledger AS (
    SELECT source_system, transaction_key, posting_kind, posted_amount AS amount
    FROM {{ ref("fact_ledger") }}
  ),

  -- What silver says of an account, with the sign that takes the ledger's away.
  standings AS (
    SELECT source_system, transaction_key, 'charge' AS posting_kind, -amount AS amount
    FROM charges
    UNION ALL
    SELECT charges.source_system, charges.transaction_key, total.posting_kind, total.amount
    FROM charges
    INNER JOIN accounts ON charges.transaction_key = accounts.transaction_key
    CROSS JOIN
      UNNEST([
        STRUCT('payment' AS posting_kind, charges.paid_amount AS amount),
        STRUCT('patient_payment' AS posting_kind, charges.patient_paid_amount AS amount),
        STRUCT('contractual' AS posting_kind, charges.adjustment_amount AS amount),
        STRUCT('write_off' AS posting_kind, charges.write_off_amount AS amount)
      ]) AS total
    WHERE NOT accounts.has_journal
    UNION ALL
    SELECT
      postings.source_system,
      COALESCE(accounts.transaction_key, 'unknown'),
      postings.posting_kind,
      -postings.amount
    FROM {{ ref("postings_current") }} AS postings
    LEFT JOIN accounts ON postings.transaction_key = accounts.transaction_key
    -- A transfer leaves one payer and comes to the other.
    WHERE postings.posting_kind != 'transfer'
  ),

  sides AS (
    SELECT source_system, transaction_key, posting_kind, amount FROM ledger
    UNION ALL
    SELECT source_system, transaction_key, posting_kind, amount FROM standings
  )

SELECT
  source_system,
  transaction_key,
  SUM(IF(posting_kind = 'charge', amount, 0)) AS charge_difference,
  SUM(IF(posting_kind = 'payment', amount, 0)) AS payment_difference,
  SUM(IF(posting_kind = 'patient_payment', amount, 0)) AS patient_payment_difference,
  SUM(IF(posting_kind = 'contractual', amount, 0)) AS contractual_difference,
  SUM(IF(posting_kind = 'write_off', amount, 0)) AS write_off_difference,
  SUM(IF(posting_kind = 'refund', amount, 0)) AS refund_difference,
  SUM(IF(posting_kind = 'takeback', amount, 0)) AS takeback_difference,
  SUM(amount) AS balance_difference
FROM sides
GROUP BY source_system, transaction_key
