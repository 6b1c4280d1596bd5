-- Silver batches that were published, oldest first.
SELECT
  batch_uri,
  published_at
FROM {{ ref("publications") }}
WHERE layer = 'silver' AND batch_uri IS NOT NULL
ORDER BY published_at, publication_id
