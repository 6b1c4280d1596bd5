"""The one-shot run and its report."""
