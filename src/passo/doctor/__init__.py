"""The doctor: what is wrong with a training run, read from its trace or its plan."""

from passo.doctor.check import check
from passo.doctor.diagnosis import compare_ranks, diagnose
from passo.doctor.finding import DoctorWarning, Finding
from passo.doctor.live import live

__all__ = ["DoctorWarning", "Finding", "check", "compare_ranks", "diagnose", "live"]
