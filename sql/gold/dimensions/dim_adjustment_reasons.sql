/*---
description: >-
  What the reason codes of payers' adjustments (CARC) mean for the revenue cycle: which are denials,
  of what kind, and where in the cycle they arise. The labels are our own; the code list is X12's.
grain: one row per reason code
keys: [reason_code]
owner: revenue-cycle
columns:
  reason_code: {type: STRING, description: Claim adjustment reason code without its group.}
  label: {type: STRING, description: What it says in a few words.}
  category: {type: STRING, description: Kind of adjustment or denial.}
  stage: {type: STRING, description: "Where it arises: front (before the service), mid (documentation and coding), back (billing), or none."}
  is_denial: {type: BOOL, description: "Whether it refuses payment that could have been had; contractual amounts and patients' shares do not."}
checks:
  - {accepted: {stage: [front, mid, back, none]}}
---*/
SELECT
  reason_code,
  label,
  category,
  stage,
  stage != 'none' AS is_denial
FROM
  UNNEST([
    STRUCT('1' AS reason_code, 'Deductible' AS label, 'Patient' AS category, 'none' AS stage),
    STRUCT('2', 'Coinsurance', 'Patient', 'none'),
    STRUCT('3', 'Copay', 'Patient', 'none'),
    STRUCT('16', 'Missing or invalid information', 'Billing', 'mid'),
    STRUCT('18', 'Exact duplicate', 'Billing', 'back'),
    STRUCT('22', 'Coordination of benefits', 'Eligibility', 'front'),
    STRUCT('23', 'Decision of the prior payer', 'Other payer', 'none'),
    STRUCT('27', 'Coverage terminated', 'Eligibility', 'front'),
    STRUCT('29', 'Filed too late', 'Timely filing', 'back'),
    STRUCT('45', 'Above the contract', 'Contractual', 'none'),
    STRUCT('50', 'Not medically necessary', 'Medical necessity', 'mid'),
    STRUCT('97', 'Included in another service', 'Coding', 'mid'),
    STRUCT('197', 'No authorization', 'Authorization', 'front')
  ])
