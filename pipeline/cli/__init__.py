"""The verbs of the `retention` command; the only package that prints. Start at `main`."""
