/*---
description: Calendar from the first service on record to the end of the business date's year.
grain: one row per day
keys: [calendar_date]
owner: data-engineering
columns:
  calendar_date: {type: DATE, description: The day.}
  year: {type: INT64, description: Calendar year.}
  quarter: {type: INT64, description: "Calendar quarter, 1-4."}
  month: {type: INT64, description: "Calendar month, 1-12."}
  month_start_date: {type: DATE, description: First day of the month; the KPIs' service_month.}
  month_end_date: {type: DATE, description: Last day of the month.}
  month_name: {type: STRING, description: English name of the month.}
  day_of_month: {type: INT64, description: Day within the month.}
  iso_week: {type: INT64, description: ISO 8601 week of the year.}
  iso_day_of_week: {type: INT64, description: "1 for Monday to 7 for Sunday (ISO 8601)."}
  day_name: {type: STRING, description: English name of the day.}
  is_weekend: {type: BOOL, description: Whether the day is a Saturday or a Sunday.}
checks:
  - {not_null: [year, quarter, month, month_start_date, month_end_date, is_weekend]}
  - {range: {iso_day_of_week: [1, 7], iso_week: [1, 53]}}
---*/
WITH
  service_days AS (
    SELECT service_date FROM {{ ref("fact_transactions") }}
    UNION DISTINCT
    SELECT service_date FROM {{ ref("fact_claims") }}
    UNION DISTINCT
    SELECT encounter_date FROM {{ ref("fact_encounters") }}
  ),

  bounds AS (
    -- A mistyped year must not make a calendar of ten thousand days.
    SELECT
      GREATEST(
        LEAST(COALESCE(MIN(service_date), @business_date), @business_date), DATE '1990-01-01'
      ) AS first_day,
      LEAST(
        GREATEST(COALESCE(MAX(service_date), @business_date), @business_date),
        DATE_ADD(@business_date, INTERVAL 2 YEAR)
      ) AS last_day
    FROM service_days
  ),

  days AS (
    SELECT
      calendar_date,
      EXTRACT(DAYOFWEEK FROM calendar_date) AS sunday_based_day
    FROM bounds
    CROSS JOIN
      UNNEST(
        GENERATE_DATE_ARRAY(DATE_TRUNC(first_day, YEAR), LAST_DAY(last_day, YEAR))
      ) AS calendar_date
  )

SELECT
  calendar_date,
  EXTRACT(YEAR FROM calendar_date) AS year,
  EXTRACT(QUARTER FROM calendar_date) AS quarter,
  EXTRACT(MONTH FROM calendar_date) AS month,
  DATE_TRUNC(calendar_date, MONTH) AS month_start_date,
  LAST_DAY(calendar_date, MONTH) AS month_end_date,
  FORMAT_DATE('%B', calendar_date) AS month_name,
  EXTRACT(DAY FROM calendar_date) AS day_of_month,
  EXTRACT(ISOWEEK FROM calendar_date) AS iso_week,
  MOD(sunday_based_day + 5, 7) + 1 AS iso_day_of_week,
  FORMAT_DATE('%A', calendar_date) AS day_name,
  sunday_based_day IN (1, 7) AS is_weekend
FROM days
