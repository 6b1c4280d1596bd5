-- The audit tables. Created when they are missing; nothing here drops or truncates. What a batch
-- reports has the columns of utils/batch/reports.py.

-- One row per run of a DAG. state: RUNNING, SUCCEEDED, FAILED.
CREATE TABLE IF NOT EXISTS {{ ref("pipeline_runs") }} (
  run_id STRING NOT NULL,
  dag_id STRING NOT NULL,
  business_date DATE NOT NULL,
  state STRING NOT NULL,
  code_version STRING,
  started_at TIMESTAMP NOT NULL,
  ended_at TIMESTAMP,
  failed_task STRING,
  error STRING
);

-- What the source files say of every hospital, as of the last run. unexplained_limit is the share of
-- what it is owed that may be reconciling items without a known cause.
CREATE TABLE IF NOT EXISTS {{ ref("hospitals") }} (
  source_system STRING NOT NULL,
  unexplained_limit NUMERIC NOT NULL
);

-- One row per load of a source's table. state: PLANNED, LANDED, MERGED, PUBLISHED, FAILED.
-- rows_landed = rows_read = rows_merged + rows_unchanged + rows_deduplicated + rows_quarantined, and
-- so do the dollars, which are added up once where they land and once more by Spark.
-- schema_events is a JSON object of what the contract allows: missing_columns, extra_columns, which of
-- the missing ones are perhaps_renamed to which extra one, columns that were retyped since the last
-- load (from and to), and amounts that are money_in_floats. source_types is a JSON object of a
-- database's types by column.
-- A load that `replays` another one reads the rows `row_ids` of that one once more, from bronze.
CREATE TABLE IF NOT EXISTS {{ ref("table_loads") }} (
  load_id STRING NOT NULL,
  run_id STRING NOT NULL,
  business_date DATE NOT NULL,
  source STRING NOT NULL,
  source_system STRING NOT NULL,
  table_name STRING NOT NULL,
  entity STRING NOT NULL,
  load_type STRING NOT NULL,
  state STRING NOT NULL,
  window_low TIMESTAMP,
  window_high TIMESTAMP,
  observed_at TIMESTAMP,
  uri STRING,
  columns STRING,
  checksum STRING,
  schema_events STRING,
  source_types STRING,
  replays STRING,
  row_ids STRING,
  {%- for measure, kind in [("rows", "INT64"), ("billed", "NUMERIC"), ("paid", "NUMERIC")] %}
  {{ measure }}_landed {{ kind }},
  {%- for stage in stages %}
  {{ measure }}_{{ stage }} {{ kind }},
  {%- endfor %}
  {%- endfor %}
  batch_id STRING,
  error STRING,
  planned_at TIMESTAMP NOT NULL,
  landed_at TIMESTAMP,
  published_at TIMESTAMP
);

-- One row per delivered object and generation. state: LANDED, DUPLICATE, REFUSED.
-- rejected_lines is a JSON array of {line, reason}; the lines themselves are in the archived file.
CREATE TABLE IF NOT EXISTS {{ ref("files") }} (
  uri STRING NOT NULL,
  generation INT64 NOT NULL,
  sha256 STRING,
  source STRING NOT NULL,
  source_system STRING,
  table_name STRING NOT NULL,
  size_bytes INT64 NOT NULL,
  state STRING NOT NULL,
  reason STRING,
  load_id STRING,
  rows_read INT64,
  rows_rejected INT64,
  rejected_lines STRING,
  archived_uri STRING,
  run_id STRING NOT NULL,
  seen_at TIMESTAMP NOT NULL
);

-- The register of rows held out of silver: one row per row of a load, never deleted. The row itself
-- stays in bronze under (load_id, row_id). state: open, released (a replay passed it), superseded
-- (a row of the same held_key that is not older was accepted, or is held in its place), rejected
-- (a person decided that it is never loaded). first_seen_at and last_seen_at are the bounds of the
-- loads in which this content was read. changed_by is the batch or run that set the state.
CREATE TABLE IF NOT EXISTS {{ ref("quarantine") }} (
  {%- for column, kind in quarantine_report %}
  {{ column }} {{ kind }}
  {%- if column not in ("record_key", "parent_key", "billed_amount", "paid_amount") %} NOT NULL
  {%- endif %},
  {%- endfor %}
  state STRING NOT NULL,
  first_seen_at TIMESTAMP NOT NULL,
  last_seen_at TIMESTAMP NOT NULL,
  changed_by STRING NOT NULL,
  changed_at TIMESTAMP NOT NULL
)
CLUSTER BY load_id;

-- What a run of rcm_replay_quarantine found: one row per group of open rows and their outcome, which
-- is the state they get (`open` for those that today's rule outcome_rule still holds).
CREATE TABLE IF NOT EXISTS {{ ref("quarantine_replays") }} (
  run_id STRING NOT NULL,
  business_date DATE NOT NULL,
  action STRING NOT NULL,
  is_dry_run BOOL NOT NULL,
  entity STRING NOT NULL,
  source_system STRING NOT NULL,
  rule STRING NOT NULL,
  outcome STRING NOT NULL,
  outcome_rule STRING,
  row_count INT64 NOT NULL,
  billed_amount NUMERIC,
  paid_amount NUMERIC,
  recorded_at TIMESTAMP NOT NULL
);

-- One row per rule and load of silver, per check of gold and run (of one that hospitals break, a row for
-- each of them and one for all the others), and for bronze per run and month of
-- a monthly delivery: rows_failed = 1 where no file came. Examples name the first rows that break a
-- check of gold, by the columns that it declares. Reason says in words what breaks a rule of silver.
CREATE TABLE IF NOT EXISTS {{ ref("dq_results") }} (
  dag_id STRING,
  run_id STRING NOT NULL,
  business_date DATE NOT NULL,
  layer STRING NOT NULL,
  {%- for column, kind in dq_report %}
  {{ column }} {{ kind }}
  {%- if column in ("entity", "rule", "severity") %} NOT NULL{% endif %},
  {%- endfor %}
  examples STRING,
  checked_at TIMESTAMP NOT NULL
);

-- How gold stands with each hospital, and with each set of codes: the business date that its published
-- rows are of, NULL before the first, and since when and why it is held back, if it is.
CREATE TABLE IF NOT EXISTS {{ ref("gold_standings") }} (
  source_system STRING NOT NULL,
  gold_date DATE,
  is_held_back BOOL NOT NULL,
  held_back_since DATE,
  reason STRING,
  run_id STRING NOT NULL
);

-- What readers see: one row per batch that was published. For silver, batch_uri is the log of
-- observations that became part of the state.
CREATE TABLE IF NOT EXISTS {{ ref("publications") }} (
  publication_id STRING NOT NULL,
  layer STRING NOT NULL,
  business_date DATE NOT NULL,
  batch_uri STRING,
  dag_id STRING,
  run_id STRING NOT NULL,
  published_at TIMESTAMP NOT NULL
);

-- One row: the run that may publish, NULL while none does. Two DAGs may have runs of one id.
CREATE TABLE IF NOT EXISTS {{ ref("leases") }} (
  dag_id STRING,
  run_id STRING,
  renewed_at TIMESTAMP NOT NULL
);
