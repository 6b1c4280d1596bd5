"""What sources and payers do beyond the plain way of a claim, a module for each place.

A trouble is a rate in `simulator.defects.DefectRates`, a row of `docs/troubles.md` and a function
here. Their choices come from a stream of their own.
"""
