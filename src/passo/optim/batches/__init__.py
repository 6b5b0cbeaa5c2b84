"""Batches whose size follows a plan: `RampedBatchSampler`."""

from passo.optim.batches.sampler import RampedBatchSampler as RampedBatchSampler
