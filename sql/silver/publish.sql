-- Publishes a staged batch: one transaction replaces the versions and revisions of every key that the
-- batch brings (a rebuild: everything), keeps the quarantine ledger and records the publication.
-- Ends with an error, and changes no table that readers see, when a load does not balance, when a
-- history breaks a promise, or when the run has lost its lease.
-- Parameters: @batch_id, @batch_uri, @dag_id, @run_id STRING, @business_date DATE.
DECLARE imbalances STRING;
DECLARE broken STRING;

-- A batch that is published stays as it is: later ones may stand on it.
IF EXISTS (SELECT 1 FROM {{ ref("publications") }} WHERE publication_id = @batch_id) THEN
  RETURN;
END IF;

{% include "silver/check_balance.sql" %}
{%- if histories %}
{% include "silver/check_history.sql" %}
{%- endif %}
{%- if is_rebuild %}
{% include "silver/check_rejections.sql" %}
{%- endif %}
BEGIN TRANSACTION;

{% include "audit/hold_lease.sql" %}
{%- for table in silver_tables %}
DELETE FROM {{ ref(table.name) }}
{%- if is_rebuild %}
WHERE TRUE;
{%- else %}
WHERE
  {{ table.key_column }} IN (
    SELECT {{ table.key_column }} FROM {{ ref("staged_" ~ table.name) }}
  );
{%- endif %}

{% set all_columns = table.columns | map(attribute="name") | join(", ") %}
INSERT INTO {{ ref(table.name) }} ({{ all_columns }})
SELECT {{ all_columns }}
FROM {{ ref("staged_" ~ table.name) }};
{% endfor %}
{%- if not is_rebuild %}
{% include "silver/record_loads.sql" %}
{% include "silver/refuse_loads.sql" %}
{%- endif %}
{% include "quarantine/keep.sql" %}
INSERT INTO {{ ref("publications") }} (
  publication_id, layer, business_date, batch_uri, dag_id, run_id, published_at
)
VALUES (@batch_id, 'silver', @business_date, @batch_uri, @dag_id, @run_id, CURRENT_TIMESTAMP());

COMMIT TRANSACTION;
{% for name in staged %}
DROP TABLE IF EXISTS {{ ref("staged_" ~ name) }};
{%- endfor %}
