/*---
description: >-
  Cash that payers are expected to pay on claims that were open on a day, by when: as of the business
  date, and for proof as of the last month ends, each from what was known then. A payer's lag curve
  is the share of the dollars claimed at least half a year before that was paid within so many days
  of the claim; an open claim follows it from its age on.
grain: one row per source system, payer, day of the forecast and horizon
keys: [source_system, payer_key, forecast_date, horizon]
published: false
owner: revenue-cycle
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_key: {type: STRING, description: Payer.}
  forecast_date: {type: DATE, description: Day from whose knowledge the forecast is made.}
  horizon: {type: STRING, description: "Days after it in which the cash is expected: 1-30, 31-60 or 61-90."}
  is_as_known: {type: BOOL, description: Whether the forecast knows what the sources had told by then; else they had told nothing yet and it is put together from dates.}
  is_window_full: {type: BOOL, description: "Whether the payer's first claim is at least 270 days old, so that the curve is of a quarter's claims or more; nothing is expected before."}
  open_claim_count: {type: INT64, description: Claims that no payment was posted for by then.}
  open_amount: {type: NUMERIC, description: Billed on them in USD.}
  expected_amount: {type: NUMERIC, description: Expected cash in USD; NULL before the window is full.}
  actual_amount: {type: NUMERIC, description: "Paid on them within the horizon in USD, as far as it is over."}
  is_over: {type: BOOL, description: Whether the horizon was over on the business date.}
checks:
  - {range: {open_amount: [0, null], expected_amount: [0, null]}}
  - expect:
      no_more_than_is_open: expected_amount <= open_amount
---*/
WITH
  payments AS (
    SELECT claim_key, posting_date, -posted_amount AS paid_amount
    FROM {{ ref("fact_ledger") }}
    WHERE posting_kind = 'payment' AND claim_key != 'unknown'
  ),

  -- What a claim had been paid by the day, and what it was paid after it.
  known AS (
    SELECT
      claims.source_system,
      claims.payer_key,
      claims.forecast_date,
      claims.claim_key,
      claims.claim_date,
      claims.billed_amount,
      claims.is_as_known,
      DATE_DIFF(claims.forecast_date, claims.claim_date, DAY) AS age_days,
      GREATEST(
        DATE_DIFF(
          MIN(IF(payments.posting_date <= claims.forecast_date, payments.posting_date, NULL)),
          claims.claim_date,
          DAY
        ),
        0
      ) AS lag_days,
      SUM(IF(payments.posting_date <= claims.forecast_date, payments.paid_amount, 0))
        AS paid_amount,
      SUM(
        IF(
          DATE_DIFF(payments.posting_date, claims.forecast_date, DAY) BETWEEN 1 AND 30,
          payments.paid_amount,
          0
        )
      ) AS paid_30_amount,
      SUM(
        IF(
          DATE_DIFF(payments.posting_date, claims.forecast_date, DAY) BETWEEN 31 AND 60,
          payments.paid_amount,
          0
        )
      ) AS paid_60_amount,
      SUM(
        IF(
          DATE_DIFF(payments.posting_date, claims.forecast_date, DAY) BETWEEN 61 AND 90,
          payments.paid_amount,
          0
        )
      ) AS paid_90_amount
    FROM {{ ref("claims_as_known") }} AS claims
    LEFT JOIN payments ON claims.claim_key = payments.claim_key
    GROUP BY
      claims.source_system, claims.payer_key, claims.forecast_date, claims.claim_key,
      claims.claim_date, claims.billed_amount, claims.is_as_known
  ),

  -- A curve of less than a quarter of claims is none.
  windows AS (
    SELECT
      source_system,
      payer_key,
      forecast_date,
      MAX(age_days) >= 270 AS is_window_full,
      LOGICAL_AND(is_as_known) AS is_as_known
    FROM known
    GROUP BY source_system, payer_key, forecast_date
  ),

  -- Claims of the half year before are left out: too many of them are still to be paid.
  matured AS (
    SELECT
      source_system,
      payer_key,
      forecast_date,
      SUM(billed_amount) AS billed_amount,
      SAFE_DIVIDE(
        SUM(IF(lag_days IS NULL, 0, paid_amount)), SUM(IF(lag_days IS NULL, 0, billed_amount))
      ) AS paid_share
    FROM known
    WHERE age_days > 180
    GROUP BY source_system, payer_key, forecast_date
  ),

  lags AS (
    SELECT
      source_system,
      payer_key,
      forecast_date,
      lag_days,
      SUM(billed_amount) AS billed_amount
    FROM known
    WHERE age_days > 180 AND lag_days IS NOT NULL
    GROUP BY source_system, payer_key, forecast_date, lag_days
  ),

  open_claims AS (
    SELECT
      source_system,
      payer_key,
      forecast_date,
      age_days,
      COUNT(*) AS open_claim_count,
      SUM(billed_amount) AS open_amount,
      SUM(paid_30_amount) AS paid_30_amount,
      SUM(paid_60_amount) AS paid_60_amount,
      SUM(paid_90_amount) AS paid_90_amount
    FROM known
    WHERE lag_days IS NULL
    GROUP BY source_system, payer_key, forecast_date, age_days
  ),

  -- Of the dollars that were still unpaid at the claim's age, those that were paid within the days
  -- that the horizon is away from it.
  expectations AS (
    SELECT
      open_claims.source_system,
      open_claims.payer_key,
      open_claims.forecast_date,
      open_claims.age_days,
      matured.billed_amount
      - COALESCE(SUM(IF(lags.lag_days <= open_claims.age_days, lags.billed_amount, 0)), 0)
        AS unpaid_amount,
      matured.paid_share,
      SUM(
        IF(lags.lag_days - open_claims.age_days BETWEEN 1 AND 30, lags.billed_amount, 0)
      ) AS due_30_amount,
      SUM(
        IF(lags.lag_days - open_claims.age_days BETWEEN 31 AND 60, lags.billed_amount, 0)
      ) AS due_60_amount,
      SUM(
        IF(lags.lag_days - open_claims.age_days BETWEEN 61 AND 90, lags.billed_amount, 0)
      ) AS due_90_amount
    FROM open_claims
    LEFT JOIN matured
      ON
        open_claims.source_system = matured.source_system
        AND open_claims.payer_key = matured.payer_key
        AND open_claims.forecast_date = matured.forecast_date
    LEFT JOIN lags
      ON
        open_claims.source_system = lags.source_system
        AND open_claims.payer_key = lags.payer_key
        AND open_claims.forecast_date = lags.forecast_date
    GROUP BY
      open_claims.source_system, open_claims.payer_key, open_claims.forecast_date,
      open_claims.age_days, matured.billed_amount, matured.paid_share
  )

