"""The mutants of a module: operators, what is left out and why, and which of them are tried."""
