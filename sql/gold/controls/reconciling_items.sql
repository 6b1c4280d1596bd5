/*---
description: >-
  Accounts on which the ledger, as the posting journal has it, and the balance that the billing system
  states on the charge differ, with the cause. Only hospitals with a journal keep two books. The two tie
  including these items; `ar_reconciliation` adds them up.
grain: one row per hospital, account and cause
keys: [source_system, account_key, cause]
cluster_by: [source_system]
owner: revenue-cycle
columns:
  source_system: {type: STRING, description: Hospital.}
  account_key: {type: STRING, description: "Identity of the transaction within the hospital, whether it is there or not."}
  cause: {type: STRING, description: "posting_held, charge_held, charge_deleted, charge_not_found, journal_not_landed, between_bounds, kind_differs or unexplained; docs/held-back.md says what each is."}
  since_date: {type: DATE, description: "Day on which the charge or a posting to it changed last, and at the latest the business date."}
  age_days: {type: INT64, description: Days from then to the business date.}
  difference_amount: {type: NUMERIC, description: Balance of the ledger less that of the billing system in USD; 0 where only kinds differ.}
  item_amount: {type: NUMERIC, description: "Dollars in question in USD, positive."}
checks:
  - {not_null: [since_date, difference_amount, item_amount]}
  - {range: {age_days: [0, null]}}
  - accepted:
      cause: [posting_held, charge_held, charge_deleted, charge_not_found, journal_not_landed, between_bounds, kind_differs, unexplained]
  - {expect: {unexplained_is_nothing: "cause != 'unexplained'"}, severity: warn, named_by: [source_system, account_key, item_amount]}
---*/
WITH
  charges AS (
    SELECT
      source_system,
      transaction_key,
      is_current,
      IF(is_current, effective_date, expiry_date) AS changed_at,
      paid_amount,
      COALESCE(patient_paid_amount, 0) AS patient_paid_amount,
      COALESCE(adjustment_amount, 0) AS adjustment_amount,
      COALESCE(write_off_amount, 0) AS write_off_amount
    FROM {{ ref("transactions") }}
    QUALIFY ROW_NUMBER() OVER (PARTITION BY transaction_key ORDER BY version DESC) = 1
  ),

  accounts AS (
    SELECT source_system, transaction_key, open_amount
    FROM {{ ref("accounts") }}
    WHERE has_journal
  ),

  self_pay AS (
    SELECT payer_code FROM {{ ref("dim_payers") }} WHERE payer_group = 'Self-Pay'
  ),

  -- Postings as they change what is owed and what the charge's totals should say.
  postings AS (
    SELECT
      postings.source_system,
      postings.transaction_key,
      postings.effective_date,
      CASE
        WHEN postings.posting_kind = 'takeback' THEN 'payment'
        WHEN postings.posting_kind != 'refund' THEN postings.posting_kind
        WHEN UPPER(postings.payer_id) IN (SELECT self_pay.payer_code FROM self_pay)
          THEN 'patient_payment'
        ELSE 'payment'
      END AS settled_kind,
      postings.amount
    FROM {{ ref("postings_current") }} AS postings
    WHERE postings.posting_kind != 'transfer'
  ),

  posted AS (
    SELECT
      source_system,
      transaction_key,
      MAX(effective_date) AS posted_at,
      SUM(amount) AS posted_amount,
      SUM(IF(settled_kind = 'payment', amount, 0)) AS payment_amount,
      SUM(IF(settled_kind = 'patient_payment', amount, 0)) AS patient_payment_amount,
      SUM(IF(settled_kind = 'contractual', amount, 0)) AS contractual_amount,
      SUM(IF(settled_kind = 'write_off', amount, 0)) AS write_off_amount
    FROM postings
    GROUP BY source_system, transaction_key
  ),

  held_postings AS (
    SELECT
      parent_key AS transaction_key,
      MAX(last_seen_at) AS held_at,
      SUM(paid_amount) AS held_amount,
      LOGICAL_OR(paid_amount IS NULL) AS is_unreadable
    FROM {{ ref("quarantine") }}
    WHERE entity = 'postings' AND state = 'open' AND parent_key IS NOT NULL
    GROUP BY parent_key
  ),

  held_charges AS (
    SELECT DISTINCT record_key AS transaction_key
    FROM {{ ref("quarantine") }}
    WHERE entity = 'transactions' AND state = 'open' AND record_key IS NOT NULL
  ),

  bounds AS (
    SELECT
      source_system,
      MAX(IF(entity = 'transactions', observed_at, NULL)) AS charge_bound,
      MAX(IF(entity = 'postings', observed_at, NULL)) AS journal_bound
    FROM {{ ref("table_loads") }}
    WHERE state = 'PUBLISHED' AND entity IN ('transactions', 'postings')
    GROUP BY source_system
  ),

  -- A charge's own amount is in both books: what differs is what was settled on it.
  compared AS (
    SELECT
      accounts.source_system,
      accounts.transaction_key AS account_key,
      TRUE AS is_there,
      charges.is_current AS is_live,
      charges.changed_at AS charged_at,
      posted.posted_at,
      COALESCE(posted.posted_amount, 0) + IF(
        charges.is_current,
        charges.paid_amount + charges.patient_paid_amount + charges.adjustment_amount
        + charges.write_off_amount,
        0
      ) AS difference_amount,
      IF(
        charges.is_current,
        GREATEST(
          ABS(COALESCE(posted.payment_amount, 0) + charges.paid_amount),
          ABS(COALESCE(posted.patient_payment_amount, 0) + charges.patient_paid_amount),
          ABS(COALESCE(posted.contractual_amount, 0) + charges.adjustment_amount),
          ABS(COALESCE(posted.write_off_amount, 0) + charges.write_off_amount)
        ),
        0
      ) AS kind_amount
    FROM accounts
    INNER JOIN charges ON accounts.transaction_key = charges.transaction_key
    LEFT JOIN posted ON accounts.transaction_key = posted.transaction_key
    UNION ALL
    SELECT
      posted.source_system, posted.transaction_key, FALSE, FALSE, NULL, posted.posted_at,
      posted.posted_amount, 0
    FROM posted
    LEFT JOIN accounts ON posted.transaction_key = accounts.transaction_key
    WHERE accounts.transaction_key IS NULL
  ),

  differing AS (
    SELECT
      compared.source_system,
      compared.account_key,
      compared.is_there,
      compared.is_live,
      compared.charged_at,
      compared.posted_at,
      compared.difference_amount,
      compared.kind_amount,
      held_postings.held_at,
      -- Of a held posting that cannot be read, the amount is what is missing.
      CASE
        WHEN held_postings.is_unreadable THEN compared.difference_amount
        ELSE -COALESCE(held_postings.held_amount, 0)
      END AS held_amount,
      held_charges.transaction_key IS NOT NULL AS is_charge_held,
      bounds.charge_bound,
      bounds.journal_bound
    FROM compared
    LEFT JOIN held_postings ON compared.account_key = held_postings.transaction_key
    LEFT JOIN held_charges ON compared.account_key = held_charges.transaction_key
    LEFT JOIN bounds ON compared.source_system = bounds.source_system
    WHERE compared.difference_amount != 0 OR compared.kind_amount != 0
  ),

  parts AS (
    SELECT
      differing.source_system,
      differing.account_key,
      CASE
        WHEN part.is_held THEN 'posting_held'
        WHEN differing.is_charge_held THEN 'charge_held'
        WHEN differing.is_there AND NOT differing.is_live THEN 'charge_deleted'
        WHEN differing.difference_amount = 0 THEN 'kind_differs'
        WHEN differing.is_there AND differing.charged_at >= differing.journal_bound
          THEN 'journal_not_landed'
        WHEN differing.journal_bound IS NULL THEN 'journal_not_landed'
        WHEN
          differing.posted_at
          > COALESCE(differing.charged_at, TIMESTAMP_SUB(differing.charge_bound, INTERVAL 1 HOUR))
          AND differing.posted_at > TIMESTAMP_SUB(differing.charge_bound, INTERVAL 48 HOUR)
          THEN 'between_bounds'
        WHEN differing.charged_at > TIMESTAMP_SUB(differing.journal_bound, INTERVAL 1 HOUR)
          THEN 'between_bounds'
        WHEN NOT differing.is_there THEN 'charge_not_found'
        ELSE 'unexplained'
      END AS cause,
      GREATEST(
        COALESCE(differing.charged_at, differing.posted_at, differing.held_at),
        COALESCE(differing.posted_at, differing.charged_at, differing.held_at)
      ) AS changed_at,
      part.amount AS difference_amount,
      IF(differing.difference_amount = 0, differing.kind_amount, ABS(part.amount)) AS item_amount
    FROM differing
    CROSS JOIN
      UNNEST([
        STRUCT(TRUE AS is_held, differing.held_amount AS amount),
        STRUCT(
          FALSE AS is_held, differing.difference_amount - differing.held_amount AS amount
        )
      ]) AS part
    WHERE
      part.amount != 0
      OR (NOT part.is_held AND differing.difference_amount = 0 AND differing.kind_amount != 0)
  ),

  -- A comparison of keys notices a deletion when it runs, which may be after the business date.
  dated AS (
    SELECT
      source_system,
      account_key,
      cause,
      LEAST({{ hospital_day("changed_at", "source_system") }}, @business_date) AS since_date,
      difference_amount,
      item_amount
    FROM parts
  )

SELECT
  source_system,
  account_key,
  cause,
  since_date,
  DATE_DIFF(@business_date, since_date, DAY) AS age_days,
  difference_amount,
  item_amount
FROM dated
