/*---
description: >-
  The reconciliation of accounts receivable, as a controller draws it up: the balance of the ledger, the
  balances that the billing system states on its charges, and the reconciling items between them by
  cause.
grain: one row per hospital with a charge or a posting
keys: [source_system]
owner: revenue-cycle
columns:
  source_system: {type: STRING, description: Hospital.}
  ledger_amount: {type: NUMERIC, description: "Balance of the ledger in USD, credits deducted."}
  billing_amount: {type: NUMERIC, description: "Balances that the billing system states on the charges in force in USD, credits deducted."}
  posting_held_amount: {type: NUMERIC, description: Difference by postings in quarantine in USD.}
  charge_held_amount: {type: NUMERIC, description: Postings to charges in quarantine in USD.}
  charge_deleted_amount: {type: NUMERIC, description: Postings that stay on deleted charges in USD.}
  charge_not_found_amount: {type: NUMERIC, description: Postings to charges that never came in USD.}
  journal_not_landed_amount: {type: NUMERIC, description: Difference by changes after the last journal that landed in USD.}
  between_bounds_amount: {type: NUMERIC, description: Difference by what was posted while the tables were read in USD.}
  unexplained_amount: {type: NUMERIC, description: Difference without a known cause in USD.}
  unexplained_gross_amount: {type: NUMERIC, description: "The unexplained items in USD, each as a positive number."}
  kind_differs_amount: {type: NUMERIC, description: Dollars that the two books call differently in USD; they change no balance.}
  item_count: {type: INT64, description: Reconciling items.}
  difference: {type: NUMERIC, description: Ledger less billing less reconciling items in USD; 0.}
  owed_amount: {type: NUMERIC, description: Positive balances that the billing system states in USD.}
  unexplained_limit: {type: RATE, description: "Share of them that may be unexplained, by the hospital's source file."}
checks:
  - {range: {difference: [0, 0]}, named_by: [source_system]}
  - expect:
      unexplained_within_limit: unexplained_gross_amount <= owed_amount * unexplained_limit
    named_by: [source_system, unexplained_gross_amount, owed_amount, unexplained_limit]
---*/
WITH
  ledger AS (
    SELECT source_system, SUM(posted_amount) AS ledger_amount
    FROM {{ ref("fact_ledger") }}
    GROUP BY source_system
  ),

  billing AS (
    SELECT
      source_system,
      SUM(open_amount) AS billing_amount,
      SUM(GREATEST(open_amount, 0)) AS owed_amount
    FROM {{ ref("accounts") }}
    GROUP BY source_system
  ),

  items AS (
    SELECT
      source_system,
      COUNT(*) AS item_count,
      SUM(difference_amount) AS difference_amount,
      SUM(IF(cause = 'posting_held', difference_amount, 0)) AS posting_held_amount,
      SUM(IF(cause = 'charge_held', difference_amount, 0)) AS charge_held_amount,
      SUM(IF(cause = 'charge_deleted', difference_amount, 0)) AS charge_deleted_amount,
      SUM(IF(cause = 'charge_not_found', difference_amount, 0)) AS charge_not_found_amount,
      SUM(IF(cause = 'journal_not_landed', difference_amount, 0)) AS journal_not_landed_amount,
      SUM(IF(cause = 'between_bounds', difference_amount, 0)) AS between_bounds_amount,
      SUM(IF(cause = 'unexplained', difference_amount, 0)) AS unexplained_amount,
      SUM(IF(cause = 'unexplained', item_amount, 0)) AS unexplained_gross_amount,
      SUM(IF(cause = 'kind_differs', item_amount, 0)) AS kind_differs_amount
    FROM {{ ref("reconciling_items") }}
    GROUP BY source_system
  ),

  limits AS (
    SELECT source_system, unexplained_limit FROM {{ ref("hospitals") }}
  ),

  books AS (
    SELECT
      COALESCE(ledger.source_system, billing.source_system) AS source_system,
      COALESCE(ledger.ledger_amount, 0) AS ledger_amount,
      COALESCE(billing.billing_amount, 0) AS billing_amount,
      COALESCE(billing.owed_amount, 0) AS owed_amount
    FROM ledger
    FULL JOIN billing ON ledger.source_system = billing.source_system
  )

SELECT
  books.source_system,
  books.ledger_amount,
  books.billing_amount,
  COALESCE(items.posting_held_amount, 0) AS posting_held_amount,
  COALESCE(items.charge_held_amount, 0) AS charge_held_amount,
  COALESCE(items.charge_deleted_amount, 0) AS charge_deleted_amount,
  COALESCE(items.charge_not_found_amount, 0) AS charge_not_found_amount,
  COALESCE(items.journal_not_landed_amount, 0) AS journal_not_landed_amount,
  COALESCE(items.between_bounds_amount, 0) AS between_bounds_amount,
  COALESCE(items.unexplained_amount, 0) AS unexplained_amount,
  COALESCE(items.unexplained_gross_amount, 0) AS unexplained_gross_amount,
  COALESCE(items.kind_differs_amount, 0) AS kind_differs_amount,
  COALESCE(items.item_count, 0) AS item_count,
  books.ledger_amount - books.billing_amount - COALESCE(items.difference_amount, 0) AS difference,
  books.owed_amount,
  COALESCE(limits.unexplained_limit, NUMERIC '0.001') AS unexplained_limit
FROM books
LEFT JOIN items ON books.source_system = items.source_system
LEFT JOIN limits ON books.source_system = limits.source_system
