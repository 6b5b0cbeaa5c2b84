"""The rows, one file for each room."""
