"""What the scripts that compare systems share: how one is started, and the machine."""

import json
import os
import platform
import subprocess
import sys


def pinned(argv, threads):
    """The arguments of subprocess for a system on as many threads and cores."""
    n = str(threads)
    cores = str(os.cpu_count() - 1) if threads == 1 else f"0-{threads - 1}"
    return {"args": ["taskset", "-c", cores, *argv], "env": dict(os.environ, GOMAXPROCS=n, OMP_NUM_THREADS=n, MKL_NUM_THREADS=n), "text": True}


class Process:
    """A system that answers a line of JSON for each job. It is started when it is first
    asked, and again after it ended. options are those of subprocess.Popen."""

    def __init__(self, name, argv, threads, **options):
        self.name, self.p = name, None
        self.options = {**pinned(argv, threads), **options}

    def ask(self, job):
        """None if the system ended at the job, or has no answer."""
        if self.p is None:
            self.p = subprocess.Popen(stdin=subprocess.PIPE, stdout=subprocess.PIPE, **self.options)
        try:
            self.p.stdin.write(json.dumps(job) + "\n")
            self.p.stdin.flush()
            line = self.p.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            print(f"{self.name} ended at {job}", file=sys.stderr)
            self.p.wait()
            self.p = None
            return None
        return json.loads(line)

    def close(self):
        if self.p is not None:
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
