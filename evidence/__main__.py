"""Make the evidence and its page: `python -m evidence`, or `make evidence`.

    python -m evidence                 every claim, as far as it is not made yet, and the page
    python -m evidence decay warmup    these claims, and the page
    python -m evidence --page          the page alone, of what is stored

It may be killed at any time, and goes on where it was; when all is made, it does nothing.
"""

from __future__ import annotations

import argparse
from time import perf_counter

from evidence.frame.arms import FULL
from evidence.frame.claims import claims
from evidence.frame.crew import Crew
from evidence.frame.making import make
from evidence.page import write


def main() -> None:
    """Make what is missing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="CLAIM", help=", ".join(claims()))
    parser.add_argument("--page", action="store_true", help="make no training")
    parser.add_argument("--processes", type=int, default=2, help="trainings at a time")
    told = parser.parse_args()
    unknown = sorted(set(told.names) - set(claims()))
    if unknown:
        parser.error(f"no claim is called {unknown[0]!r}; there are {', '.join(claims())}")
    begin, count = perf_counter(), 0
    with Crew(told.processes) as crew:
        for name in [] if told.page else told.names or claims():
            count += make(claims()[name], FULL, crew.trained)
    changed = write()
    print(
        f"{count} trainings in {perf_counter() - begin:.0f} s; {changed} files of the page changed"
    )


if __name__ == "__main__":
    main()
