/*---
description: >-
  What is expected to be collected of every open balance at a month end, before what will be written
  off. A balance that an insurer has decided, which its contractual adjustment says, is taken as it is,
  and so is what patients owe. Any other is worth what the contract allows of the charge, or what the
  payer allowed so far of a billed dollar, less the cash that came on the account.
grain: one row per hospital, account and payer with an open balance, and month end
keys: [source_system, transaction_key, payer_key, month_end_date]
published: false
owner: revenue-cycle
columns:
  source_system: {type: STRING, description: Hospital.}
  transaction_key: {type: STRING, description: "Charge, or unknown."}
  payer_key: {type: STRING, description: "Payer whose balance it was, or unknown."}
  month_end_date: {type: DATE, description: Last day of the month.}
  owed_by: {type: STRING, description: "patient or insurer."}
  aging_bucket: {type: STRING, description: Age of the service at the month end.}
  basis: {type: STRING, description: "as_is, contract or experience."}
  open_amount: {type: NUMERIC, description: Open balance in USD.}
  collectible_amount: {type: NUMERIC, description: Expected of it in USD before what will be written off.}
checks:
  - {accepted: {owed_by: [patient, insurer], basis: [as_is, contract, experience]}}
  - {expect: {no_more_than_is_open: collectible_amount BETWEEN 0 AND open_amount}}
  - sum_equals: {open_amount: fact_ar_balances.open_amount}
---*/
WITH
  balances AS (
    SELECT
      source_system, transaction_key, payer_key, month_end_date, aging_bucket, open_amount
    FROM {{ ref("fact_ar_balances") }}
    WHERE open_amount > 0
  ),

  payers AS (
    SELECT payer_key, payer_code, payer_group = 'Self-Pay' AS is_patient
    FROM {{ ref("dim_payers") }}
  ),

  accounts AS (
    SELECT transaction_key, source_system, payer_key, service_date, procedure_code
    FROM {{ ref("accounts") }}
  ),

  months AS (
    SELECT
      transaction_key,
      LAST_DAY(posting_date, MONTH) AS posting_month_end_date,
      SUM(IF(posting_kind = 'charge', posted_amount, 0)) AS charge_amount,
      SUM(IF(posting_kind = 'contractual', posted_amount, 0)) AS contractual_amount,
      -SUM(
        IF(
          posting_kind IN ('payment', 'patient_payment', 'takeback', 'refund'), posted_amount, 0
        )
      ) AS cash_amount
    FROM {{ ref("fact_ledger") }}
    WHERE transaction_key != 'unknown'
    GROUP BY transaction_key, posting_month_end_date
  ),

  -- What stood on an account from a month's end until its next posting.
  standings AS (
    SELECT
      transaction_key,
      posting_month_end_date AS from_date,
      DATE_SUB(
        LEAD(posting_month_end_date, 1, DATE '9999-12-31') OVER account, INTERVAL 1 DAY
      ) AS to_date,
      SUM(charge_amount) OVER account AS charge_amount,
      SUM(contractual_amount) OVER account AS contractual_amount,
      SUM(cash_amount) OVER account AS cash_amount
    FROM months
    WINDOW account AS (PARTITION BY transaction_key ORDER BY posting_month_end_date)
  ),

  contracts AS (
    SELECT accounts.transaction_key, rates.allowed_percent
    FROM accounts
    INNER JOIN payers ON accounts.payer_key = payers.payer_key
    INNER JOIN {{ ref("contracted_rates") }} AS rates
      ON
        accounts.source_system = rates.source_system
        AND payers.payer_code = rates.payer_code
        AND accounts.procedure_code = rates.procedure_code
        AND accounts.service_date BETWEEN rates.valid_from AND rates.valid_to
  ),

  outcomes AS (
    SELECT remittance_key, outcome FROM {{ ref("remittance_outcomes") }}
  ),

  -- Denials allow nothing, and many are paid in the end: what they cost is in the write-offs.
  decisions AS (
    SELECT
      remittances.source_system,
      remittances.payer_key,
      LAST_DAY(remittances.remit_date, MONTH) AS remit_month_end_date,
      SUM(remittances.charge_amount) AS decided_amount,
      SUM(remittances.allowed_amount) AS allowed_amount
    FROM {{ ref("fact_remittances") }} AS remittances
    INNER JOIN outcomes ON remittances.remittance_key = outcomes.remittance_key
    INNER JOIN {{ ref("fact_claims") }} AS claims ON remittances.claim_key = claims.claim_key
    WHERE
      outcomes.outcome IN ('Paid', 'Reversed')
      AND claims.payer_sequence = 'P'
      AND NOT remittances.is_crossover
    GROUP BY remittances.source_system, remittances.payer_key, remit_month_end_date
  ),

  month_ends AS (
    SELECT DISTINCT source_system, month_end_date FROM balances
  ),

  experiences AS (
    SELECT
      month_ends.source_system,
      month_ends.month_end_date,
      decisions.payer_key,
      SUM(decisions.decided_amount) AS decided_amount,
      SUM(decisions.allowed_amount) AS allowed_amount
    FROM month_ends
    INNER JOIN decisions
      ON
        month_ends.source_system = decisions.source_system
        AND month_ends.month_end_date >= decisions.remit_month_end_date
    GROUP BY month_ends.source_system, month_ends.month_end_date, decisions.payer_key
  ),

  hospital_experiences AS (
    SELECT
      source_system,
      month_end_date,
      SUM(decided_amount) AS decided_amount,
      SUM(allowed_amount) AS allowed_amount
    FROM experiences
    GROUP BY source_system, month_end_date
  ),

  valued AS (
    SELECT
      balances.source_system,
      balances.transaction_key,
      balances.payer_key,
      balances.month_end_date,
      IF(payers.is_patient, 'patient', 'insurer') AS owed_by,
      balances.aging_bucket,
      CASE
        WHEN
          payers.is_patient
          OR standings.transaction_key IS NULL
          OR standings.contractual_amount != 0
          THEN 'as_is'
        WHEN contracts.transaction_key IS NOT NULL THEN 'contract'
        ELSE 'experience'
      END AS basis,
      balances.open_amount,
      standings.cash_amount,
      -- A product of decimals is exact; the local emulator divides as a double.
      TRUNC(standings.charge_amount * contracts.allowed_percent * NUMERIC '0.01', 2)
        AS contract_amount,
      ROUND(
        CAST(
          COALESCE(
            SAFE_DIVIDE(
              standings.charge_amount * experiences.allowed_amount, experiences.decided_amount
            ),
            SAFE_DIVIDE(
              standings.charge_amount * hospital_experiences.allowed_amount,
              hospital_experiences.decided_amount
            ),
            standings.charge_amount
          ) AS NUMERIC
        ),
        2
      ) AS experience_amount
    FROM balances
    INNER JOIN payers ON balances.payer_key = payers.payer_key
    LEFT JOIN accounts ON balances.transaction_key = accounts.transaction_key
    LEFT JOIN standings
      ON
        balances.transaction_key = standings.transaction_key
        AND balances.month_end_date BETWEEN standings.from_date AND standings.to_date
    LEFT JOIN contracts ON balances.transaction_key = contracts.transaction_key
    LEFT JOIN experiences
      ON
        balances.source_system = experiences.source_system
        AND balances.month_end_date = experiences.month_end_date
        AND accounts.payer_key = experiences.payer_key
    LEFT JOIN hospital_experiences
      ON
        balances.source_system = hospital_experiences.source_system
        AND balances.month_end_date = hospital_experiences.month_end_date
  )

SELECT
  source_system,
  transaction_key,
  payer_key,
  month_end_date,
  owed_by,
  aging_bucket,
  basis,
  open_amount,
  CASE basis
    WHEN 'as_is' THEN open_amount
    WHEN 'contract' THEN LEAST(open_amount, GREATEST(contract_amount - cash_amount, 0))
    ELSE LEAST(open_amount, GREATEST(experience_amount - cash_amount, 0))
  END AS collectible_amount
FROM valued
