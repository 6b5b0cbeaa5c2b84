"""Advice that was tried: each text of passo that says what to write has a row that does it."""
