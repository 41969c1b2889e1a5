"""Fills a network by formula, with a scale for each tensor that keeps activations and gradients of every layer near one."""
import math
from typing import Dict, NamedTuple

import torch
from torch import nn

from formula import INPUT, fill


class Tensor(NamedTuple):
    """How the formula makes a tensor of the network; its number is its place in the list."""

    name: str
    shape: tuple
    scale: float
    offset: float


def picture(batch, size, number=INPUT):
    """An input, `[batch, 3, size, size]` in [-1, 1), by the number of its tensor."""
    return torch.from_numpy(fill(number, (batch, 3, size, size), 1, 0))


def first_guess(name, tensor, module):
    """Scale and offset before calibration: positive norms and variances, and weights that keep the variance of unit inputs."""
    last = name.split(".")[-1]
    if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm)):
        return {"weight": (0.25, 1.0), "bias": (0.25, 0.0), "running_mean": (0.25, 0.0), "running_var": (0.5, 1.0)}[last]
    if last == "layer_scale":
        return 0.25, 1.0
    if last == "logit_scale":
        return 0.5, 2.0
    if last in ("relative_position_bias_table", "pos_embedding", "class_token"):
        return 1.0, 0.0
    if tensor.dim() == 1:
        return 0.125, 0.0
    return rounded(math.sqrt(3 / (tensor.numel() / tensor.shape[0]))), 0.0


def rounded(scale):
    """Two digits: the same on any machine, and short."""
    return float(f"{scale:.2g}")


def calibrate(model: nn.Module, size: int):
    """
    Fills the parameters and running statistics of `model` in place and returns the list of Tensor. Convolutions and linear layers are scaled one
    after the other to outputs of about unit variance (Mishkin and Matas, All you need is a good init, 2016).
    """
    modules = dict(model.named_modules())
    tensors: Dict[str, Tensor] = {}
    storage = {}
    for name, value in model.state_dict(keep_vars=True).items():
        running = name.split(".")[-1] in ("running_mean", "running_var")
        if not running and not isinstance(value, nn.Parameter):
            continue
        storage[name] = value
        tensors[name] = Tensor(name, tuple(value.shape), *first_guess(name, value, modules[name.rpartition(".")[0]]))
        # Swin v2 sets the part of this bias that belongs to the keys to zero in each forward pass, which the exporter loses.
        if name.endswith(".qkv.bias") and hasattr(modules[name.removesuffix(".qkv.bias")], "logit_scale"):
            tensors[name] = tensors[name]._replace(scale=0.0)
    numbers = {name: number for number, name in enumerate(tensors)}

    def refill(name):
        entry = tensors[name]
        storage[name].data.copy_(torch.from_numpy(fill(numbers[name], entry.shape, entry.scale, entry.offset)))

    for name in tensors:
        refill(name)
    paths = {module: path for path, module in modules.items()}

    def scale_output(module, inputs, output):
        name = f"{paths[module]}.weight"
        tensors[name] = tensors[name]._replace(scale=rounded(tensors[name].scale / output.std().item()))
        refill(name)
        return module.forward(inputs[0])

    hooks = [module.register_forward_hook(scale_output) for module in modules.values() if type(module) in (nn.Conv2d, nn.Linear)]
    with torch.no_grad():
        model(picture(2, size))
    for hook in hooks:
        hook.remove()
    return list(tensors.values())
