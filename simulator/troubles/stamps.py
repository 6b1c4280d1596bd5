"""Times of change that do not say when a row changed."""

from __future__ import annotations

from datetime import timedelta

from simulator.clock import afternoon
from simulator.hospital import Hospital

SET_BACK = timedelta(days=365)


def set_stamps_back(hospital: Hospital) -> None:
    """Has patients move whose rows then say that they changed a year before."""
    for person in hospital.patients.changeable(hospital.day):
        if hospital.trouble.happens(hospital.rates.stamp_set_back):
            moved = person._replace(address=hospital.values.address())
            day = hospital.today - SET_BACK
            stamp = afternoon(hospital.trouble, day, hospital.zone("patients"))
            hospital.overlook("patients", moved, stamp)
