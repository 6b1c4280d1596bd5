/*---
description: >-
  Signed postings to patients' accounts: changes of charges, payments, adjustments, write-offs, refunds,
  takebacks and transfers. The amounts of an account add up to its balance. Charges come from the
  versions of the transactions; everything else comes from the posting journal, or from the versions
  if the hospital has no journal.
grain: one row per posting
keys: [posting_key]
partition_by: posting_date
cluster_by: [source_system, payer_key]
owner: revenue-cycle
columns:
  posting_key: {type: STRING, description: "Identity of the posting: of the journal's, or of the version that posted it."}
  transaction_key: {type: STRING, description: "Identity of the transaction within the hospital: the account. unknown for a posting to a transaction that is not there."}
  version: {type: INT64, description: "Version of the transaction that posted it, of a deletion the version that it ended; NULL for the journal's postings."}
  claim_key: {type: STRING, description: "Claim that the posting names, or unknown; NULL if it names none."}
  posting_kind: {type: STRING, description: "charge, payment (by payers), patient_payment, contractual, write_off, refund, takeback (by payers) or transfer."}
  posting_cause: {type: STRING, description: "posted; reversed: the source lowered the amount; deleted: the source deleted the charge; moved_out, moved_in: the balance changed its payer, service date, patient, provider or department."}
  reason_code: {type: STRING, description: "Why, as the journal says: of a write-off BAD_DEBT, CHARITY, SMALL_BALANCE, TIMELY_FILING, DENIAL or ADMIN."}
  source_system: {type: STRING, description: Hospital.}
  posting_date: {type: DATE, description: "Day of the posting in the journal. Of a charge the hospital's day on which it was recorded. Of other changes the hospital's day from which the source says so: without a journal, what was paid on an account before it was first read is posted the day of its last change."}
  service_date: {type: DATE, description: Day of the service.}
  payer_key: {type: STRING, description: "Payer that the charge named when this was posted, or unknown."}
  patient_key: {type: STRING, description: "Patient, or unknown."}
  provider_key: {type: STRING, description: "Provider, or unknown."}
  department_key: {type: STRING, description: "Department, or unknown."}
  posted_amount: {type: NUMERIC, description: "USD by which the balance grows: a charge is positive, a payment, adjustment or write-off negative, a reversal the opposite."}
  load_id: {type: STRING, description: Load that brought the version.}
checks:
  - {not_null: [transaction_key, source_system, posting_date, service_date, posted_amount, load_id]}
  - accepted:
      posting_kind:
        [charge, payment, patient_payment, contractual, write_off, refund, takeback, transfer]
  - {accepted: {posting_cause: [posted, reversed, deleted, moved_out, moved_in]}}
  - references:
      payer_key: dim_payers.payer_key
      patient_key: dim_patients.patient_key
      provider_key: dim_providers.provider_key
      department_key: dim_departments.department_key
  - {references: {posting_date: dim_date.calendar_date}, severity: warn}
  - expect:
      postings_change_something: posted_amount != 0
      only_balances_move: (posting_kind = 'transfer') = (posting_cause IN ('moved_out', 'moved_in'))
---*/
WITH
  versions AS (
    SELECT
      transaction_key,
      transaction_version_key,
      source_system,
      version,
      effective_date,
      expiry_date,
      is_deleted,
      service_date,
      {{ recorded_day("source_system") }} AS recorded_date,
      amount AS charge_amount,
      paid_amount,
      COALESCE(patient_paid_amount, 0) AS patient_paid_amount,
      COALESCE(adjustment_amount, 0) AS adjustment_amount,
      COALESCE(write_off_amount, 0) AS write_off_amount,
      _load_id AS load_id
    FROM {{ ref("transactions") }}
  ),

  links AS (
    SELECT fact_key, payer_key, patient_key, provider_key, department_key
    FROM {{ ref("fact_links") }}
    WHERE fact = 'transactions'
  ),

  postings AS (
    SELECT
      source_system, posting_key, transaction_id, claim_id, posting_date, posting_kind,
      reason_code, amount, UPPER(payer_id) AS payer_code, UPPER(to_payer_id) AS to_payer_code,
      _load_id AS load_id
    FROM {{ ref("postings_current") }}
  ),

  accounts AS (
    SELECT
      transaction_key, source_system, transaction_id, has_journal, service_date, patient_key,
      provider_key, department_key
    FROM {{ ref("accounts") }}
  ),

  claims AS (
    SELECT source_system, claim_id, claim_key FROM {{ ref("claims_current") }}
  ),

  payers AS (
    SELECT payer_code, payer_key FROM {{ ref("dim_payers") }}
  ),

  -- What stood on an account while a version was in force, and whose it was. What the journal says
  -- is not read from the versions once more.
  standings AS (
    SELECT
      versions.transaction_key,
      versions.source_system,
      versions.version,
      versions.effective_date,
      versions.expiry_date,
      versions.is_deleted,
      versions.service_date,
      versions.recorded_date,
      COALESCE(links.payer_key, 'unknown') AS payer_key,
      COALESCE(links.patient_key, 'unknown') AS patient_key,
      COALESCE(links.provider_key, 'unknown') AS provider_key,
      COALESCE(links.department_key, 'unknown') AS department_key,
      versions.charge_amount,
      IF(accounts.has_journal, 0, versions.paid_amount) AS paid_amount,
      IF(accounts.has_journal, 0, versions.patient_paid_amount) AS patient_paid_amount,
      IF(accounts.has_journal, 0, versions.adjustment_amount) AS adjustment_amount,
      IF(accounts.has_journal, 0, versions.write_off_amount) AS write_off_amount,
      versions.load_id
    FROM versions
    INNER JOIN accounts ON versions.transaction_key = accounts.transaction_key
    LEFT JOIN links ON versions.transaction_version_key = links.fact_key
  ),

  -- A version changes what the one before it left. After a deletion nothing was left.
  changes AS (
    SELECT
      present.transaction_key,
      present.source_system,
      present.version,
      FALSE AS is_deletion,
      {{ hospital_day("present.effective_date", "present.source_system") }} AS posting_date,
      IF(present.version = 1, present.recorded_date, NULL) AS recorded_date,
      present.service_date,
      present.payer_key,
      present.patient_key,
      present.provider_key,
      present.department_key,
      present.charge_amount - COALESCE(former.charge_amount, 0) AS charge_amount,
      present.paid_amount - COALESCE(former.paid_amount, 0) AS paid_amount,
      present.patient_paid_amount - COALESCE(former.patient_paid_amount, 0)
        AS patient_paid_amount,
      present.adjustment_amount - COALESCE(former.adjustment_amount, 0) AS adjustment_amount,
      present.write_off_amount - COALESCE(former.write_off_amount, 0) AS write_off_amount,
      present.load_id
    FROM standings AS present
    LEFT JOIN standings AS former
      ON
        present.transaction_key = former.transaction_key
        AND present.version = former.version + 1
        AND present.effective_date = former.expiry_date
    UNION ALL
    SELECT
      transaction_key, source_system, version, TRUE,
      {{ hospital_day("expiry_date", "source_system") }}, NULL, service_date,
      payer_key, patient_key, provider_key, department_key, -charge_amount, -paid_amount,
      -patient_paid_amount, -adjustment_amount, -write_off_amount, load_id
    FROM standings
    WHERE is_deleted
  ),

  -- The balance leaves the account as it was and comes to the account as it is.
  moves AS (
    SELECT
      present.transaction_key,
      present.source_system,
      present.version,
      side.posting_cause,
      {{ hospital_day("present.effective_date", "present.source_system") }} AS posting_date,
      IF(side.posting_cause = 'moved_in', present.service_date, former.service_date)
        AS service_date,
      IF(side.posting_cause = 'moved_in', present.payer_key, former.payer_key) AS payer_key,
      IF(side.posting_cause = 'moved_in', present.patient_key, former.patient_key) AS patient_key,
      IF(side.posting_cause = 'moved_in', present.provider_key, former.provider_key)
        AS provider_key,
      IF(side.posting_cause = 'moved_in', present.department_key, former.department_key)
        AS department_key,
      side.direction * (
        former.charge_amount - former.paid_amount - former.patient_paid_amount
        - former.adjustment_amount - former.write_off_amount
      ) AS posted_amount,
      present.load_id
    FROM standings AS present
    INNER JOIN standings AS former
      ON
        present.transaction_key = former.transaction_key
        AND present.version = former.version + 1
        AND present.effective_date = former.expiry_date
    CROSS JOIN
      UNNEST([
        STRUCT('moved_out' AS posting_cause, -1 AS direction),
        STRUCT('moved_in' AS posting_cause, 1 AS direction)
      ]) AS side
    WHERE
      present.service_date != former.service_date
      OR present.payer_key != former.payer_key
      OR present.patient_key != former.patient_key
      OR present.provider_key != former.provider_key
      OR present.department_key != former.department_key
  ),

  from_versions AS (
    SELECT
      changes.transaction_key,
      changes.source_system,
      changes.version,
      posting.posting_kind,
      CASE
        WHEN changes.is_deletion THEN 'deleted'
        WHEN posting.change_amount < 0 THEN 'reversed'
        ELSE 'posted'
      END AS posting_cause,
      IF(
        posting.posting_kind = 'charge',
        COALESCE(changes.recorded_date, changes.posting_date),
        changes.posting_date
      ) AS posting_date,
      changes.service_date,
      changes.payer_key,
      changes.patient_key,
      changes.provider_key,
      changes.department_key,
      IF(posting.posting_kind = 'charge', posting.change_amount, -posting.change_amount)
        AS posted_amount,
      changes.load_id
    FROM changes
    CROSS JOIN
      UNNEST([
        STRUCT('charge' AS posting_kind, changes.charge_amount AS change_amount),
        STRUCT('payment' AS posting_kind, changes.paid_amount AS change_amount),
        STRUCT('patient_payment' AS posting_kind, changes.patient_paid_amount AS change_amount),
        STRUCT('contractual' AS posting_kind, changes.adjustment_amount AS change_amount),
        STRUCT('write_off' AS posting_kind, changes.write_off_amount AS change_amount)
      ]) AS posting
    UNION ALL
    SELECT
      transaction_key, source_system, version, 'transfer', posting_cause, posting_date,
      service_date, payer_key, patient_key, provider_key, department_key, posted_amount, load_id
    FROM moves
  ),

  -- A transfer leaves one payer and comes to the other.
  from_journal AS (
    SELECT
      CONCAT(
        postings.posting_key,
        IF(side.posting_cause = 'posted', '', CONCAT('.', side.posting_cause))
      ) AS posting_key,
      postings.source_system,
      postings.transaction_id,
      postings.claim_id,
      postings.posting_kind,
      side.posting_cause,
      postings.reason_code,
      postings.posting_date,
      IF(side.posting_cause = 'moved_in', postings.to_payer_code, postings.payer_code)
        AS payer_code,
      side.direction * postings.amount AS posted_amount,
      postings.load_id
    FROM postings
    INNER JOIN
      UNNEST([
        STRUCT('posted' AS posting_cause, FALSE AS is_transfer, 1 AS direction),
        STRUCT('moved_out' AS posting_cause, TRUE AS is_transfer, 1 AS direction),
        STRUCT('moved_in' AS posting_cause, TRUE AS is_transfer, -1 AS direction)
      ]) AS side
      ON (postings.posting_kind = 'transfer') = side.is_transfer
  )

