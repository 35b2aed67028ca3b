"""Runs recur and its peers in turn on the grid, interleaved in one session, keeps the
medians. See README.md.

    python peers.py                       the whole grid, one thread and two
    python peers.py --points lstm --systems recur pytorch --threads 1
"""

import argparse
import importlib.metadata
import itertools
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time

from systems import Process, machine

HERE = os.path.dirname(os.path.abspath(__file__))
SYSTEMS = ["recur", "pytorch", "onednn", "onnxruntime", "tensorflow", "jax", "gomlx"]
FIELDS = ("cell", "mode", "batch", "steps", "input", "hidden", "threads", "ragged", "dtype")
GATES = {"rnn": 1, "gru": 3, "lstm": 4}
SLOWEST = {"gomlx": 0.5e9}  # flops of a forward pass beyond which a system is not asked


def measured(recur):
    versions = {"go": subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True).stdout.strip(),
                "python": platform.python_version(), "gomlx": "0.26.0"}
    for p in ("torch", "onnxruntime", "tensorflow", "keras", "jax"):
        try:
            versions[p] = importlib.metadata.version(p)
        except importlib.metadata.PackageNotFoundError:
            pass
    return {**machine(),
            "date": time.strftime("%Y-%m-%d"), "versions": versions,
            "peak_gflops": {n: recur[n].ask({"peak": True})["gflops"] for n in recur}}


def flops(r):
    """Of the products: twice the multiplications, three times as many with gradients."""
    valid = r["batch"] * r["steps"]
    if r["ragged"]:
        valid = sum(1 + b * r["steps"] // r["batch"] for b in range(r["batch"]))
    return 2 * valid * GATES[r["cell"]] * r["hidden"] * (r["hidden"] + r["input"]) * (3 if r["mode"] == "train" else 1)


def jobs(grid, threads):
    for ragged, shape, cell, mode in itertools.product((False, True), grid["shapes"], grid["cells"], grid["modes"]):
        if not ragged or shape["batch"] > 1:
            yield {"cell": cell, "mode": mode, **shape, "threads": threads, "ragged": ragged, "dtype": "float32"}
    for shape in grid["shapes"]:
        yield {"cell": "lstm", "mode": "forward", **shape, "threads": threads, "ragged": False, "dtype": "int8"}


def key(row):
    return tuple(row[f] for f in FIELDS)


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    a.add_argument("--rounds", type=int, default=3)
    a.add_argument("--seconds", type=float, default=0.15, help="time for each sample")
    a.add_argument("--systems", nargs="+", default=SYSTEMS, choices=SYSTEMS)
    a.add_argument("--points", default="", help="only the points whose line has this text, such as 'lstm train 32 64'")
    a.add_argument("--out", default=os.path.join(HERE, "results", "peers.json"))
    a.add_argument("--resume", action="store_true", help="keep the rows that are there, and add those that are not")
    a = a.parse_args()
    os.makedirs(os.path.dirname(a.out), exist_ok=True)
    binaries = os.path.join(HERE, "results", "bin")
    for name, folder in (("recur", "."), ("gomlx", "gomlx")):
        if name in a.systems:
            subprocess.run(["go", "build", "-o", os.path.join(binaries, name), "."], cwd=os.path.join(HERE, folder), check=True)
    with open(os.path.join(HERE, "speed", "grid.json")) as f:
        grid = json.load(f)
    file = {"pytorch": "torch"}
    command = {s: [sys.executable, os.path.join(HERE, f"peer_{file.get(s, s)}.py")] for s in a.systems}
    for s in ("recur", "gomlx"):
        command[s] = [os.path.join(binaries, s)]
    results = {"machine": {}, "rows": []}
    if a.resume and os.path.exists(a.out):
        with open(a.out) as f:
            results = json.load(f)
    have = {(r["system"], *key(r)) for r in results["rows"]}
    for threads in a.threads:
        peers = [Process(s, command[s], threads, stderr=subprocess.DEVNULL, cwd=HERE) for s in a.systems]
        if "recur" in a.systems:
            m = measured({str(threads): peers[0]})
            peaks = {**results["machine"].get("peak_gflops", {}), **m["peak_gflops"]}
            results["machine"] = {**m, "peak_gflops": peaks}
        for job in jobs(grid, threads):
            line = " ".join(str(job[f]) for f in ("cell", "mode", "batch", "steps", "input", "hidden")) + (" ragged" * job["ragged"]) + f" {job['dtype']}"
            if a.points not in line:
                continue
            samples = {p.name: [] for p in peers if (p.name, *key(job)) not in have
                       and flops({**job, "mode": "forward"}) <= SLOWEST.get(p.name, math.inf)}
            forms = {}
            rounds = a.rounds
            for i in range(rounds):  # in turn, each round from another on, so that a slow minute slows all
                for p in peers[i % len(peers) :] + peers[: i % len(peers)]:
                    if p.name not in samples:
                        continue
                    answer = p.ask({**job, "seconds": a.seconds})
                    if answer is None or p.name == "gomlx" and i > 0:
                        if answer is None:
                            del samples[p.name]
                        continue
                    samples[p.name].append(answer["median"])
                    forms[p.name] = answer.get("form")
            for name, ms in samples.items():
                row = {"system": name, **job, "ms": statistics.median(ms)}
                if forms[name]:
                    row["form"] = forms[name]
                results["rows"].append(row)
            print(threads, line, {n: round(statistics.median(m), 4) for n, m in samples.items()}, file=sys.stderr)
            with open(a.out + ".part", "w") as f:
                f.write(dump(results))
            os.replace(a.out + ".part", a.out)
        for p in peers:
            p.close()
    print("go run ./docs/generate tables writes the tables of bench/results to docs/benchmarks.md", file=sys.stderr)


def dump(results):
    """A row a line, so that two results can be compared."""
    rows = ",\n".join("  " + json.dumps(r) for r in results["rows"])
    return '{\n "machine": ' + json.dumps(results["machine"]) + ',\n "rows": [\n' + rows + "\n ]\n}\n"


if __name__ == "__main__":
    main()
