"""Writes a history to the sources with defects in it, and books what each one must cause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from simulator.account import Account
from simulator.clock import Stamp
from simulator.defects import BLANKS, INVALID_CLAIM_STATUSES, DefectRates, draw
from simulator.hospital import Hospital
from simulator.model import Claim, Encounter, Transaction
from simulator.office import Office
from simulator.troubles.journal import post_to_unknown_charges
from simulator.writing import claim_stamp, write_charge, write_claims, write_journal

UNBALANCED_CENTS = (100, 5_000)


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


def write_accounts(office: Office, rates: DefectRates) -> None:
    """Writes all accounts of a history with their defects.

    A charge that must be quarantined has no claim, but perhaps a journal; a claim that must be
    quarantined, and its account, stay as they are.
    """
    hospital, chance = office.hospital, office.chance
    repeated, without_id, without_patient, negative, providers, patients = draw(
        chance, office.take_touched(), rates.repeated_transaction, rates.transaction_without_id,
        rates.transaction_without_patient, rates.negative_amount, rates.unknown_provider,
        rates.unknown_patient,
    )  # fmt: skip
    for rule, held in (
        ("transaction_id_missing", without_id),
        ("patient_id_missing", without_patient),
        ("amount_negative", negative),
    ):
        for account in held:
            hold_charge(hospital, account.charge, account.entered, rule)
            office.close(account)
            if office.trouble.happens(rates.held_charge_with_journal):
                write_journal(hospital, account.take_news())
    _plant_unknown(hospital, providers, "provider_id", "PROV9{:03}")
    _plant_unknown(hospital, patients, "patient_id", "HOSP1-9{:05}")
    accounts = list(office.accounts.values())
    news = [account.take_news() for account in accounts]
    for account, its_news in zip(accounts, news, strict=True):
        write_charge(hospital, account, its_news)
        write_journal(hospital, its_news)
    for account in repeated:
        hospital.repeat("transactions", account.charge.transaction_id)
    _write_claims(office, [its_news.claims for its_news in news], rates)
    _repeat_and_spoil(hospital, rates)
    post_to_unknown_charges(hospital, rates.posting_to_unknown_charge)


def hold_charge(hospital: Hospital, charge: Transaction, posted: date, rule: str) -> None:
    """Writes a charge, as it was entered, so that it breaks the rule."""
    blank = hospital.chance.choice(BLANKS)
    broken: dict[str, Any] = {
        "transaction_id_missing": {"transaction_id": blank},
        "patient_id_missing": {"patient_id": blank},
        "amount_negative": {"amount": -charge.amount},
    }
    typed = charge._replace(claim_id=None, billed_date=None)._replace(**broken[rule])
    stamp = Stamp(posted, charge.inserted_at)
    hospital.hold("transactions", typed, stamp, rule, typed.amount, typed.paid_amount)


def _plant_unknown(
    hospital: Hospital, accounts: Sequence[Account], column: str, shape: str
) -> None:
    for number, account in enumerate(accounts, start=1):
        unknown: dict[str, Any] = {column: shape.format(number)}
        account.charge = account.charge._replace(**unknown)
        hospital.record(f"transactions_{column}_unknown")


def _write_claims(
    office: Office, claims: Sequence[dict[str, tuple[Claim, date | None]]], rates: DefectRates
) -> None:
    """Writes the payers' claim lines; some are repeated, some are unreadable."""
    hospital, chance = office.hospital, office.chance
    sent = [one for of_account in claims for one in of_account.values()]
    repeated, misread, lost = draw(
        chance, sent, rates.repeated_claim, rates.invalid_claim_status,
        rates.claim_without_transaction,
    )  # fmt: skip
    held = {claim.claim_id for claim, _ in (*misread, *lost)}
    write_claims(hospital, [one for one in sent if one[0].claim_id not in held])
    for claim, changed in misread:
        typed = claim._replace(claim_status=chance.choice(INVALID_CLAIM_STATUSES))
        _hold_claim(office, claim, typed, changed, "claim_status_invalid")
    for claim, changed in lost:
        typed = claim._replace(transaction_id="")
        _hold_claim(office, claim, typed, changed, "transaction_id_missing")
    for claim, _ in repeated:
        hospital.repeat("claims", claim.claim_id)


def _hold_claim(
    office: Office, claim: Claim, typed: Claim, changed: date | None, rule: str
) -> None:
    hospital = office.hospital
    stamp = claim_stamp(hospital, claim, changed)
    hospital.hold("claims", typed, stamp, rule, claim.claim_amount, claim.paid_amount)
    office.accounts[claim.transaction_id].is_closed = True


def _repeat_and_spoil(hospital: Hospital, rates: DefectRates) -> None:
    """Repeats postings, and writes postings and remittances that were mistyped before they came."""
    chance = hospital.chance
    repeated, lost = draw(
        chance, list(hospital.postings.current.values()), rates.repeated_posting,
        rates.posting_without_transaction,
    )  # fmt: skip
    for posting in repeated:
        hospital.repeat("postings", posting.posting_id)
    for posting in lost:
        spoiled = posting._replace(
            posting_id=hospital.next_id("POST"), transaction_id=chance.choice(BLANKS)
        )
        stamp = hospital.postings.rows[posting.posting_id].stamp
        hospital.hold("postings", spoiled, stamp, "transaction_id_missing", None, posting.amount)
    (unbalanced,) = draw(
        chance, list(hospital.remittances.current.values()), rates.unbalanced_remittance
    )
    for remittance in unbalanced:
        mistyped = remittance._replace(
            remittance_id=hospital.next_id("REMIT"),
            paid_amount=remittance.paid_amount + chance.between(*UNBALANCED_CENTS),
        )
        stamp = Stamp(remittance.remit_date, remittance.inserted_at)
        hospital.hold("remittances", mistyped, stamp, "remittance_unbalanced",
                      mistyped.charge_amount, mistyped.paid_amount)  # fmt: skip
