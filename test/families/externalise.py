"""Takes the weights out of an exported ONNX model: each becomes external data that a recipe over the formula's tensors makes again."""
import hashlib

import numpy as np
import onnx
from onnx import numpy_helper

from formula import fill

LOCATION = "weights.bin"
SMALLEST = 8
"""Values below which a tensor stays in the file."""


class Recipes:
    """The recipes of one network, in the order in which their values stand in its weights.bin."""

    def __init__(self, model, tensors):
        self.values = {t.name: fill(number, t.shape, t.scale, t.offset) for number, t in enumerate(tensors)}
        self.numbers = {t.name: number for number, t in enumerate(tensors)}
        self.candidates = list(self._candidates(model))
        self.list, self.offsets, self.end, self.digest = [], {}, 0, hashlib.sha256()

    def _candidates(self, model):
        """(recipe, value): a tensor as it is, a matrix turned round, and what the exporter makes of a convolution and the batch norm after it."""
        for name, value in self.values.items():
            yield {"kind": "plain", "tensor": self.numbers[name]}, value
            if value.ndim == 2:
                yield {"kind": "transposed", "tensor": self.numbers[name]}, np.ascontiguousarray(value.T)
        norms = [(path, m.eps) for path, m in model.named_modules() if type(m).__name__ == "BatchNorm2d"]
        for name, weight in self.values.items():
            if weight.ndim != 4:
                continue
            bias = self.values.get(name[: -len("weight")] + "bias", np.zeros(1))
            for path, eps in norms:
                parts = [f"{path}.{part}" for part in ("weight", "bias", "running_mean", "running_var")]
                gamma, beta, mean, var = (self.values[part].astype(np.float64) for part in parts)
                if len(gamma) != len(weight):
                    continue
                recipe = {"tensor": self.numbers[name], "norm": [self.numbers[part] for part in parts], "epsilon": eps}
                factor = gamma / np.sqrt(var + eps)
                yield {"kind": "fused weight", **recipe}, weight * factor[:, None, None, None]
                fused = {"kind": "fused bias", **recipe}
                if len(bias) > 1:
                    fused["bias"] = self.numbers[name[: -len("weight")] + "bias"]
                yield fused, (bias - mean) * factor + beta

    def find(self, array):
        for recipe, value in self.candidates:
            if value.shape == array.shape and np.allclose(value, array, rtol=1e-5, atol=1e-7):
                return recipe, value.astype("<f4")
        return None, None

    def place(self, recipe, value):
        """The offset in bytes of a recipe's values in weights.bin."""
        key = str(sorted(recipe.items()))
        if key not in self.offsets:
            self.offsets[key] = self.end
            self.list.append({**recipe, "shape": list(value.shape)})
            self.end += value.nbytes
            self.digest.update(value.tobytes())
        return self.offsets[key]


def externalise(proto: onnx.ModelProto, recipes: Recipes):
    """Replaces in place what a recipe makes, in initialisers and in Constant nodes; returns how many values stay in the file."""
    inline = 0
    holders = list(proto.graph.initializer) + [a.t for n in proto.graph.node if n.op_type == "Constant" for a in n.attribute if a.name == "value"]
    for tensor in holders:
        array = numpy_helper.to_array(tensor)
        recipe, value = recipes.find(array) if array.dtype == np.float32 and array.size >= SMALLEST else (None, None)
        if recipe is None:
            inline += array.size
            if array.size > 4096:
                print(f"    {tensor.name} {array.dtype}{list(array.shape)} stays in the file")
            continue
        offset = recipes.place(recipe, value)
        tensor.ClearField("raw_data")
        tensor.ClearField("float_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        for key, value in (("location", LOCATION), ("offset", offset), ("length", array.size * 4)):
            tensor.external_data.add(key=key, value=str(value))
    return inline
