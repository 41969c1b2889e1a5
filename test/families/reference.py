"""What PyTorch says of an instance: activations, scores and input gradients of a few layers, for a picture by formula."""
import copy

import numpy as np
import torch

from calibrate import picture
from formula import INPUT, uniform

BATCH = 2
SAMPLES, SAMPLE_POSITIONS = 64, 0xFFFE
PROJECTIONS, PROJECTION_TENSORS = 4, 0xFF00


def tap(model, family, x):
    """The outputs of the family's layers for the input x, by path."""
    taps, modules = {}, dict(model.named_modules())
    hooks = [modules[path].register_forward_hook(lambda m, i, o, path=path: taps.__setitem__(path, o.clone())) for path in family.layers]
    model(x)
    for hook in hooks:
        hook.remove()
    return taps


def channels_first(value, layout):
    """The value as [N, C, positions]."""
    value = value.permute({"NCHW": (0, 1, 2, 3), "NHWC": (0, 3, 1, 2), "NLC": (0, 2, 1), "NC": (0, 1)}[layout])
    return value.reshape(*value.shape[:2], -1)


def nudged(model, seed):
    """The model with every parameter changed by a part in a million or so: about what rounding in another order does, on another machine."""
    model, generator = copy.deepcopy(model).double(), torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.data *= 1 + 1e-6 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
    return model


def reference(model, family):
    """
    The number of a picture, and layer by layer, in double precision: activations, and score and input gradient of two channels. The
    picture is the first of which no unit stands so near a kink that rounding decides on which side it is: no two computations would agree.
    """
    for number in range(INPUT, INPUT + 20):
        layers = reference_of(model, family, number)
        if layers:
            return number, layers
    raise SystemExit("every picture has a unit at a kink; take another size or width")


def reference_of(model, family, number):
    runs = []
    for other in [copy.deepcopy(model).double(), model, *(nudged(model, seed) for seed in range(3))]:
        x = picture(BATCH, family.size, number).to(next(other.parameters()).dtype).requires_grad_()
        runs.append((x, tap(other, family, x)))
    layers = []
    for path, layout in family.layers.items():
        values = [channels_first(taps[path], layout) for _, taps in runs]
        means = [value.mean(2) for value in values]
        count, gradients = means[0].shape[1], []
        for channel in dict.fromkeys([count // 3, count - 1, *range(count)]):
            exact, *others = (torch.autograd.grad(m[:, channel].sum(), x, retain_graph=True)[0].double() for m, (x, _) in zip(means, runs))
            if exact.abs().amax((1, 2, 3)).min() < 1e-6:
                continue
            if any((exact - other).abs().max() > 1e-4 * exact.abs().max() for other in others):
                return None
            gradients.append({"channel": channel, "score": digits(means[0][:, channel].detach()), **described(exact)})
            if len(gradients) == 2:
                break
        assert len(gradients) == 2, f"{path}: the input reaches fewer than two channels"
        shape = list(runs[0][1][path].shape)
        print(f"    {path} {layout}{shape} std {values[0].std().item():.3g}, gradient max {[g['max'] for g in gradients]}")
        activations = {**described(values[0].detach()), "channelMeans": digits(means[0].detach())}
        layers.append({"module": path, "layout": layout, "shape": shape, "activations": activations, "gradients": gradients})
    return layers


def described(values):
    """A few figures that hold a tensor to its values: length, largest magnitude, some values, and projections that all values have a part in."""
    values = values.numpy().ravel()
    positions = np.floor((uniform(SAMPLE_POSITIONS, SAMPLES) + 1) / 2 * values.size).astype(np.int64)
    return {
        "l2": digits(np.linalg.norm(values)),
        "max": digits(np.abs(values).max()),
        "samples": digits(values[positions]),
        "projections": digits([values @ uniform(PROJECTION_TENSORS + i, values.size) for i in range(PROJECTIONS)]),
    }


def digits(values):
    """Six significant digits of a number or of every number of an array."""
    values = np.asarray(values)
    return float(f"{values:.6g}") if values.ndim == 0 else [digits(value) for value in values]
