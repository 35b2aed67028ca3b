"""Times the cells of main.go and owncell.py in turn, prints a table and keeps the
figures. See README.md.

    python run.py [--threads 1 2] [--rounds 3] [--seconds 0.3]
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.dirname(HERE))
from systems import Process, machine

SHAPES = [(32, 64, 64, 128), (20, 35, 200, 200)]
CELLS = ["layernorm", "lstm", "mgu"]
PEERS = ["eager", "script", "compile"]


def ask(system, job):
    answer = system.ask(job)
    if answer is None:
        sys.exit(f"a system ended at {job}")
    return answer


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    a.add_argument("--rounds", type=int, default=3)
    a.add_argument("--seconds", type=float, default=0.3, help="time for each sample")
    a.add_argument("--cells", nargs="+", default=CELLS, choices=CELLS)
    a.add_argument("--peers", nargs="+", default=PEERS, choices=PEERS)
    a.add_argument("--out", default=os.path.join(os.path.dirname(HERE), "results", "owncell.json"))
    a = a.parse_args()
    rows = []
    print("| cell | batch, steps, input, hidden | threads | recur ms | " + " | ".join("PyTorch " + p for p in a.peers) + " |")
    print("|---|---|---|---|" + "---|" * len(a.peers))
    with tempfile.TemporaryDirectory() as folder:
        binary = os.path.join(folder, "owncell")
        subprocess.run(["go", "build", "-o", binary, "."], cwd=HERE, check=True)
        for threads in a.threads:
            systems = {"recur": Process("recur", [binary], threads)}
            for how in a.peers:
                name = "pytorch " + how
                systems[name] = Process(name, [sys.executable, os.path.join(HERE, "owncell.py"), how], threads)
            for s in systems.values():  # until all have started
                ask(s, {"cell": "mgu", "batch": 1, "steps": 1, "input": 1, "hidden": 1, "seconds": 0})
            for cell in a.cells:
                for shape in SHAPES:
                    rows += point(systems, cell, shape, threads, a)
            for s in systems.values():
                s.close()
    os.makedirs(os.path.dirname(a.out), exist_ok=True)
    with open(a.out, "w") as f:
        f.write(json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n")


def point(systems, cell, shape, threads, a):
    of = dict(zip(("batch", "steps", "input", "hidden"), shape))
    samples = {name: [] for name in systems}
    for _ in range(a.rounds):  # in turn, so that a slow minute slows all
        for name, s in systems.items():
            time.sleep(0.3)  # for the threads of the one before to come to rest
            samples[name].append(ask(s, {"cell": cell, **of, "seconds": a.seconds}))
    losses = {name: runs[0]["loss"] for name, runs in samples.items()}
    if any(not math.isclose(loss, losses["recur"], rel_tol=1e-3) for loss in losses.values()):
        sys.exit(f"{cell}: the systems compute different things: {losses}")
    ms = {name: statistics.median(r["median"] for r in runs) for name, runs in samples.items()}
    cols = [f"{t:.2f} ({t / ms['recur']:.2f}x)" for name, t in ms.items() if name != "recur"]
    print(f"| {cell} | {', '.join(map(str, shape))} | {threads} | {ms['recur']:.3f} | " + " | ".join(cols) + " |", flush=True)
    return [{"system": name, "cell": cell, "mode": "train", **of, "threads": threads, "ms": t} for name, t in ms.items()]


if __name__ == "__main__":
    main()
