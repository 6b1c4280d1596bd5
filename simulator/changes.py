"""What happens on one business date after the first: the changes a daily load has to bring.

A record changes at most once a day, so the state at the end of the day shows every change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulator.account import Account
from simulator.care import choose_payer, new_encounter, new_patient
from simulator.clock import Stamp
from simulator.history import HISTORY_DAYS, VISITS_PER_PATIENT
from simulator.hospital import Hospital
from simulator.lifecycle import DAILY
from simulator.model import Patient
from simulator.planting import hold_charge
from simulator.troubles.journal import catch_up, delete_charges
from simulator.troubles.payers import new_payer_comes
from simulator.troubles.stamps import set_stamps_back
from simulator.visits import Visits
from simulator.writing import write_account


@dataclass(frozen=True)
class Pace:
    """The share of the records that something happens to on a day; at least one each.

    What happens to accounts on a day was planned by what happened to them before.
    """

    new_patients: float = 0.001
    changed_patients: float = 0.002
    touched_patients: float = 0.001
    visits: float = VISITS_PER_PATIENT / HISTORY_DAYS
    corrections: float = 0.0005
    touched_transactions: float = 0.0005
    touched_claims: float = 0.0002


class Day:
    """One hospital's business date."""

    def __init__(
        self, hospital: Hospital, visits: Visits, procedures: Sequence[str], pace: Pace
    ) -> None:
        self.hospital = hospital
        self.office = visits.office
        self.visits = visits
        self.chance = hospital.chance
        self.procedures = procedures
        self.pace = pace

    def live(self) -> None:
        """Lets everything of the day happen."""
        newly_insured = new_payer_comes(self.hospital, self.office.contracts)
        self._change_patients()
        self._change_staff_and_encounters()
        for account in catch_up(self.hospital):
            self.office.touch(account)
        self.office.hasten(self.hospital.today, *DAILY)
        self._see_patients(newly_insured)
        self.office.live(self.hospital.today)
        self._correct_charges()
        delete_charges(self.hospital, self._quiet())
        self._write_accounts()
        self._touch_charges_and_claims()

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
        set_stamps_back(hospital)

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

    def _see_patients(self, expected: Sequence[Patient]) -> None:
        """People come, first those expected; the first has something done that is entered now."""
        hospital = self.hospital
        people = list(hospital.patients.current.values())
        providers = list(hospital.providers.current.values())
        count = max(2, len(expected), round(len(people) * self.pace.visits))
        for number in range(count):
            patient, provider = self.chance.choice(people), self.chance.choice(providers)
            if number < len(expected):
                patient = expected[number]
            procedure = self.chance.choice(self.procedures)
            encounter, visit = new_encounter(hospital, patient, provider, procedure, hospital.today)
            hospital.write("encounters", encounter, Stamp(hospital.today, encounter.inserted_at))
            self.visits.plan_charges(patient, encounter, visit, self.procedures)
            if number == 0:
                self.visits.plan_entry(patient, encounter, visit, procedure, hospital.today)
        hospital.record("encounters_new", count)

    def _correct_charges(self) -> None:
        unbilled = [
            account for account in self._quiet() if account.charge.billed_date is None
            and account.paid_date is None
        ]  # fmt: skip
        for account in self.chance.share(unbilled, self.pace.corrections, least=1):
            amount = account.charge.amount + self.chance.choice((-500, 250, 1_999, 10_000))
            corrected = account.charge._replace(amount=amount)
            account.change_charge(corrected, self.hospital.today)
            self.office.touch(account)
            self.hospital.record("transactions_corrected")

    def _write_accounts(self) -> None:
        """Writes what happened; of the new charges, one was mistyped first and one comes twice."""
        hospital, office = self.hospital, self.office
        accounts = office.take_touched()
        entered = [account.charge for account in accounts if account.entered == hospital.today]
        if hospital.rates.negative_amount:
            mistyped = entered[0]._replace(transaction_id=hospital.next_id("TRANS"))
            hold_charge(hospital, mistyped, hospital.today, "amount_negative")
        for account in accounts:
            self._record(account)
            write_account(hospital, account)
        if hospital.rates.repeated_transaction:
            hospital.repeat("transactions", entered[-1].transaction_id)

    def _record(self, account: Account) -> None:
        hospital, news = self.hospital, account.news
        if news.has_charge:
            is_new = account.entered == hospital.today
            hospital.record("transactions_new" if is_new else "transactions_changed")
        for _, changed in news.claims.values():
            hospital.record("claims_changed" if changed else "claims_new")
        for posting in news.postings:
            hospital.record(f"postings_{posting.posting_kind}")

    def _touch_charges_and_claims(self) -> None:
        """Moves the watermarks of some records that nothing happened to."""
        hospital = self.hospital
        charges = hospital.transactions.changeable(hospital.day)
        for charge in self.chance.share(charges, self.pace.touched_transactions, least=1):
            if charge.transaction_id not in hospital.in_flight:
                self._touch("transactions", charge)
        claims = hospital.claims.changeable(hospital.day)
        for claim in self.chance.share(claims, self.pace.touched_claims, least=1):
            self._touch("claims", claim)

    def _quiet(self) -> list[Account]:
        """The accounts that nothing happened to today."""
        office = self.office
        return [
            account
            for account in office.accounts.values()
            if not account.is_closed and not office.is_touched(account)
        ]

    def _change(self, entity: str, truth: tuple[object, ...]) -> None:
        self.hospital.write(entity, truth, self.hospital.changed(entity))
        self.hospital.record(f"{entity}_changed")

    def _touch(self, entity: str, truth: tuple[object, ...]) -> None:
        """Moves only the watermark; the values are typed again and mean the same."""
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
