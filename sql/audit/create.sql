-- Creates what is missing of the datasets, the audit tables and their columns.
{%- for dataset in datasets %}
CREATE SCHEMA IF NOT EXISTS {{ dataset }} OPTIONS (location = '{{ location }}');
{%- endfor %}
-- A batch drops its staging tables when it is published; those of one that never is end by themselves.
CREATE SCHEMA IF NOT EXISTS {{ staging }}
OPTIONS (location = '{{ location }}', default_table_expiration_days = 7);

{% include "audit/tables.sql" %}
{%- for table, column, kind in gained %}
ALTER TABLE {{ ref(table) }} ADD COLUMN IF NOT EXISTS {{ column }} {{ kind }};
{%- endfor %}
