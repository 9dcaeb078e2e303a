"""Small networks on tables: Phidias beside scikit-learn, on the same rows."""

import argparse
import csv
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import sklearn
from sklearn import datasets
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HIDDEN, SHARE = 32, 0.25
# How long each is trained: epochs and batch size. scikit-learn stops by itself.
LENGTHS = {
    "iris": (100, 8), "wine": (100, 8), "breast_cancer": (100, 8), "digits": (60, 16),
    "diabetes": (30, 16),
}
# How far below scikit-learn's the mean may be: accuracy, or R² of numbers.
ALLOWED = {"accuracy": 0.015, "R²": 0.03}


def load(name):
    """Features, answers, and the names of the columns."""
    options = {"scaled": False} if name == "diabetes" else {}
    data = getattr(datasets, f"load_{name}")(**options)
    columns = [text.replace(" (cm)", "").replace(" ", "_") for text in data.feature_names]
    classes = getattr(data, "target_names", None)
    answers = data.target if name in ("diabetes", "digits") else classes[data.target]
    return data.data, answers, columns


def write(path, name):
    """The whole set as CSV, with a header, and the answer last."""
    features, answers, columns = load(name)
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow([*columns, "progression" if name == "diabetes" else "class"])
        for row, answer in zip(features, answers):
            out.writerow([*(int(x) if x == int(x) else repr(float(x)) for x in row), answer])


def read(path):
    """The array in an IDX file."""
    data = path.read_bytes()
    kind = {8: ">u1", 13: ">f4"}[data[2]]
    sizes = struct.unpack(f">{data[3]}I", data[4 : 4 + 4 * data[3]])
    return np.frombuffer(data[4 + 4 * data[3] :], kind).reshape(sizes).astype(np.float64)


def rows(folder, part):
    """Features and answers of a part that the program has imported."""
    def find(what):
        return read(next(folder.glob(f"{part}-{what}*")))
    if list(folder.glob(f"{part}-images*")):
        features = find("images")
        features = features.reshape(len(features), -1) / 255
    else:
        features = find("features")
    answers = find("targets").ravel() if list(folder.glob(f"{part}-targets*")) else find("labels")
    return features, answers


def check(program, name, splits, work):
    table, folder = work / f"{name}.csv", work / name
    write(table, name)
    isNumber = name == "diabetes"
    epochs, batch = LENGTHS[name]
    theirs, ours = [], []

    def phidias(*words):
        done = subprocess.run([program, *map(str, words)], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"phidias {' '.join(map(str, words))}: exit {done.returncode}: {done.stderr}")
        return done.stdout

    for seed in range(1, splits + 1):
        phidias("data", "import", table, *(["--target", "progression"] if isNumber else []),
                "--test-share", SHARE, "--seed", seed, "--output", folder, "--force")
        x, y = rows(folder, "train")
        model = MLPRegressor if isNumber else MLPClassifier
        other = make_pipeline(
            StandardScaler(), model(hidden_layer_sizes=(HIDDEN,), random_state=seed, max_iter=2000))
        other.fit(x, y)
        theirs.append(other.score(*rows(folder, "t10k")))
        result = json.loads(phidias(
            "train", "--data", folder, "--hidden", HIDDEN, "--epochs", epochs, "--batch-size", batch,
            "--seed", seed, "--checkpoint-every", epochs, "--output", work / "run", "--force",
            "--format", "json"))
        ours.append(result["test_r2" if isNumber else "test_accuracy"])
    measure = "R²" if isNumber else "accuracy"
    difference = np.mean(ours) - np.mean(theirs)
    good = bool(difference >= -ALLOWED[measure])
    print(f"{name:14} {measure:9} {np.mean(theirs):13.4f} {np.mean(ours):9.4f} {difference:+11.4f}  "
          f"{'ok' if good else f'below the {-ALLOWED[measure]} that is allowed'}", flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(prog="tools/check-tables")
    parser.add_argument("--program")
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("sets", nargs="*", metavar="SET", help=", ".join(LENGTHS))
    options = parser.parse_args()
    if unknown := [name for name in options.sets if name not in LENGTHS]:
        parser.error(f"there is no set {unknown[0]}, but {', '.join(LENGTHS)}")
    warnings.filterwarnings("ignore")
    print(f"scikit-learn {sklearn.__version__}, {options.splits} splits, {HIDDEN} hidden units")
    print(f"{'set':14} {'measure':9} scikit-learn   Phidias  difference")
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        good = [check(options.program, name, options.splits, work) for name in options.sets or LENGTHS]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
