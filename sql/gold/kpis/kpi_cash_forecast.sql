/*---
description: Cash that payers are expected to pay on the claims that are open now, by when.
grain: one row per source system, payer and horizon
keys: [source_system, payer_name, horizon]
owner: revenue-cycle
kpi:
  numerator: dollars of open claims times the share of comparable dollars that the payer paid at that age, times what it pays of a billed dollar
  denominator: none
  date_basis: as of the business date; age from the day the claim was sent, cash by the day it was posted
  exclusions: secondary, voided and rejected claims; patients' payments; no expectation before a payer's first claim is 270 days old
  differs: >-
    lets each claim follow its payer's lag curve from its age on; average days to pay forget that
    what was not paid early mostly is not paid
  source: completion factors by payer, common practice
columns:
  source_system: {type: STRING, description: Hospital.}
  payer_name: {type: STRING, description: Payer.}
  horizon: {type: STRING, description: "Days from the business date: 1-30, 31-60 or 61-90."}
  is_window_full: {type: BOOL, description: "Whether the payer's first claim is at least 270 days old; nothing is expected before."}
  open_claim_count: {type: INT64, description: Claims that no payment was posted for.}
  open_amount: {type: NUMERIC, description: Billed on them in USD.}
  expected_amount: {type: NUMERIC, description: Expected cash in USD; NULL before the window is full.}
checks:
  - {accepted: {horizon: [1-30, 31-60, 61-90]}}
  - {range: {expected_amount: [0, null]}}
---*/
SELECT
  forecasts.source_system,
  payers.payer_name,
  forecasts.horizon,
  forecasts.is_window_full,
  forecasts.open_claim_count,
  forecasts.open_amount,
  forecasts.expected_amount
FROM {{ ref("cash_forecasts") }} AS forecasts
INNER JOIN {{ ref("dim_payers") }} AS payers ON forecasts.payer_key = payers.payer_key
WHERE forecasts.forecast_date = @business_date
