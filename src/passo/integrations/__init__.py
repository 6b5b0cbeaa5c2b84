"""What passo is beside other programs: trainers, and the loggers that show what was used."""
