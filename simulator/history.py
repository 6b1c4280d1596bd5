"""The months before the first business date: visits, charges and what became of them so far."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from simulator import billing
from simulator.accounts import Account, SentClaim
from simulator.care import CHARGES_PER_VISIT, is_insured, new_charge, new_encounter
from simulator.defects import DefectRates
from simulator.hospital import Hospital
from simulator.model import Encounter, Patient
from simulator.planting import write_claims, write_encounters, write_transactions
from simulator.vocabulary import PAYERS, Visit

HISTORY_DAYS = 425
VISITS_PER_PATIENT = 2
NEVER_CLAIMED_RATE = 0.02
RESUBMITTED_RATE = 0.25
DENIAL_WRITTEN_OFF_RATE = 0.35
PATIENT_PAYS_RATE = 0.7
PAID_IN_FULL_RATE = 0.8
SELF_PAY_PERCENTS = (100, 100, 50, 25)
OLD_SELF_PAY_WRITTEN_OFF_RATE = 0.4
PAYMENT_LAG_DAYS = (0, 0, 0, 0, 2, 5, 9, 14)


def write_history(hospital: Hospital, procedures: Sequence[str], rates: DefectRates) -> None:
    """Writes the encounters, transactions and claims that led to the first business date."""
    visits = _make_visits(hospital, procedures)
    write_encounters(hospital, [encounter for _, encounter, _ in visits], rates)
    accounts = [
        _open_account(hospital, patient, encounter, visit, procedures)
        for patient, encounter, visit in visits
        for _ in range(hospital.chance.pick(CHARGES_PER_VISIT))
    ]
    for account in accounts:
        _live(hospital, account)
    write_transactions(hospital, accounts, rates)
    write_claims(hospital, [sent for account in accounts for sent in account.claims], rates)


def _make_visits(
    hospital: Hospital, procedures: Sequence[str]
) -> list[tuple[Patient, Encounter, Visit]]:
    chance, people = hospital.chance, list(hospital.patients.current.values())
    providers = list(hospital.providers.current.values())
    ages = [chance.below(HISTORY_DAYS) for _ in range(VISITS_PER_PATIENT * len(people))]
    visits = []
    for age in sorted(ages, reverse=True):
        patient, day = chance.choice(people), hospital.today - timedelta(days=age)
        provider, procedure = chance.choice(providers), chance.choice(procedures)
        visits.append((patient, *new_encounter(hospital, patient, provider, procedure, day)))
    return visits


def _open_account(
    hospital: Hospital, patient: Patient, encounter: Encounter, visit: Visit,
    procedures: Sequence[str],
) -> Account:  # fmt: skip
    charge = new_charge(hospital, patient, encounter, visit, hospital.chance.choice(procedures))
    return Account(charge, hospital.local_date(charge.inserted_at))


def _live(hospital: Hospital, account: Account) -> None:
    """Takes every step that was due until today."""
    if not is_insured(account.charge.payer_id):
        _bill_the_patient(hospital, account)
    elif not hospital.chance.happens(NEVER_CLAIMED_RATE):
        sent = account.posted + timedelta(days=hospital.chance.between(1, 11))
        if sent <= hospital.today:
            _claim(hospital, account, sent)


def _bill_the_patient(hospital: Hospital, account: Account) -> None:
    chance, charge = hospital.chance, account.charge
    due = account.posted + timedelta(days=chance.below(60))
    if chance.happens(PATIENT_PAYS_RATE) and due <= hospital.today:
        amount = charge.amount * chance.choice(SELF_PAY_PERCENTS) // 100
        account.charge, account.changed = billing.patient_pays(charge, amount, due), due
        return
    given_up = account.posted + timedelta(days=chance.between(120, 200))
    if given_up <= hospital.today and chance.happens(OLD_SELF_PAY_WRITTEN_OFF_RATE):
        account.charge, account.changed = billing.write_off(charge, given_up), given_up


def _claim(hospital: Hospital, account: Account, sent: date) -> None:
    chance = hospital.chance
    claim_id = hospital.next_id("CLAIM")
    claim = billing.submit(account.charge, claim_id, hospital.claim_entered(sent).at, sent)
    account.charge, account.changed = account.charge._replace(claim_id=claim_id), sent
    sent_claim = SentClaim(claim)
    account.claims.append(sent_claim)
    decided = sent + timedelta(days=chance.around(PAYERS[claim.payer_id].decision_days, 0.6))
    if decided > hospital.today:
        return
    sent_claim.changed = decided
    if billing.is_refused(claim, chance):
        sent_claim.claim = billing.refuse(claim, decided, chance)
        _work_the_denial(hospital, account, decided)
    else:
        sent_claim.claim = billing.approve(claim, decided, chance)
        _collect(hospital, account, sent_claim, decided)


def _work_the_denial(hospital: Hospital, account: Account, decided: date) -> None:
    chance = hospital.chance
    again = decided + timedelta(days=chance.between(7, 30))
    given_up = decided + timedelta(days=chance.between(45, 120))
    if len(account.claims) == 1 and chance.happens(RESUBMITTED_RATE):
        if again <= hospital.today:
            _claim(hospital, account, again)
    elif chance.happens(DENIAL_WRITTEN_OFF_RATE) and given_up <= hospital.today:
        account.charge = billing.write_off(account.charge, given_up)
        account.changed = given_up


def _collect(hospital: Hospital, account: Account, sent: SentClaim, decided: date) -> None:
    chance = hospital.chance
    paid = decided + timedelta(days=chance.choice(PAYMENT_LAG_DAYS))
    if paid > hospital.today:
        return
    account.charge, sent.claim = billing.pay(account.charge, sent.claim, paid)
    account.changed = sent.changed = paid
    due = paid + timedelta(days=chance.between(5, 60))
    owed = account.charge.open_amount
    if owed and due <= hospital.today and chance.happens(PATIENT_PAYS_RATE):
        amount = owed if chance.happens(PAID_IN_FULL_RATE) else (owed + 1) // 2
        account.charge = billing.patient_pays(account.charge, amount, due)
        account.changed = due
