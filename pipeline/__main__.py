"""`python -m pipeline` is the `retention` command."""

from pipeline.cli.main import main

main()
