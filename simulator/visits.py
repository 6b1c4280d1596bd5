"""From a visit to its charges: what is done for the patient is entered some days after it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial

from simulator.care import CHARGES_PER_VISIT, POSTING_LAG_DAYS, new_charge
from simulator.cycle import Leaks, enter
from simulator.defects import DefectRates
from simulator.model import Encounter, Patient
from simulator.office import Office
from simulator.vocabulary import Visit


class Visits:
    """Plans the charges of visits in a hospital's billing office."""

    def __init__(self, office: Office, rates: DefectRates) -> None:
        self.office = office
        self._chance = office.chance
        self._forgotten_rate = rates.encounter_without_charge
        self._leaks = Leaks.at(rates)

    def plan_charges(
        self, patient: Patient, encounter: Encounter, visit: Visit, procedures: Sequence[str]
    ) -> None:
        """Plans when the charges of a visit are entered; now and then they are forgotten."""
        chance = self._chance
        if chance.happens(self._forgotten_rate):
            return
        for _ in range(chance.pick(CHARGES_PER_VISIT)):
            stay = chance.below(visit.longest_stay_days + 1)
            service = encounter.encounter_date + timedelta(days=stay)
            lag = chance.choice(POSTING_LAG_DAYS)
            self.plan_entry(patient, encounter, visit, chance.choice(procedures), service, lag)

    def plan_entry(
        self, patient: Patient, encounter: Encounter, visit: Visit, code: str, service: date,
        lag: int = 0,
    ) -> None:  # fmt: skip
        """Plans that the charge for a service is entered, so many days after it."""
        entry = partial(self._enter, patient, encounter, visit, code, service)
        self.office.plan_entry(service + timedelta(days=lag), entry)

    def _enter(
        self, patient: Patient, encounter: Encounter, visit: Visit, code: str, service: date
    ) -> None:
        office = self.office
        charge = new_charge(office.hospital, patient, encounter, visit, code, service, office.today)
        enter(office, charge, self._leaks)
