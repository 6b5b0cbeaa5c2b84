"""`python -m passo` is the command line."""

from passo.cli import main

main()
