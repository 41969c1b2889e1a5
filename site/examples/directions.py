"""A layer's directions and measures in NumPy: is a direction that is spread over more channels recognised less?

python3 directions.py https://atlas.example/an-atlas/a-layer/
"""

import hashlib
import io
import json
import sys
from urllib.request import urlopen

import numpy as np

page = sys.argv[1]
layer = json.load(urlopen(page + "layer.json"))
vectors = np.load(io.BytesIO(urlopen(page + "directions.npy").read()))  # [M,C], float32
print(f"{vectors.shape[0]} random directions of {vectors.shape[1]} channels, lengths within {abs(np.linalg.norm(vectors, axis=1) - 1).max():.1e} of one")

random = [unit for unit in layer["units"] if "vector_row" in unit and unit["measures"].get("natural_2afc") is not None]
spread = 1 / (vectors[[unit["vector_row"] for unit in random]] ** 4).sum(axis=1)
recognised = np.array([unit["measures"]["natural_2afc"] for unit in random])
print(f"correlation of spread and recognition: {np.corrcoef(spread, recognised)[0, 1]:+.2f}")

# Every vector is pinned by a hash, which the unit's own file names.
first = json.load(urlopen(page + random[0]["id"] + "/unit.json"))
assert hashlib.sha256(vectors[random[0]["vector_row"]].tobytes()).hexdigest() == first["direction"]["sha256"]
