"""`attach` and the `Scheduler` that it makes: a plan at work on an optimizer."""