SELECT
  CONCAT(transaction_key, '.', CAST(version AS STRING), '.', posting_kind, '.', posting_cause)
    AS posting_key,
  transaction_key,
  version,
  CAST(NULL AS STRING) AS claim_key,
  posting_kind,
  posting_cause,
  CAST(NULL AS STRING) AS reason_code,
  source_system,
  posting_date,
  service_date,
  payer_key,
  patient_key,
  provider_key,
  department_key,
  posted_amount,
  load_id
FROM from_versions
WHERE posted_amount != 0
UNION ALL
SELECT
  from_journal.posting_key,
  COALESCE(accounts.transaction_key, 'unknown'),
  NULL,
  IF(from_journal.claim_id IS NULL, NULL, COALESCE(claims.claim_key, 'unknown')),
  from_journal.posting_kind,
  from_journal.posting_cause,
  from_journal.reason_code,
  from_journal.source_system,
  from_journal.posting_date,
  COALESCE(accounts.service_date, from_journal.posting_date),
  COALESCE(payers.payer_key, 'unknown'),
  COALESCE(accounts.patient_key, 'unknown'),
  COALESCE(accounts.provider_key, 'unknown'),
  COALESCE(accounts.department_key, 'unknown'),
  from_journal.posted_amount,
  from_journal.load_id
FROM from_journal
LEFT JOIN accounts
  ON
    from_journal.source_system = accounts.source_system
    AND from_journal.transaction_id = accounts.transaction_id
LEFT JOIN claims
  ON
    from_journal.source_system = claims.source_system
    AND from_journal.claim_id = claims.claim_id
LEFT JOIN payers ON from_journal.payer_code = payers.payer_code
WHERE from_journal.posted_amount != 0
