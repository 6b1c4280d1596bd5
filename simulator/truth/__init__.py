"""What must be published, counted from the simulator's own records and from nothing else.

Plain Python, one record after the other, in whole cents: it shares no code with the pipeline, so
that their agreement means something. A `..._tables` module holds gold tables, the others what they
are counted from.
"""
