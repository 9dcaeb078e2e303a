"""PyTorch at its best: all images in one float32 tensor, batches by index, fused SGD."""

from __future__ import annotations

import argparse
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from compare.worker import Data, Record


def dbl_2024() -> nn.Sequential:
    """The network of arXiv:2410.12984, as `phidias summary dbl-2024` shows it."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.25),
        nn.Linear(1568, 128),
        nn.ReLU(),
        nn.Linear(128, 10),
    )


class PyTorch:
    def __init__(self, options: argparse.Namespace, data: Data) -> None:
        torch.manual_seed(options.seed)
        torch.set_num_threads(options.threads)
        self.images, self.labels = torch.from_numpy(data.images), torch.from_numpy(data.labels)
        self.targets = F.one_hot(self.labels, 10).float()
        self.test = torch.from_numpy(data.test_images), torch.from_numpy(data.test_labels)
        self.batch = options.batch_size
        if options.network == "dbl-2024":
            self.use_images(channels_last=True)
            self.model = dbl_2024().to(memory_format=torch.channels_last)
        else:
            self.model = nn.Sequential(
                nn.Linear(784, options.hidden), nn.Sigmoid(), nn.Linear(options.hidden, 10)
            )
        # With a constant learning rate PyTorch's momentum walks as ours does: its buffer is our
        # velocity over −η. Fused is the fastest of its forms at every size compared.
        self.optimizer = torch.optim.SGD(
            self.model.parameters(), options.learning_rate, options.momentum, fused=True
        )
        loss = self.cross_entropy if options.loss == "cross-entropy" else self.synaptic
        # Static shapes: one program for full batches, one for the last, shorter one.
        self.loss = torch.compile(loss, dynamic=False) if options.compile else loss
        self.facts: dict[str, Any] = {
            "name": "PyTorch " + ("compiled" if options.compile else "eager"),
            "version": torch.__version__,
            "kernels": torch.backends.cpu.get_cpu_capability()
            + (", MKL" if torch.backends.mkl.is_available() else "")
            + (", oneDNN" if torch.backends.mkldnn.is_available() else ""),
        }

    def use_images(self, channels_last: bool) -> None:
        """In [−1, 1], [count, 1, 28, 28]."""
        form = torch.channels_last if channels_last else torch.contiguous_format

        def images(pixels: Tensor) -> Tensor:
            return (2 * pixels - 1).view(-1, 1, 28, 28).contiguous(memory_format=form)

        self.images, self.test = images(self.images), (images(self.test[0]), self.test[1])

    def cross_entropy(self, batch: Tensor) -> Tensor:
        logits = self.model(self.images.index_select(0, batch))
        return F.cross_entropy(logits, self.labels.index_select(0, batch))

    def synaptic(self, batch: Tensor) -> Tensor:
        """KL(t ‖ p) + H(p) for hard targets, each term a stable cross-entropy by logits."""
        z = self.model(self.images.index_select(0, batch))
        entropy = F.binary_cross_entropy_with_logits(z, torch.sigmoid(z), reduction="sum")
        cross = F.binary_cross_entropy_with_logits(
            z, self.targets.index_select(0, batch), reduction="sum"
        )
        return (cross + entropy) / len(batch)

    def step(self, batch: Tensor) -> Tensor:
        loss = self.loss(batch)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss

    def epoch(self) -> None:
        for batch in torch.randperm(len(self.images)).split(self.batch):
            self.step(batch)

    def accuracy(self) -> float:
        images, labels = self.test
        self.model.eval()
        with torch.no_grad():
            right = (self.model(images).argmax(1) == labels).float().mean().item()
        self.model.train()
        return right

    def repeat(self, record: Record) -> list[float]:
        layers = [layer for layer in self.model if isinstance(layer, (nn.Linear, nn.Conv2d))]
        with torch.no_grad():
            for layer, (weight, bias) in zip(layers, record.layers(), strict=True):
                layer.weight.copy_(torch.tensor(weight))
                layer.bias.copy_(torch.tensor(bias))
        self.model.eval()  # without dropout
        # Where two pixels of a max-pool are nearly equal, rounding decides where the gradient goes,
        # and two curves in single precision part for good, each from the exact one at a time of its
        # own. Ours is compared with PyTorch's in double precision.
        if self.images.dim() == 4:
            self.use(torch.float64)
        losses = [self.step(torch.from_numpy(batch)).item() for batch in record.batches]
        self.use(torch.float32)
        self.model.train()
        return losses

    def use(self, dtype: torch.dtype) -> None:
        """For images and parameters; the optimizer begins anew."""
        self.model.to(dtype)
        self.images = self.images.to(dtype)
        self.optimizer.zero_grad()
        self.optimizer.state.clear()


rival = PyTorch
