"""The kill test: faults at every durable step of a run, and a comparison with an undisturbed one."""
