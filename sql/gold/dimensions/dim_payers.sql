/*---
description: Payers by name, from every record that names one; spellings that differ only in case are one payer.
grain: one row per payer, and the unknown member
keys: [payer_key]
owner: data-engineering
columns:
  payer_key: {type: STRING, description: Identity of the payer across hospitals.}
  payer_code: {type: STRING, description: Name in upper case; facts are joined on it. NULL for the unknown member.}
  payer_name: {type: STRING, description: "Most frequent spelling of the name; a payer named Unknown is shown as Unknown (so named)."}
  payer_group: {type: STRING, description: "Medicare, Medicaid, Commercial, Self-Pay, Other or Unknown."}
checks:
  - {not_null: [payer_name]}
  - {expect: {payers_have_a_code: "(payer_code IS NULL) = (payer_key = 'unknown')"}}
  - {accepted: {payer_group: [Medicare, Medicaid, Commercial, Self-Pay, Other, Unknown]}}
---*/
WITH
  mentions AS (
    SELECT payer_id AS payer_name FROM {{ ref("claims_current") }}
    UNION ALL
    SELECT payer_id FROM {{ ref("transactions") }}
    UNION ALL
    SELECT COALESCE(to_payer_id, payer_id) FROM {{ ref("postings_current") }}
    UNION ALL
    SELECT payer_id FROM {{ ref("remittances_current") }}
    UNION ALL
    SELECT payer_id FROM {{ ref("payer_terms_current") }}
    UNION ALL
    SELECT insurance_name FROM {{ ref("dim_patients") }}
  ),

  spellings AS (
    SELECT
      UPPER(payer_name) AS payer_code,
      payer_name,
      COUNT(*) AS mention_count
    FROM mentions
    WHERE payer_name IS NOT NULL
    GROUP BY payer_code, payer_name
  ),

  payers AS (
    SELECT
      payer_code,
      payer_name
    FROM spellings
    QUALIFY ROW_NUMBER() OVER (
      PARTITION BY payer_code ORDER BY mention_count DESC, payer_name
    ) = 1
  )

SELECT
  TO_HEX(SHA256(CONCAT(CAST(LENGTH(payer_code) AS STRING), ':', payer_code))) AS payer_key,
  payer_code,
  -- `Unknown` is the name of the unknown member; a payer that a source calls so is another one.
  IF(payer_code = 'UNKNOWN', CONCAT(payer_name, ' (so named)'), payer_name) AS payer_name,
  -- Government programmes first: "Humana Medicare" is Medicare Advantage.
  CASE
    WHEN REGEXP_CONTAINS(payer_code, r'MEDICARE') THEN 'Medicare'
    WHEN REGEXP_CONTAINS(payer_code, r'MEDICAID|MEDI-CAL|\bCHIP\b') THEN 'Medicaid'
    WHEN REGEXP_CONTAINS(payer_code, r'SELF[ -]?PAY|UNINSURED') THEN 'Self-Pay'
    WHEN REGEXP_CONTAINS(payer_code, r'AETNA|ANTHEM|BLUE ?CROSS|BLUE ?SHIELD|BCBS|CENTENE|CIGNA')
      THEN 'Commercial'
    WHEN REGEXP_CONTAINS(payer_code, r'COMMERCIAL|HUMANA|KAISER|MOLINA|UNITED ?HEALTH|\bUHC\b')
      THEN 'Commercial'
    ELSE 'Other'
  END AS payer_group
FROM payers
UNION ALL
SELECT 'unknown', NULL, 'Unknown', 'Unknown'
