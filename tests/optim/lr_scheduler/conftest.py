"""What a comparison with torch covered is told at the end of the run."""

from __future__ import annotations


def pytest_terminal_summary(terminalreporter):
    for report in terminalreporter.stats.get("passed", []):
        for name, value in getattr(report, "user_properties", []):
            if name == "compared with torch" and report.when == "call":
                terminalreporter.write_line(f"{name}: {value}")
