"""A plain loop over NumPy: what one writes without a library for neural networks."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from compare.worker import Data, Record, initial_layers


class NumPy:
    def __init__(self, options: argparse.Namespace, data: Data) -> None:
        self.random = np.random.default_rng(options.seed)
        self.data, self.batch = data, options.batch_size
        self.targets = np.eye(10, dtype=np.float32)[data.labels]
        self.rate, self.momentum = options.learning_rate, options.momentum
        self.synaptic = options.loss == "synaptic"
        self.start(initial_layers(self.random, options.hidden))
        blas = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
        self.facts: dict[str, Any] = {
            "name": "NumPy",
            "version": np.__version__,
            "kernels": ", ".join(f"{p['internal_api']} {p.get('architecture')}" for p in blas),
        }

    def start(self, layers: list[tuple[np.ndarray, np.ndarray]]) -> None:
        (w1, b1), (w2, b2) = layers
        values = w1.T, b1, w2.T, b2
        self.parameters = [np.array(value, np.float32, order="C") for value in values]
        self.velocities = [np.zeros_like(value) for value in self.parameters]

    def step(self, batch: np.ndarray) -> float:
        w1, b1, w2, b2 = self.parameters
        x, t = self.data.images[batch], self.targets[batch]
        h = 1 / (1 + np.exp(-(x @ w1 + b1)))
        z = h @ w2 + b2
        if self.synaptic:
            p = 1 / (1 + np.exp(-z))
            entropy = np.logaddexp(0, z) - p * z
            loss = (np.logaddexp(0, z) - t * z + entropy).sum() / len(batch)
            delta = (p - t - z * p * (1 - p)) / len(batch)
        else:
            e = np.exp(z - z.max(1, keepdims=True))
            p = e / e.sum(1, keepdims=True)
            loss = -np.log((p * t).sum(1)).mean()
            delta = (p - t) / len(batch)
        below = delta @ w2.T * h * (1 - h)
        gradients = [x.T @ below, below.sum(0), h.T @ delta, delta.sum(0)]
        for value, velocity, gradient in zip(self.parameters, self.velocities, gradients):
            velocity *= self.momentum
            velocity -= self.rate * gradient
            value += velocity
        return float(loss)

    def epoch(self) -> None:
        order = self.random.permutation(len(self.data.labels))
        for first in range(0, len(order), self.batch):
            self.step(order[first : first + self.batch])

    def accuracy(self) -> float:
        w1, b1, w2, b2 = self.parameters
        h = 1 / (1 + np.exp(-(self.data.test_images @ w1 + b1)))
        return float(((h @ w2 + b2).argmax(1) == self.data.test_labels).mean())

    def repeat(self, record: Record) -> list[float]:
        self.start([record.layer(0), record.layer(1)])
        return [self.step(batch) for batch in record.batches]


rival = NumPy
