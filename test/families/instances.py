"""A small instance of every family of torchvision 0.14, through torchvision's own classes, and the layers that are compared in each."""
from functools import partial
from typing import Callable, Dict, NamedTuple, Tuple

from torch import nn
from torchvision.models import convnext, densenet, efficientnet, inception, maxvit, mnasnet, mobilenetv2, mobilenetv3
from torchvision.models import regnet, resnet, shufflenetv2, squeezenet, swin_transformer, vgg, vision_transformer
from torchvision.models.alexnet import AlexNet
from torchvision.models.googlenet import BasicConv2d, GoogLeNet, Inception, InceptionAux

CLASSES = 10


class Family(NamedTuple):
    build: Callable[[], nn.Module]
    size: int
    """Height and width of the input."""
    layers: Dict[str, str]
    """Path of a module → layout of its output: NCHW, NHWC, NLC (tokens) or NC."""
    dynamic: Tuple[int, ...] = (0, 2, 3)
    """Axes of the input that are exported as dynamic: the batch, and height and width where the class can be exported so."""


def layers(*paths, last="NC", layout="NCHW"):
    return {**{path: layout for path in paths[:-1]}, paths[-1]: last}


def narrow(conv):
    """The convolution block of an Inception at a quarter of its width; these classes have no parameter for it."""

    def block(in_channels, out_channels, **kwargs):
        return conv(in_channels if in_channels == 3 else in_channels // 4, out_channels // 4, **kwargs)

    return block


def build_alexnet():
    model = AlexNet(num_classes=CLASSES)
    # As the class has it but for the width of the classifier, 4096, which has no parameter and would make 50 million weights.
    model.classifier[1] = nn.Linear(256 * 6 * 6, 32)
    model.classifier[4] = nn.Linear(32, 32)
    model.classifier[6] = nn.Linear(32, CLASSES)
    return model


def build_vgg():
    model = vgg.VGG(vgg.make_layers([16, "M", 24, "M", 32, 32, "M"], batch_norm=True), num_classes=CLASSES, init_weights=False)
    model.classifier[0] = nn.Linear(32 * 7 * 7, 32)
    model.classifier[3] = nn.Linear(32, 32)
    model.classifier[6] = nn.Linear(32, CLASSES)
    return model


def build_googlenet():
    conv = narrow(BasicConv2d)
    blocks = [conv, partial(Inception, conv_block=conv), InceptionAux]
    model = GoogLeNet(num_classes=CLASSES, aux_logits=False, transform_input=True, init_weights=False, blocks=blocks)
    model.fc = nn.Linear(256, CLASSES)
    return model


def build_inception():
    conv = narrow(inception.BasicConv2d)
    kinds = [inception.InceptionA, inception.InceptionB, inception.InceptionC, inception.InceptionD, inception.InceptionE]
    blocks = [conv, *(partial(kind, conv_block=conv) for kind in kinds), inception.InceptionAux]
    model = inception.Inception3(num_classes=CLASSES, aux_logits=False, transform_input=True, init_weights=False, inception_blocks=blocks)
    model.fc = nn.Linear(512, CLASSES)
    return model


def build_efficientnet_v1():
    conf = efficientnet.MBConvConfig
    blocks = [conf(1, 3, 1, 8, 8, 1), conf(4, 3, 2, 8, 16, 2), conf(4, 5, 2, 16, 24, 2)]
    return efficientnet.EfficientNet(blocks, dropout=0.2, num_classes=CLASSES)


def build_efficientnet_v2():
    conf, fused = efficientnet.MBConvConfig, efficientnet.FusedMBConvConfig
    blocks = [fused(1, 3, 1, 8, 8, 1), fused(4, 3, 2, 8, 16, 2), conf(4, 3, 2, 16, 24, 2)]
    norm = partial(nn.BatchNorm2d, eps=1e-3)
    return efficientnet.EfficientNet(blocks, dropout=0.2, num_classes=CLASSES, norm_layer=norm, last_channel=64)


def build_mobilenet_v3():
    conf = partial(mobilenetv3.InvertedResidualConfig, dilation=1, width_mult=1)
    blocks = [conf(8, 3, 16, 8, True, "RE", 2), conf(8, 3, 24, 16, False, "RE", 2), conf(16, 5, 48, 16, True, "HS", 1), conf(16, 5, 48, 24, True, "HS", 2)]
    return mobilenetv3.MobileNetV3(blocks, last_channel=64, num_classes=CLASSES)


def build_regnet():
    params = regnet.BlockParams(
        depths=[1, 2, 1], widths=[16, 24, 32], group_widths=[8, 8, 8], bottleneck_multipliers=[1.0] * 3, strides=[2] * 3, se_ratio=0.25
    )
    return regnet.RegNet(params, num_classes=CLASSES, stem_width=8)


def build_wide_resnet():
    model = resnet.ResNet(resnet.Bottleneck, [1, 1, 1, 1], CLASSES, width_per_group=128)
    # Without its last stage, which would be 18 million weights more of the same.
    model.layer4 = nn.Identity()
    model.fc = nn.Linear(1024, CLASSES)
    return model


def build_convnext():
    conf = convnext.CNBlockConfig
    return convnext.ConvNeXt([conf(16, 24, 2), conf(24, 32, 1), conf(32, None, 1)], layer_scale=1, num_classes=CLASSES)


def build_maxvit():
    return maxvit.MaxVit(
        input_size=(64, 64), stem_channels=16, partition_size=4, block_channels=[16, 32], block_layers=[1, 1], head_dim=8,
        stochastic_depth_prob=0.2, num_classes=CLASSES,
    )  # fmt: skip


def build_swin(**kwargs):
    return swin_transformer.SwinTransformer(
        patch_size=[4, 4], embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=[4, 4], mlp_ratio=2.0, num_classes=CLASSES, **kwargs
    )


SWIN_LAYERS = {"features.0.0": "NCHW", "features.1.0": "NHWC", "features.1.1": "NHWC", "features.3.1": "NHWC", "head": "NC"}
RESNET_LAYERS = layers("relu", "layer1.0", "layer2.0", "layer4.0", "fc")
FAMILIES = {
    "alexnet": Family(build_alexnet, 224, layers("features.1", "features.7", "features.12", "classifier.6"), (0,)),
    "convnext": Family(build_convnext, 64, layers("features.0.0", "features.1.1", "features.3.0", "features.5.0", "classifier.2")),
    "densenet": Family(
        lambda: densenet.DenseNet(8, (2, 2, 2, 2), 16, num_classes=CLASSES),
        64, layers("features.relu0", "features.denseblock1.denselayer2.conv2", "features.transition2.conv", "features.norm5", "classifier"),
    ),
    "efficientnet-v1": Family(build_efficientnet_v1, 64, layers("features.0", "features.2.1", "features.3.1", "features.4", "classifier.1")),
    "efficientnet-v2": Family(build_efficientnet_v2, 64, layers("features.0", "features.2.1", "features.3.1", "features.4", "classifier.1")),
    "googlenet": Family(build_googlenet, 64, layers("conv1", "inception3b", "inception4c", "inception5b", "fc")),
    "inception-v3": Family(build_inception, 75, layers("Conv2d_2b_3x3", "Mixed_5d", "Mixed_6c", "Mixed_7c", "fc")),
    "maxvit": Family(
        build_maxvit, 64,
        {
            "stem.0": "NCHW", "blocks.0.layers.0.layers.MBconv": "NCHW", "blocks.0.layers.0.layers.window_attention.mlp_layer": "NHWC",
            "blocks.1.layers.0.layers.MBconv": "NCHW", "classifier.5": "NC",
        },
        (0,),
    ),
    "mnasnet": Family(lambda: mnasnet.MNASNet(0.2, num_classes=CLASSES), 64, layers("layers.2", "layers.8", "layers.11", "layers.16", "classifier.1")),
    "mobilenet-v2": Family(
        lambda: mobilenetv2.MobileNetV2(CLASSES, 0.25, [[1, 32, 1, 1], [6, 48, 2, 2], [6, 96, 2, 2]]),
        64, layers("features.0", "features.3", "features.5", "features.6", "classifier.1"),
    ),
    "mobilenet-v3": Family(build_mobilenet_v3, 64, layers("features.0", "features.2", "features.4", "features.5", "classifier.3")),
    "regnet": Family(build_regnet, 64, layers("stem", "trunk_output.block1", "trunk_output.block2.block2-1", "trunk_output.block3", "fc")),
    "resnet": Family(lambda: resnet.ResNet(resnet.BasicBlock, [1, 1, 1, 1], CLASSES, width_per_group=64), 64, RESNET_LAYERS),
    "resnext": Family(lambda: resnet.ResNet(resnet.Bottleneck, [1, 1, 1, 1], CLASSES, groups=4, width_per_group=4), 64, RESNET_LAYERS),
    "shufflenet-v2": Family(
        lambda: shufflenetv2.ShuffleNetV2([2, 2, 2], [8, 16, 24, 32, 48], CLASSES), 64, layers("conv1", "stage2.1.branch2", "stage3.1.branch2", "conv5", "fc")
    ),
    "squeezenet": Family(
        lambda: squeezenet.SqueezeNet("1_1", CLASSES), 64, layers("features.1", "features.4", "features.7", "features.12", "classifier.1", last="NCHW")
    ),
    "swin-v1": Family(build_swin, 64, SWIN_LAYERS, (0,)),
    "swin-v2": Family(
        partial(build_swin, block=swin_transformer.SwinTransformerBlockV2, downsample_layer=swin_transformer.PatchMergingV2), 64, SWIN_LAYERS, (0,)
    ),
    "vgg": Family(build_vgg, 56, layers("features.2", "features.6", "features.13", "classifier.6"), (0,)),
    "vit": Family(
        lambda: vision_transformer.VisionTransformer(64, 16, 2, 4, 32, 64, num_classes=CLASSES),
        64, {"conv_proj": "NCHW", "encoder.layers.encoder_layer_0": "NLC", "encoder.layers.encoder_layer_1": "NLC", "heads.head": "NC"}, (0,),
    ),
    "wide-resnet": Family(build_wide_resnet, 64, layers("relu", "layer1.0", "layer2.0", "layer3.0", "fc")),
}  # fmt: skip
