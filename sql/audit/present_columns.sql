-- Columns of the audit tables that there are.
SELECT
  table_name,
  column_name
FROM {{ information_schema }}.COLUMNS
