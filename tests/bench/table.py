"""The last page of `make bench`: one row for each figure that has a target.

A benchmark adds its rows with row(); tests/bench/run prints all of them when the last one has ended."""
import json
import os
import pathlib
import sys

PLACE = os.environ.get("OVERLOG_BENCH_TABLE")


def row(figure, beside, theirs, ours, unit, target, ratio=None):
    """beside: what theirs is, the floor or a peer ("": nothing, the target is a number of ours). target: the text of
    a bound on the ratio, or on ours where there is no ratio."""
    if ratio is None and theirs:
        ratio = ours / theirs
    if PLACE:
        with open(PLACE, "a") as file:
            file.write(json.dumps([figure, beside, theirs, ours, unit, ratio, target]) + "\n")


def number(value, unit):
    if value is None:
        return ""
    return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2}f} {unit}"


def show(path):
    print(f"{'figure':46} {'floor or peer':30} {'':>10} {'ours':>10} {'ratio':>6}  target")
    for line in pathlib.Path(path).read_text().splitlines():
        figure, beside, theirs, ours, unit, ratio, target = json.loads(line)
        print(f"{figure:46} {beside:30} {number(theirs, unit):>10} {number(ours, unit):>10} "
              f"{'' if ratio is None else f'{ratio:.2f}':>6}  {target}")


if __name__ == "__main__":
    show(sys.argv[1])
