"""Runs the training jobs in recur and in PyTorch in turn, and the measures of memory
and of the start; prints tables and keeps the figures. See README.md.

    python run.py [--share 0.1] [--threads 1 2] [--jobs ptb mnist nsmc memory start]
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.dirname(HERE))
from systems import machine, pinned

ROOT = os.path.dirname(os.path.dirname(HERE))
TRAINED = ("ptb", "mnist", "nsmc")


def run(command, threads, *args):
    done = subprocess.run(**pinned([*command, *map(str, args)], threads), stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def trained(systems, a):
    """Every part runs in each system before the next, in as many rounds as asked
    for; of these the median time counts."""
    rows = []
    for job in [j for j in TRAINED if j in a.jobs]:
        for threads in a.threads:
            samples = {s: [] for s in systems}
            for _ in range(a.rounds):
                for s, command in systems.items():
                    samples[s].append(run(command, threads, "--job", job, "--data", a.data, "--share", a.share))
                    print(samples[s][-1], file=sys.stderr)
            for s, runs in samples.items():
                rows.append({**runs[0], "seconds": statistics.median(r["seconds"] for r in runs)})
    return rows


def starts(systems, a):
    """From the start of a process to its end after the first prediction of a model of
    1 MB: the median of runs in turn."""
    times = {s: [] for s in systems}
    with tempfile.TemporaryDirectory() as folder:
        for s, command in systems.items():
            run(command, 1, "--job", "save", "--model", os.path.join(folder, s))
        for i in range(a.starts):
            for s, command in systems.items():
                begin = time.perf_counter()
                run(command, 1, "--job", "predict", "--model", os.path.join(folder, s))
                times[s].append(time.perf_counter() - begin)
    return [{"system": s, "job": "start", "threads": 1, "seconds": statistics.median(t)} for s, t in times.items()]


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--jobs", nargs="+", default=[*TRAINED, "memory", "start"])
    a.add_argument("--share", type=float, default=1, help="part of the epoch")
    a.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    a.add_argument("--rounds", type=int, default=1)
    a.add_argument("--steps", type=int, nargs="+", default=[10_000, 100_000], help="lengths for memory")
    a.add_argument("--starts", type=int, default=20)
    a.add_argument("--data", default=os.path.join(os.environ.get("RECUR_SHARED", os.path.join(ROOT, "..", "shared")), "data"))
    a.add_argument("--out", default=os.path.join(os.path.dirname(HERE), "results", "jobs.json"))
    a = a.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        binary = os.path.join(folder, "jobs")
        subprocess.run(["go", "build", "-o", binary, "."], cwd=HERE, check=True)
        systems = {"recur": [binary], "pytorch": [sys.executable, os.path.join(HERE, "peer_torch.py")]}
        rows = trained(systems, a)
        table(rows)
        if "memory" in a.jobs:
            long = [run(c, 1, "--job", "memory", "--steps", n) for n in a.steps for c in systems.values()]
            long.append(run([binary], 1, "--job", "stream", "--steps", 1_000_000))
            bytes_table(long)
            rows += long
        if "start" in a.jobs:
            first = starts(systems, a)
            for r in first:
                print(f"{r['system']}: {1e3 * r['seconds']:.1f} ms from the start of the process to the end of its first prediction")
            rows += first
    os.makedirs(os.path.dirname(a.out), exist_ok=True)
    with open(a.out, "w") as f:
        f.write(json.dumps({"machine": machine(), "rows": rows}, indent=1) + "\n")


def table(rows):
    pairs = {}
    for r in rows:
        pairs.setdefault((r["job"], r["threads"]), {})[r["system"]] = r
    if pairs:
        print("| job | threads | recur s | PyTorch s | ratio | loss recur, PyTorch | held-out score recur, PyTorch |")
        print("|---|---|---|---|---|---|---|")
    for (job, threads), of in pairs.items():
        us, them = of["recur"], of["pytorch"]
        print(
            f"| {job} | {threads} | {us['seconds']:.2f} | {them['seconds']:.2f} | {them['seconds'] / us['seconds']:.2f} "
            f"| {us['loss']:.4f}, {them['loss']:.4f} | {us['score']:.4f}, {them['score']:.4f} |"
        )


def bytes_table(rows):
    print("| memory of | steps | system | MB | seconds |")
    print("|---|---|---|---|---|")
    for r in rows:
        what = "a training step" if r["job"] == "memory" else "a stream, growth"
        print(f"| {what} | {r['steps']} | {r['system']} | {r['bytes'] / 1e6:.1f} | {r['seconds']:.2f} |")


if __name__ == "__main__":
    main()
