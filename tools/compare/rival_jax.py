"""JAX at its best: an epoch is one program, compiled ahead of it, in which lax.scan walks over the
batches and the weights stay in their buffers."""

from __future__ import annotations

import argparse
import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from compare.worker import Data, Record, initial_layers

jax.config.update("jax_platforms", "cpu")

# Weights [outputs, inputs], biases and, of the same shapes, velocities.
Parameters = list[tuple[Array, Array]]
State = tuple[Parameters, Parameters]


class Jax:
    def __init__(self, options: argparse.Namespace, data: Data) -> None:
        self.random = np.random.default_rng(options.seed)
        self.batch = options.batch_size
        self.rate, self.momentum = options.learning_rate, options.momentum
        self.loss = self.synaptic if options.loss == "synaptic" else self.cross_entropy
        # An epoch begins with a shuffled copy, whose slices cost less than images picked in every
        # step. It costs least in bytes, which the step converts.
        self.images = jnp.asarray(np.rint(data.images * 255).astype(np.uint8))
        self.labels = jnp.asarray(data.labels.astype(np.int32))
        self.test = jnp.asarray(data.test_images), jnp.asarray(data.test_labels.astype(np.int32))
        self.start(initial_layers(self.random, options.hidden))
        self.train = jax.jit(self.steps, donate_argnums=0)
        start = time.perf_counter()
        order = jax.ShapeDtypeStruct((len(data.labels),), np.int32)
        lowered = self.train.lower(self.state, self.images, self.labels, order)
        self.train_epoch = lowered.compile()
        compile_seconds = time.perf_counter() - start
        self.facts: dict[str, Any] = {
            "name": "JAX",
            "version": jax.__version__,
            "kernels": "XLA, Eigen"
            + (", YNNPACK" if "ynn_fusion" in str(self.train_epoch.as_text()) else ""),
            "compile_seconds": compile_seconds,
        }

    def start(self, layers: list[tuple[np.ndarray, np.ndarray]]) -> None:
        parameters = [(jnp.array(weight), jnp.array(bias)) for weight, bias in layers]
        self.state: State = parameters, jax.tree.map(jnp.zeros_like, parameters)

    @staticmethod
    def logits(parameters: Parameters, x: Array) -> Array:
        # With weights [inputs, outputs] small networks take longer.
        (w1, b1), (w2, b2) = parameters
        return jax.nn.sigmoid(x @ w1.T + b1) @ w2.T + b2

    @staticmethod
    def cross_entropy(z: Array, t: Array) -> Array:
        return -(t * jax.nn.log_softmax(z)).sum()

    @staticmethod
    def synaptic(z: Array, t: Array) -> Array:
        """KL(t ‖ p) + H(p) for hard targets, by logits."""
        return (2 * jax.nn.softplus(z) - (t + jax.nn.sigmoid(z)) * z).sum()

    def step(self, state: State, batch: tuple[Array, ...]) -> tuple[State, Array]:
        pixels, labels = batch

        def loss(parameters: Parameters) -> Array:
            z = self.logits(parameters, pixels * np.float32(1 / 255))
            return self.loss(z, jax.nn.one_hot(labels, 10)) / len(labels)

        parameters, velocities = state
        value, gradients = jax.value_and_grad(loss)(parameters)
        velocities = jax.tree.map(
            lambda v, g: self.momentum * v - self.rate * g, velocities, gradients
        )
        return (jax.tree.map(jnp.add, parameters, velocities), velocities), value

    def steps(
        self, state: State, images: Array, labels: Array, order: Array
    ) -> tuple[State, Array]:
        """A step for each batch of the order; the loss of each whole batch."""
        images, labels = images[order], labels[order]
        whole = len(order) // self.batch * self.batch
        batches = (
            images[:whole].reshape(-1, self.batch, images.shape[1]),
            labels[:whole].reshape(-1, self.batch),
        )
        state, losses = lax.scan(self.step, state, batches)
        if whole < len(order):
            state, _ = self.step(state, (images[whole:], labels[whole:]))
        return state, losses

    def epoch(self) -> None:
        order = self.random.permutation(len(self.labels)).astype(np.int32)
        self.state, _ = self.train_epoch(self.state, self.images, self.labels, order)
        jax.block_until_ready(self.state)

    def accuracy(self) -> float:
        return float((self.logits(self.state[0], self.test[0]).argmax(1) == self.test[1]).mean())

    def repeat(self, record: Record) -> list[float]:
        self.start(record.layers())
        order = record.batches.ravel().astype(np.int32)
        self.state, losses = self.train(self.state, self.images, self.labels, order)
        return losses.tolist()


rival = Jax
