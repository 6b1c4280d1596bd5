"""What happens on one business date after the first: the changes a daily load has to bring.

A record changes at most once a day, so the state at the end of the day shows every change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from simulator import billing
from simulator.care import (
    CHARGES_PER_VISIT,
    choose_payer,
    is_insured,
    new_charge,
    new_encounter,
    new_patient,
)
from simulator.clock import Stamp
from simulator.history import HISTORY_DAYS
from simulator.hospital import Hospital
from simulator.model import Claim, Patient, Transaction
from simulator.planting import hold_transaction

DECISION_AFTER_DAYS = 3
PAID_AT_ONCE_RATE = 0.6
REFUSED = frozenset({"Denied", "Rejected"})


@dataclass(frozen=True)
class Pace:
    """The share of the records that something happens to on a day; at least one each."""

    new_patients: float = 0.001
    changed_patients: float = 0.002
    touched_patients: float = 0.001
    visits: float = 1 / HISTORY_DAYS
    claims_sent: float = 0.08
    claims_decided: float = 0.05
    approved_claims_paid: float = 0.15
    patient_payments: float = 0.005
    write_offs: float = 0.005
    corrections: float = 0.0005
    touched_transactions: float = 0.0005
    touched_claims: float = 0.0002


class Day:
    """One hospital's business date: the charges and claims that may still change today."""

    def __init__(self, hospital: Hospital, procedures: Sequence[str], pace: Pace) -> None:
        self.hospital = hospital
        self.chance = hospital.chance
        self.procedures = procedures
        self.pace = pace
        changeable = hospital.transactions.changeable(hospital.day)
        self.charges = {charge.transaction_id: charge for charge in changeable}
        self.claims = hospital.claims.changeable(hospital.day)

    def live(self) -> None:
        """Lets everything of the day happen."""
        self._change_patients()
        self._change_staff_and_encounters()
        self._decide_claims()
        self._pay_approved_claims()
        self._send_claims()
        self._settle_with_patients()
        self._correct_and_touch()
        self._see_patients()

    def _change_patients(self) -> None:
        hospital = self.hospital
        people = hospital.patients.changeable(hospital.day)
        changed = self.chance.share(people, self.pace.changed_patients, least=len(_MOVES))
        for number, person in enumerate(changed):
            self._change("patients", _MOVES[number % len(_MOVES)](hospital, person))
        still = hospital.patients.changeable(hospital.day)
        for person in self.chance.share(still, self.pace.touched_patients, least=1):
            self._touch("patients", person)
        for _ in range(max(1, round(len(people) * self.pace.new_patients))):
            hospital.write("patients", new_patient(hospital), hospital.entered(hospital.today))
            hospital.record("patients_new")

    def _change_staff_and_encounters(self) -> None:
        hospital = self.hospital
        provider = self.chance.choice(list(hospital.providers.current.values()))
        others = [
            department
            for department in hospital.departments.current
            if department != provider.department_id
        ]
        self._change("providers", provider._replace(department_id=self.chance.choice(others)))
        corrected, touched = self.chance.sample(hospital.encounters.changeable(hospital.day), 2)
        procedures = [code for code in self.procedures if code != corrected.procedure_code]
        self._change(
            "encounters", corrected._replace(procedure_code=self.chance.choice(procedures))
        )
        self._touch("encounters", touched)

    def _decide_claims(self) -> None:
        today = self.hospital.today
        latest = today - timedelta(days=DECISION_AFTER_DAYS)
        pending = [
            claim
            for claim in self.claims
            if claim.claim_status == "Pending" and claim.claim_date <= latest
        ]
        for claim in self.chance.share(pending, self.pace.claims_decided, least=1):
            if billing.is_refused(claim, self.chance):
                self._change("claims", billing.refuse(claim, today, self.chance))
                continue
            approved = billing.approve(claim, today, self.chance)
            if self.chance.happens(PAID_AT_ONCE_RATE):
                self._pay(approved)
            else:
                self._change("claims", approved)

    def _pay_approved_claims(self) -> None:
        approved = [
            claim
            for claim in self.claims
            if claim.claim_status == "Approved" and claim.transaction_id in self.charges
        ]
        for claim in self.chance.share(approved, self.pace.approved_claims_paid, least=1):
            self._pay(claim)

    def _pay(self, approved: Claim) -> None:
        charge = self.charges.pop(approved.transaction_id, None)
        if charge is None:
            self._change("claims", approved)
            return
        posted, paid = billing.pay(charge, approved, self.hospital.today)
        self._change("transactions", posted)
        self._change("claims", paid)
        self.hospital.record("late_payments")

    def _send_claims(self) -> None:
        hospital = self.hospital
        unbilled = [
            charge
            for charge in self.charges.values()
            if charge.claim_id is None and is_insured(charge.payer_id)
        ]
        for charge in self.chance.share(unbilled, self.pace.claims_sent, least=1):
            stamp = hospital.claim_entered(hospital.today)
            claim = billing.submit(charge, hospital.next_id("CLAIM"), stamp.at, stamp.date)
            hospital.write("claims", claim, stamp)
            hospital.record("claims_new")
            self._change_charge(charge._replace(claim_id=claim.claim_id))

    def _settle_with_patients(self) -> None:
        today = self.hospital.today
        owing = [
            charge
            for charge in self.charges.values()
            if charge.open_amount > 0 and (charge.paid_amount or not is_insured(charge.payer_id))
        ]
        for charge in self.chance.share(owing, self.pace.patient_payments, least=1):
            self._change_charge(billing.patient_pays(charge, charge.open_amount, today))
        claims = self.hospital.claims.current.values()
        alive = {claim.transaction_id for claim in claims if claim.claim_status not in REFUSED}
        lost = [
            charge
            for key, charge in self.charges.items()
            if charge.claim_id and key not in alive and charge.open_amount == charge.amount
        ]
        for charge in self.chance.share(lost, self.pace.write_offs, least=1):
            self._change_charge(billing.write_off(charge, today))

    def _correct_and_touch(self) -> None:
        unbilled = [
            charge
            for charge in self.charges.values()
            if charge.claim_id is None and charge.settled_amount == 0
        ]
        for charge in self.chance.share(unbilled, self.pace.corrections, least=1):
            amount = charge.amount + self.chance.choice((-500, 250, 1_999, 10_000))
            self._change_charge(charge._replace(amount=amount))
            self.hospital.record("transactions_corrected")
        charges = list(self.charges.values())
        for charge in self.chance.share(charges, self.pace.touched_transactions, least=1):
            self._touch("transactions", self.charges.pop(charge.transaction_id))
        claims = [claim for claim in self.claims if self._is_unchanged_claim(claim)]
        for claim in self.chance.share(claims, self.pace.touched_claims, least=1):
            self._touch("claims", claim)

    def _see_patients(self) -> None:
        hospital, posted = self.hospital, []
        people = list(hospital.patients.current.values())
        providers = list(hospital.providers.current.values())
        visits = round(2 * len(people) * self.pace.visits)
        for _ in range(max(2, visits)):
            patient, provider = self.chance.choice(people), self.chance.choice(providers)
            procedure = self.chance.choice(self.procedures)
            encounter, visit = new_encounter(hospital, patient, provider, procedure, hospital.today)
            hospital.write("encounters", encounter, Stamp(hospital.today, encounter.inserted_at))
            for _ in range(self.chance.pick(CHARGES_PER_VISIT)):
                code = self.chance.choice(self.procedures)
                posted.append(new_charge(hospital, patient, encounter, visit, code))
        hospital.record("encounters_new", max(2, visits))
        self._post(posted)

    def _post(self, charges: Sequence[Transaction]) -> None:
        """Writes the day's charges: the first must be quarantined and the last comes twice."""
        hospital = self.hospital
        hold_transaction(hospital, charges[0], hospital.today, "amount_negative")
        for charge in charges[1:]:
            stamp = Stamp(hospital.today, charge.inserted_at)
            hospital.write("transactions", charge, stamp)
        hospital.repeat("transactions", charges[-1].transaction_id)
        hospital.record("transactions_new", len(charges) - 1)

    def _is_unchanged_claim(self, claim: Claim) -> bool:
        return self.hospital.claims.rows[claim.claim_id].day < self.hospital.day

    def _change_charge(self, charge: Transaction) -> None:
        self.charges.pop(charge.transaction_id)
        self._change("transactions", charge)

    def _change(self, entity: str, truth: tuple[object, ...]) -> None:
        self.hospital.write(entity, truth, self.hospital.changed(entity))
        self.hospital.record(f"{entity}_changed")

    def _touch(self, entity: str, truth: tuple[object, ...]) -> None:
        """Moves only the watermark; the values are typed anew and mean the same."""
        self.hospital.write(entity, truth, self.hospital.changed(entity))
        self.hospital.record(f"{entity}_touched")


def _new_address(hospital: Hospital, person: Patient) -> Patient:
    return person._replace(address=hospital.values.address(), phone=hospital.values.phone())


def _new_insurance(hospital: Hospital, person: Patient) -> Patient:
    while (payer := choose_payer(hospital, person.birth_date)) == person.insurance_name:
        continue
    return person._replace(insurance_name=payer)


def _email_known_or_lost(hospital: Hospital, person: Patient) -> Patient:
    email = None if person.email else hospital.values.email(person.first_name, person.last_name)
    return person._replace(email=email)


_MOVES: tuple[Callable[[Hospital, Patient], Patient], ...] = (
    _new_address,
    _new_insurance,
    _email_known_or_lost,
)
