"""The formula that fills every parameter, buffer and input, so that none need be stored; formula.ts computes the same numbers bit by bit."""
import numpy as np

INPUT = 0xFFFF
"""The tensor number of the first input picture; others follow it."""


def uniform(tensor, count):
    """`count` values in [-1, 1) for the tensor of that number: the top 24 bits of a hash of (tensor, element), so exact in float32."""
    with np.errstate(over="ignore"):
        x = np.arange(count, dtype=np.uint32) + np.uint32(tensor) * np.uint32(0x9E3779B1)
        # The finaliser of MurmurHash3 (Appleby, public domain), twice, since element numbers are neighbours.
        for _ in range(2):
            x = (x ^ (x >> np.uint32(16))) * np.uint32(0x85EBCA6B)
            x = (x ^ (x >> np.uint32(13))) * np.uint32(0xC2B2AE35)
            x = x ^ (x >> np.uint32(16))
    return (x >> np.uint32(8)).astype(np.float64) / 2**23 - 1


def fill(tensor, shape, scale, offset):
    """float32 of that shape: uniform · scale + offset in double precision, rounded once."""
    count = int(np.prod(shape, dtype=np.int64))
    return (uniform(tensor, count) * np.float64(scale) + np.float64(offset)).astype(np.float32).reshape(shape)
