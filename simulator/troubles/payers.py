"""Payers that a hospital begins to know."""

from __future__ import annotations

from simulator.contracts import Contracts
from simulator.hospital import Hospital
from simulator.model import Patient
from simulator.vocabulary import NEW_PAYER

COMES_ON_DAY = 1
INSURED_SHARE = 0.01


def new_payer_comes(hospital: Hospital, contracts: Contracts) -> list[Patient]:
    """Writes the first contract of a payer, and the patients whom it insures from today on.

    Returns the patients; none on any other day.
    """
    if hospital.day != COMES_ON_DAY or not hospital.trouble.happens(hospital.rates.new_payer):
        return []
    fees, all_terms = contracts.sign(NEW_PAYER, hospital.today)
    stamp = hospital.changed("fee_schedules")
    for fee in fees:
        hospital.write("fee_schedules", fee, stamp)
    for terms in all_terms:
        hospital.write("payer_terms", terms, stamp)
    known = hospital.patients.changeable(hospital.day)
    people = [
        person._replace(insurance_name=NEW_PAYER.name)
        for person in hospital.trouble.share(known, INSURED_SHARE, least=1)
    ]
    for person in people:
        hospital.write("patients", person, hospital.changed("patients"))
    hospital.record("payers_new")
    return people
