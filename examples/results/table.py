#!/usr/bin/env python3
"""The tables of results.sh beside each other: AUC of people that training never saw, mean over seeds ± deviation. Of detectors that were trained on
all manipulations, and of each manipulation by detectors that were trained on the others.

    table.py FOLDER        FOLDER/PROTOCOL/SYSTEM/protocol.json, as `realface protocol` keeps it; what is missing stays empty
"""
import json
import pathlib
import sys

PROTOCOLS = {"intra-dataset": "Trained on all", "leave-one-out": "The one tested left out"}


def variants(name, system):
    """A detector of three parts that is trained in two ways."""
    return [(name + what, system, entry, score) for what, entry, score in (
        ("", "evaluate", "p_fake"),
        (", without meta-learning", "evaluate_plain", "p_fake"),
        (", without recovering", "evaluate", "p_mapping"),
        (", without recovering and meta-learning", "evaluate_plain", "p_mapping"),
        (", without mapping", "evaluate", "p_vit"))]


# What a row is called, the system, its entry and its score.
ROWS = [
    ("plain network", "cnn", "evaluate", "p_fake"),
    ("Xception", "xception", "evaluate", "p_fake"),
    *variants("DeepfakeMAE", "deepfakemae"),
    *variants("Recap", "recap"),
    ("Delocate's localiser, without meta-learning", "delocate", "evaluate_plain", "p_fake"),
    ("Delocate's localiser", "delocate", "evaluate_episodes", "p_fake"),
    ("RFFR", "rffr", "evaluate", "p_fake"),
    ("LRE", "lre", "evaluate", "p_fake")]


def text(line):
    if line is None or line["auc"] is None:
        return ""
    return f"{line['auc']:.3f}" + ("" if line["auc_deviation"] is None else f" ± {line['auc_deviation']:.3f}")


def print_table(title, whole, tables):
    """whole: what the last column of numbers is: all fakes together, or the mean over manipulations."""
    manipulations = next(iter(tables.values()))["methods"]
    print(f"| {title} | " + " | ".join(manipulations) + f" | {whole} | seeds |\n|" + "---|" * (len(manipulations) + 3))
    for name, system, entry, score in ROWS:
        lines = {line["method"]: line for line in tables.get(system, {"lines": []})["lines"] if (line["entry"], line["score"]) == (entry, score)}
        if not lines:
            continue
        cells = [text(lines.get(method)) for method in (*manipulations, None)]
        seeds = max(len(line["seeds"]) for line in lines.values())
        print(f"| {name} | " + " | ".join(cells) + f" | {seeds} |")


def main():
    folder = pathlib.Path(sys.argv[1])
    for protocol, title in PROTOCOLS.items():
        tables = {path.parent.name: json.loads(path.read_text()) for path in folder.glob(protocol + "/*/protocol.json")}
        if tables:
            print_table(title, "all" if protocol == "intra-dataset" else "mean", tables)
            print()


if __name__ == "__main__":
    main()
