"""One file for each other library: its schedules, its names, its arguments, its slips."""
