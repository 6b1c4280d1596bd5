"""The sources that come with the project: the dictionary and the tests know these and no others."""

from __future__ import annotations

SHIPPED = ("hospital_a", "hospital_b", "payer_claims", "reference_codes")
