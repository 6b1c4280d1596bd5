-- Ends the script with an error when a rebuild would load rows that a person rejected: today's rules
-- let them pass.
SET broken = (
  SELECT STRING_AGG(DISTINCT known.load_id, ', ' ORDER BY known.load_id)
  FROM {{ ref("quarantine") }} AS known
  LEFT JOIN {{ ref("staged_quarantine") }} AS held
    ON known.load_id = held.load_id AND known.row_id = held.row_id
  WHERE known.state = 'rejected' AND held.load_id IS NULL
);

IF broken IS NOT NULL THEN
  RAISE USING MESSAGE = CONCAT(
    '{{ marker }}Nothing was published: rows that were rejected would pass, see audit.quarantine. ',
    'Hold them by a rule. Loads: ', broken
  );
END IF;
