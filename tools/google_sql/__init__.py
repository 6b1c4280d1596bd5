"""Google's own parser, resolver and evaluator of GoogleSQL, beside the emulator."""
