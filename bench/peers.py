"""Runs recur and its peers in turn on the grid, interleaved in one session, and
prints the table. See README.md.

    python peers.py --threads 1 2 --rounds 3 --out results/peers.json
"""

import argparse
import itertools
import json
import math
import os
import platform
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


class Process:
    """A peer that answers a line of JSON for each job."""

    def __init__(self, name, argv, threads):
        env = dict(os.environ, GOMAXPROCS=str(threads), OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads))
        if threads == 1:
            argv = ["taskset", "-c", "1", *argv]
        self.name = name
        self.p = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)

    def ask(self, job):
        self.p.stdin.write(json.dumps(job) + "\n")
        self.p.stdin.flush()
        line = self.p.stdout.readline()
        if not line:
            sys.exit(f"{self.name} ended at {job}")
        return json.loads(line)

    def close(self):
        self.p.stdin.close()
        self.p.wait()


def machine():
    cpu = platform.processor()
    try:
        with open("/proc/cpuinfo") as f:
            cpu = next(line.split(":")[1].strip() for line in f if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return {"cpu": cpu, "cores": os.cpu_count(), "system": platform.system() + " " + platform.machine()}


def main():
    a = argparse.ArgumentParser()
    a.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    a.add_argument("--rounds", type=int, default=3)
    a.add_argument("--seconds", type=float, default=0.3, help="time for each sample")
    a.add_argument("--systems", nargs="+", default=["recur", "pytorch", "onnxruntime"])
    a.add_argument("--out", default=os.path.join(HERE, "results", "peers.json"))
    a = a.parse_args()
    binary = os.path.join(HERE, "results", "recur-bench")
    os.makedirs(os.path.dirname(binary), exist_ok=True)
    subprocess.run(["go", "build", "-o", binary, "."], cwd=HERE, check=True)
    with open(os.path.join(HERE, "grid.json")) as f:
        grid = json.load(f)
    commands = {
        "recur": [binary],
        "pytorch": [sys.executable, os.path.join(HERE, "peer_torch.py")],
        "onnxruntime": [sys.executable, os.path.join(HERE, "peer_onnxruntime.py")],
    }
    rows = []
    for threads in a.threads:
        peers = [Process(s, commands[s], threads) for s in a.systems]
        for shape, cell, mode in itertools.product(grid["shapes"], grid["cells"], grid["modes"]):
            job = {"cell": cell, "mode": mode, "ragged": False, "seconds": a.seconds, **shape}
            samples = {p.name: [] for p in peers}
            for _ in range(a.rounds):  # in turn, so that a slow minute slows all
                for p in peers:
                    if p.name == "onnxruntime" and mode == "train":
                        continue
                    samples[p.name].append(p.ask(job)["median"])
            for name, ms in samples.items():
                if ms:
                    rows.append({"system": name, "cell": cell, "mode": mode, **shape, "threads": threads, "ragged": False, "ms": statistics.median(ms)})
            print(threads, cell, mode, shape, {n: round(statistics.median(m), 4) for n, m in samples.items() if m}, file=sys.stderr)
        for p in peers:
            p.close()
    with open(a.out, "w") as f:
        f.write(json.dumps({"machine": machine(), "rows": rows}, indent=1))
    os.remove(binary)
    table(rows)


def table(rows):
    at = {}
    for r in rows:
        key = (r["threads"], r["mode"], r["cell"], r["batch"], r["steps"], r["input"], r["hidden"])
        at.setdefault(key, {})[r["system"]] = r["ms"]
    ratios = {}
    print("| threads | mode | cell | batch, steps, input, hidden | recur ms | " + " | ".join(["pytorch", "onnxruntime"]) + " |")
    print("|---|---|---|---|---|---|---|")
    for key, ms in at.items():
        cols = []
        for peer in ("pytorch", "onnxruntime"):
            if peer in ms and "recur" in ms:
                ratio = ms[peer] / ms["recur"]
                ratios.setdefault((key[0], key[1], peer), []).append(ratio)
                cols.append(f"{ms[peer]:.4g} ({ratio:.2f}x)")
            else:
                cols.append("")
        print(f"| {key[0]} | {key[1]} | {key[2]} | {key[3]}, {key[4]}, {key[5]}, {key[6]} | {ms.get('recur', math.nan):.4g} | " + " | ".join(cols) + " |")
    for (threads, mode, peer), rs in ratios.items():
        mean = math.exp(sum(map(math.log, rs)) / len(rs))
        print(f"{threads} threads, {mode}: {mean:.2f} times as fast as {peer} (geometric mean), at least {min(rs):.2f}")


if __name__ == "__main__":
    main()
