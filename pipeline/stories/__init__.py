"""Stories: the real job on a log with a clock of its own, played to its end and compared."""
