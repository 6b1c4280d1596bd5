"""The kill test: faults at every durable step, and the comparison with an undisturbed run."""
