-- Ends the script with an error when a staged history, always that of whole keys, is wrong.
SET broken = (
  SELECT
    STRING_AGG(
      FORMAT('silver.%s: %s (%d rows)', entity, broken_promise, row_count),
      '; ' ORDER BY entity, broken_promise
    )
  FROM (
    {% include "silver/broken_promises.sql" %}
  )
);

SET broken = (
  SELECT STRING_AGG(complaint, '; ' ORDER BY complaint)
  FROM (
    SELECT broken AS complaint
    UNION ALL
    SELECT FORMAT('silver.%s: published history is lost (%d keys)', entity, key_count) AS complaint
    FROM (
      {% include "silver/lost_history.sql" %}
    )
  )
);

IF broken IS NOT NULL THEN
  RAISE USING MESSAGE = CONCAT(
    '{{ marker }}Nothing was published, the history in ', @batch_uri, ' is wrong: ', broken
  );
END IF;
