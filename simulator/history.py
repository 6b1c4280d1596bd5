"""The months before the first business date: visits, charges and what became of them so far."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from simulator.care import new_encounter
from simulator.defects import DefectRates
from simulator.hospital import Hospital
from simulator.model import Encounter
from simulator.office import Office
from simulator.planting import write_accounts, write_encounters
from simulator.visits import Visits

HISTORY_DAYS = 425
VISITS_PER_PATIENT = 2


def write_history(
    hospital: Hospital, office: Office, procedures: Sequence[str], rates: DefectRates
) -> None:
    """Lives through the months that led to the first business date and writes what is left."""
    chance, people = hospital.chance, list(hospital.patients.current.values())
    providers = list(hospital.providers.current.values())
    visits = Visits(office, rates)
    ages = [chance.below(HISTORY_DAYS) for _ in range(VISITS_PER_PATIENT * len(people))]
    encounters: list[Encounter] = []
    visits_by_age = [ages.count(age) for age in range(HISTORY_DAYS)]
    for age in reversed(range(HISTORY_DAYS)):
        day = hospital.today - timedelta(days=age)
        for _ in range(visits_by_age[age]):
            patient, provider = chance.choice(people), chance.choice(providers)
            encounter, visit = new_encounter(
                hospital, patient, provider, chance.choice(procedures), day
            )
            encounters.append(encounter)
            visits.plan_charges(patient, encounter, visit, procedures)
        office.live(day)
    write_encounters(hospital, encounters, rates)
    write_accounts(office, rates)
