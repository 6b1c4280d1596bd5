-- Creates what is missing of the datasets, the audit tables and their columns.
{%- for dataset in datasets %}
CREATE SCHEMA IF NOT EXISTS {{ dataset }} OPTIONS (location = '{{ location }}');
{%- endfor %}

{% include "audit/tables.sql" %}
{%- for table, column, kind in gained %}
ALTER TABLE {{ ref(table) }} ADD COLUMN IF NOT EXISTS {{ column }} {{ kind }};
{%- endfor %}
