-- Deletes the rows of loads. Parameter: @load_ids STRING (JSON array).
DELETE FROM {{ ref(table) }}
WHERE _load_id IN UNNEST(JSON_VALUE_ARRAY(@load_ids));
