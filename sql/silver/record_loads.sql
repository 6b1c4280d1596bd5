-- Records what became of the rows and dollars of a batch's loads, and the results of its rules. A
-- replay's results are its own: those of the load that it replays stay as they were.
UPDATE {{ ref("table_loads") }} AS known
SET
  {%- for column in load_totals %}
  {{ column }} = staged.{{ column }},
  {%- endfor %}
  state = 'PUBLISHED',
  published_at = CURRENT_TIMESTAMP(),
  error = NULL
FROM {{ ref("staged_loads") }} AS staged
WHERE
  known.batch_id = @batch_id AND COALESCE(known.replays, known.load_id) = staged.load_id;

DELETE FROM {{ ref("dq_results") }}
WHERE
  layer = 'silver'
  AND load_id IN (SELECT load_id FROM {{ ref("table_loads") }} WHERE batch_id = @batch_id);

INSERT INTO {{ ref("dq_results") }} (
  dag_id, run_id, business_date, layer, load_id,
  {%- for column in rule_results %}
  {{ column }},
  {%- endfor %}
  checked_at
)
SELECT
  @dag_id,
  @run_id,
  @business_date,
  'silver',
  known.load_id,
  {%- for column in rule_results %}
  staged.{{ column }},
  {%- endfor %}
  CURRENT_TIMESTAMP()
FROM {{ ref("staged_dq") }} AS staged
INNER JOIN {{ ref("table_loads") }} AS known
  ON known.batch_id = @batch_id AND COALESCE(known.replays, known.load_id) = staged.load_id;
