/*---
description: Charges that were posted late, by month of posting.
grain: one row per source system and month in which a charge was posted
keys: [source_system, month_end_date]
owner: revenue-cycle
kpi:
  numerator: gross charges posted more than three days after the last service of their visit
  denominator: gross charges posted in the month
  date_basis: day on which the charge was recorded
  basis: gross
  exclusions: >-
    quarantined and deleted charges, later corrections of a charge; no rate for a month that is not over
  differs: >-
    counts from the last service of the visit, in dollars; an average lag hides late charges among
    punctual ones
  source: >-
    HFMA MAP Key CL-2, late charges as a percentage of total charges; a charge without a visit goes by its
    own service
columns:
  source_system: {type: STRING, description: Hospital.}
  month_end_date: {type: DATE, description: Last day of the month of posting.}
  is_complete: {type: BOOL, description: Whether the month was over on the business date.}
  charge_count: {type: INT64, description: Charges posted.}
  charge_amount: {type: NUMERIC, description: Gross charges posted in USD.}
  late_charge_count: {type: INT64, description: Of them posted late.}
  late_charge_amount: {type: NUMERIC, description: Gross charges posted late in USD.}
  late_charge_rate: {type: RATE, description: Late share of the gross charges.}
checks:
  - {range: {late_charge_rate: [0, 1]}}
  - {expect: {late_is_a_part: late_charge_count <= charge_count}}
---*/
WITH
  charges AS (
    SELECT transaction_key, source_system, encounter_key, service_date, billed_amount
    FROM {{ ref("fact_transactions") }}
  ),

  visits AS (
    SELECT encounter_key, MAX(service_date) AS last_service_date
    FROM charges
    WHERE encounter_key != 'unknown'
    GROUP BY encounter_key
  ),

  postings AS (
    SELECT transaction_key, charge_posted_date
    FROM {{ ref("accounts") }}
    WHERE charge_posted_date IS NOT NULL
  ),

  posted AS (
    SELECT
      charges.source_system,
      LAST_DAY(postings.charge_posted_date, MONTH) AS month_end_date,
      charges.billed_amount,
      DATE_DIFF(
        postings.charge_posted_date,
        COALESCE(visits.last_service_date, charges.service_date),
        DAY
      ) > 3 AS is_late
    FROM charges
    INNER JOIN postings ON charges.transaction_key = postings.transaction_key
    LEFT JOIN visits ON charges.encounter_key = visits.encounter_key
  ),

  months AS (
    SELECT
      source_system,
      month_end_date,
      month_end_date <= @business_date AS is_complete,
      COUNT(*) AS charge_count,
      SUM(billed_amount) AS charge_amount,
      COUNTIF(is_late) AS late_charge_count,
      SUM(IF(is_late, billed_amount, 0)) AS late_charge_amount
    FROM posted
    GROUP BY source_system, month_end_date
  )

SELECT
  source_system,
  month_end_date,
  is_complete,
  charge_count,
  charge_amount,
  late_charge_count,
  late_charge_amount,
  IF(is_complete, SAFE_DIVIDE(late_charge_amount, charge_amount), NULL) AS late_charge_rate
FROM months
