-- Ends the script with an error, which audit quotes per load, when a load does not add up.
UPDATE {{ ref("table_loads") }} AS known
SET error = found.message
FROM (
  SELECT
    load_id,
    STRING_AGG(
      FORMAT('%s: %.2f landed, %.2f read, %.2f accounted for', measure, landed, read, accounted),
      '; ' ORDER BY measure
    ) AS message
  FROM (
    {% include "audit/imbalances.sql" %}
  ) AS imbalance
  GROUP BY load_id
) AS found
WHERE known.load_id = found.load_id;

SET imbalances = (
  SELECT STRING_AGG(DISTINCT load_id, ', ' ORDER BY load_id)
  FROM (
    {% include "audit/imbalances.sql" %}
  ) AS imbalance
);

IF imbalances IS NOT NULL THEN
  RAISE USING MESSAGE = CONCAT(
    '{{ marker }}Loads do not balance, see audit.table_loads: ', imbalances
  );
END IF;
