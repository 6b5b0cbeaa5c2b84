"""The doctor: what is wrong with a training run, read from its trace or its plan."""

from passo.doctor.diagnosis import compare_ranks, diagnose
from passo.doctor.finding import DoctorWarning, Finding

__all__ = ["DoctorWarning", "Finding", "compare_ranks", "diagnose"]
