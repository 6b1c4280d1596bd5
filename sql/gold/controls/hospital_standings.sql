/*---
description: >-
  Which business date gold shows of each hospital. One that is held back keeps the rows that were
  published last, until a run finds its promises kept again.
grain: one row per hospital or set of codes
keys: [source_system]
owner: data-engineering
columns:
  source_system: {type: STRING, description: Hospital or set of codes.}
  gold_date: {type: DATE, description: Business date of its published rows; NULL if there are none yet.}
  is_held_back: {type: BOOL, description: Whether newer rows are there and were not published.}
  held_back_since: {type: DATE, description: First business date that was not published.}
  reason: {type: STRING, description: "What holds it back, in words."}
checks:
  - {not_null: [is_held_back]}
  - {expect: {hospital_is_published: NOT is_held_back}, severity: warn}
---*/
SELECT
  source_system,
  gold_date,
  is_held_back,
  held_back_since,
  reason
FROM {{ ref("gold_standings") }}
