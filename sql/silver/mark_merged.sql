-- Loads of a batch that is staged. Parameters: @batch_id STRING, @load_ids STRING (JSON).
UPDATE {{ ref("table_loads") }}
SET state = 'MERGED', batch_id = @batch_id
WHERE load_id IN UNNEST(JSON_VALUE_ARRAY(@load_ids)) AND state IN ('LANDED', 'MERGED');
