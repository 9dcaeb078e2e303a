"""scikit-learn's MLPClassifier, trained with plain momentum from a start and in an order of its
own, on float32."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import sklearn
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_info

from compare.worker import Data, Record


class ScikitLearn:
    def __init__(self, options: argparse.Namespace, data: Data) -> None:
        sklearn.set_config(assume_finite=True)  # spares a look at every pixel
        self.data = data
        self.model = MLPClassifier(
            hidden_layer_sizes=(options.hidden,),
            activation="logistic",
            solver="sgd",
            alpha=0,
            batch_size=options.batch_size,
            learning_rate_init=options.learning_rate,
            momentum=options.momentum,
            nesterovs_momentum=False,
            random_state=options.seed,
        )
        blas = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
        self.facts: dict[str, Any] = {
            "name": "scikit-learn",
            "version": sklearn.__version__,
            "kernels": ", ".join(f"{p['internal_api']} {p.get('architecture')}" for p in blas),
        }

    def epoch(self) -> None:
        self.model.partial_fit(self.data.images, self.data.labels, classes=np.arange(10))

    def accuracy(self) -> float:
        return float(self.model.score(self.data.test_images, self.data.test_labels))

    def repeat(self, record: Record) -> list[float]:
        raise NotImplementedError("scikit-learn chooses its own start and order")


rival = ScikitLearn
