/*---
description: >-
  How far off the cash forecast was: forecasts as of the last month ends, made from what was known
  then, beside what was paid.
grain: one row per source system, day of the forecast and horizon
keys: [source_system, forecast_date, horizon]
owner: revenue-cycle
kpi:
  numerator: absolute differences of expected and paid dollars, payer by payer
  denominator: paid dollars
  date_basis: the last two month ends that lie at least a month before the business date
  exclusions: >-
    horizons that are not over; claims sent after the day of the forecast; payers whose lag curve was not
    full by then
  differs: >-
    the forecast knows what was known on its day; with today's rejections and corrections it would
    be too good, and errors of payers do not cancel
  source: weighted absolute percentage error, common practice
columns:
  source_system: {type: STRING, description: Hospital.}
  forecast_date: {type: DATE, description: Day from whose knowledge the forecast was made.}
  horizon: {type: STRING, description: "Days after it: 1-30, 31-60 or 61-90."}
  is_as_known: {type: BOOL, description: "Whether the forecast knew what the sources had told by then; before a hospital was first read it is put together from dates, and too good."}
  expected_amount: {type: NUMERIC, description: Expected cash in USD.}
  actual_amount: {type: NUMERIC, description: Paid in USD.}
  absolute_error_amount: {type: NUMERIC, description: "Differences by payer in USD, never netted."}
  absolute_error_rate: {type: RATE, description: Differences over what was paid.}
  net_error_rate: {type: RATE, description: "Expected less paid, over what was paid; above 0 is too much."}
checks:
  - {range: {absolute_error_rate: [0, 0.5]}, severity: warn}
---*/
SELECT
  source_system,
  forecast_date,
  horizon,
  is_as_known,
  SUM(expected_amount) AS expected_amount,
  SUM(actual_amount) AS actual_amount,
  SUM(ABS(expected_amount - actual_amount)) AS absolute_error_amount,
  SAFE_DIVIDE(SUM(ABS(expected_amount - actual_amount)), SUM(actual_amount))
    AS absolute_error_rate,
  SAFE_DIVIDE(SUM(expected_amount - actual_amount), SUM(actual_amount)) AS net_error_rate
FROM {{ ref("cash_forecasts") }}
WHERE forecast_date < @business_date AND is_over AND is_window_full
GROUP BY source_system, forecast_date, horizon, is_as_known
