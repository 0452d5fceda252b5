"""`python -m services.cli`: the command line where its script is not installed."""

from services.cli import main

main()
