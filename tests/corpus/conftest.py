"""The loops here are run by `passo doctor`, not by pytest."""

collect_ignore_glob = ["wrong/*.py", "right/*.py"]
