"""
Exports a small instance of every torchvision family to ONNX and writes what PyTorch says of it, for families.test.ts. Run by hand with
Debian 12's python3-torch 1.13, python3-torchvision 0.14 and python3-onnx 1.12:  /usr/bin/python3 test/families/export.py
"""
import argparse
import gzip
import io
import json
import pathlib
import warnings

import onnx
import torch
import torchvision

from calibrate import calibrate, picture
from externalise import Recipes, externalise
from instances import FAMILIES
from reference import BATCH, reference

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "fixtures" / "families"
EXPORTS = {
    # What torch.onnx.export does by default: constants folded, batch norms fused into the convolutions before them.
    "11": dict(opset_version=11),
    "13": dict(opset_version=13),
    "17": dict(opset_version=17),
    # Every parameter as it is: transposed, normalised and sliced by nodes of the graph.
    "17-unfolded": dict(opset_version=17, do_constant_folding=False, training=torch.onnx.TrainingMode.PRESERVE),
}


def value_names(proto, model, paths):
    """The value of each module: the one that a node of its scope makes and only nodes outside it read."""
    graph, outputs = proto.graph, {o.name for o in proto.graph.output}
    found = {}
    for path in paths:
        scope = "/" + "/".join(scopes(model, path)) + "/"
        inside = [node for node in graph.node if node.name.startswith(scope) and node.op_type != "Constant"]
        read_outside = outputs | {name for node in graph.node if not node.name.startswith(scope) for name in node.input}
        leaving = [name for node in inside for name in node.output if name in read_outside]
        if len(leaving) != 1:
            raise SystemExit(f"{path}: expected one value to leave the scope {scope}, received {leaving or 'none'} of {len(inside)} nodes")
        found[path] = leaving[0]
    return found


def scopes(model, path):
    """`layer1.0.conv1` → layer1, layer1.0, conv1: a numbered module goes by the name of its list too, and a list that nobody calls by none."""
    modules, parts, names = dict(model.named_modules()), path.split("."), []
    for end in range(1, len(parts) + 1):
        if isinstance(modules[".".join(parts[:end])], torch.nn.ModuleList):
            continue
        start = end - 1
        while parts[start].isdigit():
            start -= 1
        names.append(".".join(parts[start:end]))
    return names


def export(model, family, options):
    buffer = io.BytesIO()
    # Two operators that the exporter of 1.13 lacks: zeroing in place, which Swin v2 does to a key bias that is zero anyway (calibrate.py), and
    # einsum below operator set 12, which MaxViT does for matrix products.
    einsum, zero = torch.einsum, torch.Tensor.zero_
    torch.Tensor.zero_ = lambda self: self
    if options["opset_version"] < 12:
        torch.einsum = products
    dynamic = {"input": {axis: "NCHW"[axis] for axis in family.dynamic}, "logits": {0: "N"}}
    torch.onnx.export(
        model, picture(BATCH, family.size), buffer, input_names=["input"], output_names=["logits"], dynamic_axes=dynamic, **options
    )  # fmt: skip
    torch.einsum, torch.Tensor.zero_ = einsum, zero
    return onnx.load_from_string(buffer.getvalue())


def products(equation, a, b):
    """The two sums of MaxViT's attention as matrix products."""
    transposed = {"B G H I D, B G H J D -> B G H I J": True, "B G H I J, B G H J D -> B G H I D": False}[equation]
    return a @ (b.transpose(-2, -1) if transposed else b)


def make(name, family, folder):
    torch.manual_seed(0)
    model = family.build().eval()
    tensors = calibrate(model, family.size)
    recipes = Recipes(model, tensors)
    values = {}
    for variant, options in EXPORTS.items():
        proto = export(model, family, options)
        values[variant] = value_names(proto, model, family.layers)
        inline = externalise(proto, recipes)
        packed = gzip.compress(proto.SerializeToString(), mtime=0)
        (folder / f"{name}-{variant}.onnx.gz").write_bytes(packed)
        print(f"  {variant}: {len(proto.graph.node)} nodes, {inline} values inline, {len(packed)} bytes")
    number, layers = reference(model, family)
    for layer in layers:
        layer["values"] = {variant: names[layer["module"]] for variant, names in values.items()}
    about = f"torch {torch.__version__}, torchvision {torchvision.__version__}, onnx {onnx.__version__}; reference in float64; test/families/export.py"
    tensor_list = [{"name": t.name, "shape": t.shape, "scale": t.scale, "offset": t.offset} for t in tensors]
    document = {
        "about": about, "size": family.size, "batch": BATCH, "picture": number, "variants": list(EXPORTS), "weightsSha256": recipes.digest.hexdigest(),
        "tensors": tensor_list, "weights": recipes.list, "layers": layers,
    }  # fmt: skip
    (folder / f"{name}.json").write_text(text(document))


def text(document):
    """JSON with a line for each entry of a list, so that a change shows as one."""
    def line(value):
        return json.dumps(value, ensure_ascii=False)

    parts = [
        f'"{key}": ' + ("[\n" + ",\n".join(line(entry) for entry in value) + "\n]" if isinstance(value, list) else line(value))
        for key, value in document.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("family", nargs="*", help=f"all if left out: {', '.join(FAMILIES)}")
    parser.add_argument("--out", type=pathlib.Path, default=FOLDER, help="folder to write to (default: %(default)s)")
    arguments = parser.parse_args()
    unknown = set(arguments.family) - set(FAMILIES)
    if unknown:
        parser.error(f"expected families of the list, received {', '.join(sorted(unknown))}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    for name in arguments.family or FAMILIES:
        print(name, flush=True)
        make(name, FAMILIES[name], arguments.out)
