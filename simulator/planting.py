"""Writes a history to the sources with defects in it, and books what each one must cause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from simulator import billing
from simulator.accounts import Account, SentClaim
from simulator.clock import Stamp
from simulator.defects import BLANKS, INVALID_CLAIM_STATUSES, DefectRates, draw
from simulator.hospital import Hospital
from simulator.model import Encounter, Transaction


def write_encounters(
    hospital: Hospital, encounters: Sequence[Encounter], rates: DefectRates
) -> None:
    """Writes the encounters; some twice, and some that nobody can be found for."""
    repeated, orphans = draw(
        hospital.chance, encounters, rates.repeated_encounter, rates.encounter_without_patient
    )
    held = {encounter.encounter_id for encounter in orphans}
    for encounter in encounters:
        stamp = Stamp(encounter.encounter_date, encounter.inserted_at)
        if encounter.encounter_id in held:
            typed = encounter._replace(patient_id=hospital.chance.choice(BLANKS))
            hospital.hold("encounters", typed, stamp, "patient_id_missing")
        else:
            hospital.write("encounters", encounter, stamp)
    for encounter in repeated:
        hospital.repeat("encounters", encounter.encounter_id)


def write_transactions(hospital: Hospital, accounts: Sequence[Account], rates: DefectRates) -> None:
    """Writes the charges with their defects; a charge that must be quarantined has no claims."""
    chance = hospital.chance
    repeated, without_id, without_patient, negative, providers, patients = draw(
        chance, accounts, rates.repeated_transaction, rates.transaction_without_id,
        rates.transaction_without_patient, rates.negative_amount, rates.unknown_provider,
        rates.unknown_patient,
    )  # fmt: skip
    rules = {id(account): "transaction_id_missing" for account in without_id}
    rules |= {id(account): "patient_id_missing" for account in without_patient}
    rules |= {id(account): "amount_negative" for account in negative}
    _plant_unknown(hospital, providers, "provider_id", "PROV9{:03}")
    _plant_unknown(hospital, patients, "patient_id", "HOSP1-9{:05}")
    _plant_overpaid(hospital, [one for one in accounts if id(one) not in rules], rates.overpaid,
                    len(accounts))  # fmt: skip
    for account in accounts:
        if rule := rules.get(id(account)):
            hold_transaction(hospital, account.charge, account.posted, rule)
            account.claims.clear()
        else:
            hospital.write("transactions", account.charge, _last_change(hospital, account))
    for account in repeated:
        hospital.repeat("transactions", account.charge.transaction_id)


def hold_transaction(hospital: Hospital, charge: Transaction, posted: date, rule: str) -> None:
    """Writes a charge, as it was posted, so that it breaks the rule."""
    blank = hospital.chance.choice(BLANKS)
    broken: dict[str, Any] = {
        "transaction_id_missing": {"transaction_id": blank},
        "patient_id_missing": {"patient_id": blank},
        "amount_negative": {"amount": -charge.amount},
    }
    typed = charge._replace(
        claim_id=None, paid_date=None, paid_amount=0, patient_paid_amount=0, adjustment_amount=0,
        write_off_amount=0,
    )._replace(**broken[rule])  # fmt: skip
    stamp = Stamp(posted, charge.inserted_at)
    hospital.hold("transactions", typed, stamp, rule, typed.amount, typed.paid_amount)


def _plant_unknown(
    hospital: Hospital, accounts: Sequence[Account], column: str, shape: str
) -> None:
    for number, account in enumerate(accounts, start=1):
        unknown: dict[str, Any] = {column: shape.format(number)}
        account.charge = account.charge._replace(**unknown)
        hospital.record(f"transactions_{column}_unknown")


def _plant_overpaid(
    hospital: Hospital, accounts: Sequence[Account], rate: float, total: int
) -> None:
    paid = [one for one in accounts if one.claims and one.claims[-1].claim.claim_status == "Paid"]
    for account in hospital.chance.sample(paid, min(len(paid), round(total * rate))):
        sent = account.claims[-1]
        extra = hospital.chance.between(100, 20_000)
        account.charge, sent.claim = billing.overpay(account.charge, sent.claim, extra)
        hospital.record("transactions_paid_over_billed")


def _last_change(hospital: Hospital, account: Account) -> Stamp:
    if account.changed:
        return hospital.changed("transactions", account.changed)
    return Stamp(account.posted, account.charge.inserted_at)


def write_claims(hospital: Hospital, claims: Sequence[SentClaim], rates: DefectRates) -> None:
    """Writes the payers' claim lines; some twice, some of which nobody can tell what they say."""
    chance = hospital.chance
    repeated, misread, lost = draw(
        chance, claims, rates.repeated_claim, rates.invalid_claim_status,
        rates.claim_without_transaction,
    )  # fmt: skip
    rules = {id(sent): "claim_status_invalid" for sent in misread}
    rules |= {id(sent): "transaction_id_missing" for sent in lost}
    for sent in claims:
        claim = sent.claim
        stamp = Stamp(claim.claim_date, claim.inserted_at)
        if sent.changed:
            stamp = hospital.changed("claims", sent.changed)
        if rule := rules.get(id(sent)):
            typed = (
                claim._replace(claim_status=chance.choice(INVALID_CLAIM_STATUSES))
                if rule == "claim_status_invalid"
                else claim._replace(transaction_id="")
            )
            hospital.hold("claims", typed, stamp, rule, claim.claim_amount, claim.paid_amount)
        else:
            hospital.write("claims", claim, stamp)
    for sent in repeated:
        hospital.repeat("claims", sent.claim.claim_id)
