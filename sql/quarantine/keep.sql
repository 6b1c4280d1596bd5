-- Brings the ledger of held rows up to date with a batch; repeated, it finds nothing to do.
-- A row of the ledger is a row of a load, so that a load's rows and dollars quarantined are always
-- those that the ledger lists for it. It begins as `open` and ends as `released`, `superseded` or
-- `rejected`. Of all rows that hold the same thing (`held_key`) at most one is open: the latest. A bad
-- row that overlapping windows read every day is one open row, and its dollars count once.
-- What a person rejected stays rejected when an overlapping window reads it again.
INSERT INTO {{ ref("quarantine") }} (
  {%- for column in held_columns %}
  {{ column }},
  {%- endfor %}
  state, first_seen_at, last_seen_at, changed_by, changed_at
)
WITH
  rejected AS (
    SELECT DISTINCT
      entity,
      held_key,
      row_hash
    FROM {{ ref("quarantine") }}
    WHERE state = 'rejected'
  )

SELECT
  {%- for column in held_columns %}
  held.{{ column }},
  {%- endfor %}
  IF(rejected.held_key IS NULL, 'open', 'rejected'),
  held.observed_at,
  held.observed_at,
  @batch_id,
  CURRENT_TIMESTAMP()
FROM {{ ref("staged_quarantine") }} AS held
LEFT JOIN {{ ref("quarantine") }} AS known
  ON known.load_id = held.load_id AND known.row_id = held.row_id
LEFT JOIN rejected
  ON
    rejected.entity = held.entity
    AND rejected.held_key = held.held_key
    AND rejected.row_hash = held.row_hash
WHERE known.load_id IS NULL;

-- In which loads the same content was read, first and last.
UPDATE {{ ref("quarantine") }} AS known
SET first_seen_at = seen.first_seen_at, last_seen_at = seen.last_seen_at
FROM (
  SELECT
    entity,
    held_key,
    row_hash,
    MIN(observed_at) AS first_seen_at,
    MAX(observed_at) AS last_seen_at
  FROM {{ ref("quarantine") }}
  WHERE held_key IN (SELECT held_key FROM {{ ref("staged_quarantine") }})
  GROUP BY entity, held_key, row_hash
) AS seen
WHERE
  known.entity = seen.entity
  AND known.held_key = seen.held_key
  AND known.row_hash = seen.row_hash
  AND (known.first_seen_at != seen.first_seen_at OR known.last_seen_at != seen.last_seen_at);

-- A replay or rebuild judges by today's rules, which may hold a row otherwise, or again.
UPDATE {{ ref("quarantine") }} AS known
SET
  rule = held.rule,
  rule_version = held.rule_version,
  rules = held.rules,
  reason = held.reason,
  billed_amount = held.billed_amount,
  paid_amount = held.paid_amount,
  state = 'open',
  changed_by = @batch_id,
  changed_at = CURRENT_TIMESTAMP()
FROM {{ ref("staged_quarantine") }} AS held
WHERE
  known.load_id = held.load_id
  AND known.row_id = held.row_id
  AND (
    known.state = 'released'
    OR known.state = 'open'
    AND (
      known.rule IS DISTINCT FROM held.rule
      OR known.rule_version IS DISTINCT FROM held.rule_version
      OR known.rules IS DISTINCT FROM held.rules
      OR known.reason IS DISTINCT FROM held.reason
      OR known.billed_amount IS DISTINCT FROM held.billed_amount
      OR known.paid_amount IS DISTINCT FROM held.paid_amount
    )
  );

-- Rows that the batch read again, all of them in a rebuild, and that no rule holds now.
UPDATE {{ ref("quarantine") }} AS known
SET state = 'released', changed_by = @batch_id, changed_at = CURRENT_TIMESTAMP()
FROM (
  SELECT
    judged.load_id,
    judged.row_id
  FROM (
    {%- if is_rebuild %}
    SELECT
      load_id,
      row_id
    FROM {{ ref("quarantine") }}
    {%- else %}
    SELECT
      replay.replays AS load_id,
      CAST(row_text AS INT64) AS row_id
    FROM {{ ref("table_loads") }} AS replay, UNNEST(JSON_VALUE_ARRAY(replay.row_ids)) AS row_text
    WHERE replay.batch_id = @batch_id AND replay.replays IS NOT NULL
    {%- endif %}
  ) AS judged
  LEFT JOIN {{ ref("staged_quarantine") }} AS still
    ON judged.load_id = still.load_id AND judged.row_id = still.row_id
  WHERE still.load_id IS NULL
) AS held
WHERE known.load_id = held.load_id AND known.row_id = held.row_id AND known.state = 'open';

-- Rows in whose place a later one is held, or since which their key was accepted.
UPDATE {{ ref("quarantine") }} AS known
SET state = 'superseded', changed_by = @batch_id, changed_at = CURRENT_TIMESTAMP()
FROM (
  WITH
    accepted AS (
      {% include "silver/last_accepted.sql" %}
    )

  SELECT
    load_id,
    row_id
  FROM {{ ref("quarantine") }}
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY entity, held_key
      ORDER BY event_at DESC, observed_at DESC, load_id DESC, row_id DESC
    ) > 1
  UNION DISTINCT
  SELECT
    waiting.load_id,
    waiting.row_id
  FROM {{ ref("quarantine") }} AS waiting
  INNER JOIN accepted
    ON
      waiting.entity = accepted.entity
      AND waiting.record_key = accepted.record_key
      AND waiting.event_at <= accepted.event_at
) AS held
WHERE known.load_id = held.load_id AND known.row_id = held.row_id AND known.state = 'open';