SELECT
  open_claims.source_system,
  open_claims.payer_key,
  open_claims.forecast_date,
  part.horizon,
  windows.is_as_known,
  windows.is_window_full,
  SUM(open_claims.open_claim_count) AS open_claim_count,
  SUM(open_claims.open_amount) AS open_amount,
  IF(
    windows.is_window_full,
    ROUND(
      CAST(
        SUM(
          open_claims.open_amount
          * COALESCE(SAFE_DIVIDE(part.due_amount, expectations.unpaid_amount), 0)
          * LEAST(COALESCE(expectations.paid_share, 0), 1)
        ) AS NUMERIC
      ),
      2
    ),
    NULL
  ) AS expected_amount,
  SUM(part.paid_amount) AS actual_amount,
  DATE_ADD(open_claims.forecast_date, INTERVAL part.last_day DAY) <= @business_date AS is_over
FROM open_claims
INNER JOIN expectations
  ON
    open_claims.source_system = expectations.source_system
    AND open_claims.payer_key = expectations.payer_key
    AND open_claims.forecast_date = expectations.forecast_date
    AND open_claims.age_days = expectations.age_days
INNER JOIN windows
  ON
    open_claims.source_system = windows.source_system
    AND open_claims.payer_key = windows.payer_key
    AND open_claims.forecast_date = windows.forecast_date
CROSS JOIN
  UNNEST([
    STRUCT(
      '1-30' AS horizon, 30 AS last_day, expectations.due_30_amount AS due_amount,
      open_claims.paid_30_amount AS paid_amount
    ),
    STRUCT('31-60', 60, expectations.due_60_amount, open_claims.paid_60_amount),
    STRUCT('61-90', 90, expectations.due_90_amount, open_claims.paid_90_amount)
  ]) AS part
GROUP BY
  open_claims.source_system, open_claims.payer_key, open_claims.forecast_date, part.horizon,
  part.last_day, windows.is_as_known, windows.is_window_full
