"""Texts that still wait for their row; the list only gets shorter."""

WITHOUT_A_ROW: set[str] = set()
