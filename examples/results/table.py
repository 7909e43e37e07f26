#!/usr/bin/env python3
"""The table of results.sh: AUC of each manipulation by detectors that were trained on the others, mean over seeds and spread.

    table.py FOLDER MANIPULATION...        FOLDER/SYSTEM/SEED/MANIPULATION/{evaluate,evaluate_plain}/scores.csv; what is missing stays empty
"""
import csv
import pathlib
import statistics
import sys

# What a row is called, the system, its entry and its column of scores.csv.
ROWS = [("plain network", "cnn", "evaluate", "p_fake")] + [
    (name + what, system, entry, column)
    for name, system in (("DeepfakeMAE", "deepfakemae"), ("Recap", "recap"))
    for what, entry, column in (
        ("", "evaluate", "p_fake"),
        (", without meta-learning", "evaluate_plain", "p_fake"),
        (", without recovering", "evaluate", "p_mapping"),
        (", without recovering and meta-learning", "evaluate_plain", "p_mapping"),
        (", without mapping", "evaluate", "p_vit"))]


def auc(path, manipulation, column):
    """Of that manipulation's fakes against all reals, ties one half."""
    with open(path, newline="") as file:
        rows = [row for row in csv.DictReader(file) if row[column]]
    reals = [float(row[column]) for row in rows if row["label"] == "0"]
    fakes = [float(row[column]) for row in rows if row["label"] == "1" and row["method"] == manipulation]
    wins = sum((fake > real) + 0.5 * (fake == real) for fake in fakes for real in reals)
    return wins / (len(fakes) * len(reals))


def text(values):
    if not values:
        return ""
    return f"{statistics.mean(values):.3f}" + (f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else "")


def main():
    folder, manipulations = pathlib.Path(sys.argv[1]), sys.argv[2:]
    print("| | " + " | ".join(manipulations) + " | mean | seeds |\n|" + "---|" * (len(manipulations) + 3))
    for name, system, entry, column in ROWS:
        by_seed = {}
        for manipulation in manipulations:
            for path in folder.glob(f"{system}/*/{manipulation}/{entry}/scores.csv"):
                by_seed.setdefault(path.parts[-4], {})[manipulation] = auc(path, manipulation, column)
        cells = [text([seed[manipulation] for seed in by_seed.values() if manipulation in seed]) for manipulation in manipulations]
        whole = [statistics.mean(seed.values()) for seed in by_seed.values() if len(seed) == len(manipulations)]
        print(f"| {name} | " + " | ".join(cells) + f" | {text(whole)} | {len(by_seed)} |")


if __name__ == "__main__":
    main()
