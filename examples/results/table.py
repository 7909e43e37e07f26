#!/usr/bin/env python3
"""The tables of results.sh beside each other: AUC of each manipulation by detectors that were trained on the others, mean over seeds ± deviation.

    table.py FOLDER        FOLDER/SYSTEM/protocol.json, as `realface protocol` keeps it; what is missing stays empty
"""
import json
import pathlib
import sys

# What a row is called, the system, its entry and its score.
ROWS = [("plain network", "cnn", "evaluate", "p_fake")] + [
    (name + what, system, entry, score)
    for name, system in (("DeepfakeMAE", "deepfakemae"), ("Recap", "recap"))
    for what, entry, score in (
        ("", "evaluate", "p_fake"),
        (", without meta-learning", "evaluate_plain", "p_fake"),
        (", without recovering", "evaluate", "p_mapping"),
        (", without recovering and meta-learning", "evaluate_plain", "p_mapping"),
        (", without mapping", "evaluate", "p_vit"))]


def text(line):
    if line is None or line["auc"] is None:
        return ""
    return f"{line['auc']:.3f}" + ("" if line["auc_deviation"] is None else f" ± {line['auc_deviation']:.3f}")


def main():
    folder = pathlib.Path(sys.argv[1])
    tables = {path.parent.name: json.loads(path.read_text()) for path in folder.glob("*/protocol.json")}
    manipulations = next(iter(tables.values()))["methods"]
    print("| | " + " | ".join(manipulations) + " | mean | seeds |\n|" + "---|" * (len(manipulations) + 3))
    for name, system, entry, score in ROWS:
        lines = {line["method"]: line for line in tables.get(system, {"lines": []})["lines"] if (line["entry"], line["score"]) == (entry, score)}
        cells = [text(lines.get(method)) for method in (*manipulations, None)]  # the mean is of no method
        seeds = max((len(line["seeds"]) for line in lines.values()), default=0)
        print(f"| {name} | " + " | ".join(cells) + f" | {seeds} |")


if __name__ == "__main__":
    main()
