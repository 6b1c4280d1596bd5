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
    STRUCT('4', 'Modifier missing or wrong', 'Coding', 'mid'),
    STRUCT('11', 'Diagnosis does not fit the procedure', 'Coding', 'mid'),
    STRUCT('15', 'Authorization number missing or wrong', 'Authorization', 'front'),
    STRUCT('16', 'Missing or invalid information', 'Billing', 'mid'),
    STRUCT('18', 'Exact duplicate', 'Billing', 'back'),
    STRUCT('22', 'Coordination of benefits', 'Eligibility', 'front'),
    STRUCT('23', 'Decision of the prior payer', 'Other payer', 'none'),
    STRUCT('24', 'Covered by a capitation', 'Contractual', 'none'),
    STRUCT('26', 'Before the coverage began', 'Eligibility', 'front'),
    STRUCT('27', 'Coverage terminated', 'Eligibility', 'front'),
    STRUCT('29', 'Filed too late', 'Timely filing', 'back'),
    STRUCT('31', 'Patient not recognised', 'Eligibility', 'front'),
    STRUCT('45', 'Above the contract', 'Contractual', 'none'),
    STRUCT('50', 'Not medically necessary', 'Medical necessity', 'mid'),
    STRUCT('59', 'Several procedures at once', 'Contractual', 'none'),
    STRUCT('66', 'Blood deductible', 'Patient', 'none'),
    STRUCT('94', 'Paid above the charge', 'Contractual', 'none'),
    STRUCT('96', 'Not covered', 'Coverage', 'front'),
    STRUCT('97', 'Included in another service', 'Coding', 'mid'),
    STRUCT('100', 'Paid to the patient', 'Patient', 'none'),
    STRUCT('101', 'Price before the service', 'Predetermination', 'none'),
    STRUCT('104', 'Managed care withholding', 'Contractual', 'none'),
    STRUCT('109', 'Owed by another payer', 'Eligibility', 'front'),
    STRUCT('119', 'Benefit used up', 'Coverage', 'front'),
    STRUCT('131', 'Negotiated discount', 'Contractual', 'none'),
    STRUCT('137', 'Surcharge or tax', 'Contractual', 'none'),
    STRUCT('144', 'Incentive', 'Contractual', 'none'),
    STRUCT('151', 'More often than is supported', 'Medical necessity', 'mid'),
    STRUCT('167', 'Diagnosis not covered', 'Coverage', 'mid'),
    STRUCT('187', 'Spending account of the patient', 'Patient', 'none'),
    STRUCT('197', 'No authorization', 'Authorization', 'front'),
    STRUCT('204', 'Not in the plan of the patient', 'Coverage', 'front'),
    STRUCT('226', 'Information not sent in time', 'Billing', 'mid'),
    STRUCT('237', 'Penalty by law', 'Contractual', 'none'),
    STRUCT('252', 'Documentation asked for', 'Billing', 'mid'),
    STRUCT('253', 'Sequestration', 'Contractual', 'none')
  ])
