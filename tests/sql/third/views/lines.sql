-- A day on which nobody entered anything stands for none.
CREATE VIEW charge_versions AS
SELECT * REPLACE (IF(inserted_at::DATE IN ('0001-01-01', '1900-01-01', '1970-01-01', '9999-12-31'),
  NULL, inserted_at) AS inserted_at)
FROM transactions;

-- Every change of what somebody owes on an account: charges as entered and corrected, then the
-- journal, of which a transfer changes two balances.
CREATE VIEW told AS
SELECT
  source_system, transaction_id, payer_id, 'charge' AS kind, NULL AS reason, NULL AS claim_id,
  IF(version = 1, COALESCE(inserted_at, effective_date), effective_date)::DATE AS day,
  amount - COALESCE(
    LAG(amount) OVER (PARTITION BY source_system, transaction_id ORDER BY version), 0
  ) AS dollars
FROM charge_versions
UNION ALL
SELECT source_system, transaction_id, payer_id, posting_kind, reason_code, claim_id, posting_date,
  amount
FROM postings WHERE is_current
UNION ALL
SELECT source_system, transaction_id, to_payer_id, posting_kind, reason_code, claim_id,
  posting_date, -amount
FROM postings WHERE is_current AND to_payer_id IS NOT NULL;

-- Postings to a charge that is not there are one account.
CREATE VIEW lines AS
SELECT told.* REPLACE (IF(known.transaction_id IS NULL, 'unknown', told.transaction_id)
  AS transaction_id)
FROM told LEFT JOIN (SELECT DISTINCT source_system, transaction_id FROM transactions) AS known
  USING (source_system, transaction_id);

CREATE VIEW charges AS SELECT * FROM charge_versions WHERE is_current;
CREATE VIEW sent AS SELECT * FROM claims WHERE is_current;
CREATE VIEW remits AS SELECT * FROM remittances WHERE is_current;

-- Complete months since a hospital's first posting.
CREATE VIEW month_ends AS
SELECT source_system, LAST_DAY(month::DATE) AS month_end
FROM (
  SELECT source_system,
    UNNEST(GENERATE_SERIES(DATE_TRUNC('month', MIN(day)), DATE_TRUNC('month', MAX(day)),
      INTERVAL 1 MONTH)) AS month
  FROM lines GROUP BY source_system
)
WHERE LAST_DAY(month::DATE) <= GETVARIABLE('business_date');

-- What was owed by whom when a month ended; without a charge, since the first posting.
CREATE VIEW standing AS
SELECT
  month_ends.source_system, month_end, lines.transaction_id, lines.payer_id,
  ANY_VALUE(charges.billed_date) AS billed_date,
  month_end - COALESCE(ANY_VALUE(charges.service_date), MIN(day)) AS age, SUM(dollars) AS owed
FROM month_ends
JOIN lines ON lines.source_system = month_ends.source_system AND lines.day <= month_end
LEFT JOIN charges ON charges.source_system = lines.source_system
  AND charges.transaction_id = lines.transaction_id
GROUP BY month_ends.source_system, month_end, lines.transaction_id, lines.payer_id
HAVING SUM(dollars) != 0;

-- A rate ends where the next one begins, whatever it says.
CREATE VIEW rates AS
SELECT source_system, payer_id, procedure_code, allowed_percent, valid_from,
  LEAST(COALESCE(valid_to, '9999-12-30'), COALESCE(LEAD(valid_from) OVER (
    PARTITION BY source_system, payer_id, procedure_code ORDER BY valid_from), '9999-12-31') - 1)
    AS valid_to
FROM fee_schedules;

-- What the claim's own payer decided; what is not said to be allowed is paid or the patient's.
CREATE VIEW decisions AS
SELECT remits.* REPLACE (COALESCE(allowed_amount, remits.paid_amount
  + COALESCE(patient_responsibility_amount, 0)) AS allowed_amount)
FROM remits JOIN sent USING (source_system, claim_id)
WHERE status_code NOT IN ('23', '25')
  AND NOT (payer_sequence = 'P' AND status_code IN ('2', '3', '20', '21'));

CREATE MACRO bucket(age) AS CASE
  WHEN age <= 30 THEN '0-30' WHEN age <= 60 THEN '31-60' WHEN age <= 90 THEN '61-90'
  WHEN age <= 120 THEN '91-120' ELSE 'over 120' END;

-- Nothing paid and a reason that refuses; the simulated payers say so with status 4.
CREATE VIEW refusals AS
SELECT * FROM remits
WHERE status_code = '4' OR (status_code IN ('1', '2', '3', '19', '20', '21') AND paid_amount = 0
  AND (adjustment_1_group != 'PR' AND adjustment_1_code NOT IN ('45', '23', '253')
    OR adjustment_2_group != 'PR' AND adjustment_2_code NOT IN ('45', '23', '253')));

-- The first refusal of every charge by its primary payer.
CREATE VIEW denied AS
SELECT DISTINCT ON (refusals.source_system, sent.transaction_id)
  refusals.source_system, sent.transaction_id, refusals.payer_id, remit_date, charge_amount,
  claim_frequency
FROM refusals JOIN sent USING (source_system, claim_id)
WHERE payer_sequence = 'P'
  AND EXISTS (FROM charges WHERE charges.source_system = refusals.source_system
    AND charges.transaction_id = sent.transaction_id)
ORDER BY refusals.source_system, sent.transaction_id, remit_date, remittance_id;
