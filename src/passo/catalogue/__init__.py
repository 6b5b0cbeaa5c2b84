"""The catalogue: what published schedules are called, and what they are here."""
