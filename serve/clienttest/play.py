"""Plays the scenarios of testdata/scenarios.json with tritonclient against a server, and
prints one line of JSON for each scenario, model and protocol.

    python play.py --server recur|triton --http HOST:PORT --grpc HOST:PORT [--pid PID] [--only PATTERN] > answers.jsonl

A sequence is written as its steps: a value, with S (START) and E (END) before it, and
before all that a pause in milliseconds and a colon. The answer to a step is what OUTPUT
holds, or a code and a text in which the id of the sequence reads ID. On a stream the steps
of a sequence are sent without waiting for answers. The server is told to stop in the last
scenario, for which its process is needed.
"""
import argparse
import fnmatch
import json
import os
import pathlib
import queue
import re
import signal
import sys
import threading
import time
import urllib.error
import urllib.request

import numpy as np
import tritonclient.grpc as tg
import tritonclient.http as th
from tritonclient.utils import InferenceServerException

SCENARIOS = pathlib.Path(__file__).with_name("testdata") / "scenarios.json"
TYPES = {"INT32": np.int32, "FP32": np.float32}
WAIT = 20  # seconds for an answer


class Step:
    """A step as a scenario writes it."""

    def __init__(self, text, sequence, run):
        m = re.fullmatch(r"(?:(\d+):)?(S?)(E?)(-?\d+)", text)
        self.pause = int(m[1] or 0) / 1000
        self.start, self.end, self.value = bool(m[2]), bool(m[3]), int(m[4])
        self.shape = [sequence.get("rows", 1), sequence.get("width", 1)]
        self.id = run.id(sequence["id"])


class Run:
    """One scenario with one model by one protocol."""

    count = 0

    def __init__(self, scenario, model, protocol, args):
        self.scenario, self.model, self.protocol, self.args = scenario, model, protocol, args
        self.type = "FP32" if model.endswith("fp32") else "INT32"
        Run.count += 1
        # What answers a request several times writes text, in recur.
        self.texts = args.server == "recur" and model.startswith("countdown")
        self.base = Run.count * 1_000_000  # ids of their own, so that no run finds what another left

    def id(self, n):
        return n if n == 0 or isinstance(n, str) else self.base + n

    def connect(self):
        return {"http": HTTP, "grpc": GRPC, "stream": Stream}[self.protocol](self)

    def options(self, step):
        o = {"sequence_id": step.id, "sequence_start": step.start, "sequence_end": step.end}
        if "timeout" in self.scenario:
            o["timeout"] = self.scenario["timeout"]
        return o

    def inputs(self, lib, step):
        if self.texts:
            i = lib.InferInput("text_input", [1], "BYTES")
            i.set_data_from_numpy(np.array([str(step.value).encode()], object))
            return [i]
        i = lib.InferInput("INPUT", step.shape, self.type)
        i.set_data_from_numpy(np.full(step.shape, step.value, TYPES[self.type]))
        return [i]

    def outputs(self, lib):
        names = self.scenario.get("outputs")
        return names and [lib.InferRequestedOutput(n) for n in names]

    def values(self, result):
        names = self.scenario.get("outputs", ["OUTPUT"])
        if self.texts:
            return int(result.as_numpy("text_output")[0])
        all = []
        for n in names:
            for v in result.as_numpy(n).ravel().tolist():
                all.append(v.decode() if isinstance(v, bytes) else v - self.base if isinstance(v, int) and v > self.base else int(v))
        return all[0] if len(all) == 1 else all

    def error(self, e, id=0):
        text, code = e.message() or "", e.status() or ""
        if code == "StatusCode.CANCELLED":
            text = ""  # the words are the client's own
        if id:
            text = re.sub(rf"\b{re.escape(str(id))}\b", "ID", text)
        return {"code": code.removeprefix("StatusCode."), "text": text}


class HTTP:
    def __init__(self, run):
        self.run, self.client = run, th.InferenceServerClient(run.args.http, network_timeout=WAIT)

    def infer(self, step):
        r = self.run
        try:
            return r.values(self.client.infer(r.model, r.inputs(th, step), outputs=r.outputs(th), **r.options(step)))
        except InferenceServerException as e:
            return r.error(e, step.id)

    def close(self):
        self.client.close()


class GRPC:
    def __init__(self, run):
        self.run, self.client = run, tg.InferenceServerClient(run.args.grpc)

    def infer(self, step):
        r = self.run
        try:
            return r.values(self.client.infer(r.model, r.inputs(tg, step), outputs=r.outputs(tg), client_timeout=WAIT, **r.options(step)))
        except InferenceServerException as e:
            return r.error(e, step.id)

    def submit(self, step):
        """Returns a call that can be cancelled, and a queue that gets its answer."""
        r, q = self.run, queue.Queue()

        def done(result, error):
            q.put(r.error(error, step.id) if error else r.values(result))

        return self.client.async_infer(r.model, r.inputs(tg, step), done, outputs=r.outputs(tg), **r.options(step)), q

    def close(self):
        self.client.close()


class Stream:
    def __init__(self, run):
        self.run, self.client, self.answers = run, tg.InferenceServerClient(run.args.grpc), queue.Queue()
        self.client.start_stream(lambda result, error: self.answers.put((result, error)))

    def send(self, step, name=""):
        r = self.run
        self.client.async_stream_infer(r.model, r.inputs(tg, step), outputs=r.outputs(tg), request_id=name, **r.options(step))

    def receive(self, id=0, wait=WAIT):
        result, error = self.answers.get(timeout=wait)
        return self.run.error(error, id) if error else self.run.values(result)

    def close(self, cancel=False):
        self.client.stop_stream(cancel_requests=cancel)
        self.client.close()


def steps(run):
    return [[Step(t, s, run) for t in s["steps"].split()] for s in run.scenario["sequences"]]


def side_by_side(run, do):
    """Calls do with each sequence and its steps in a thread of its own."""
    answers = [None] * len(run.scenario["sequences"])

    def one(i, s, all):
        time.sleep(s.get("after", 0) / 1000)
        answers[i] = do(s, all)

    threads = [threading.Thread(target=one, args=(i, s, all)) for i, (s, all) in enumerate(zip(run.scenario["sequences"], steps(run)))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return answers


def sequences(run):
    late = []

    def do(s, all):
        c = run.connect()
        got = []
        try:
            if run.protocol == "stream":
                for k, step in enumerate(all):
                    time.sleep(step.pause)
                    c.send(step, str(k))
                return [c.receive(step.id) for step in all]
            for step in all:
                time.sleep(step.pause)
                begin = time.monotonic()
                got.append(c.infer(step))
                if time.monotonic() - begin > run.scenario.get("late", 1e9) / 1000:
                    late.append(step.value)
            return got
        finally:
            c.close()

    answers = {"answers": side_by_side(run, do)}
    if "late" in run.scenario and run.protocol != "stream":
        answers["late"] = len(late) > 0
    return answers


def one_stream(run):
    """All sequences on one stream: what is told of the order is whether it holds."""
    c, lock, sent = run.connect(), threading.Lock(), []

    def do(s, all):
        for step in all:
            time.sleep(step.pause)
            with lock:
                sent.append(s["id"])
                c.send(step, f"{len(sent) - 1}")

    side_by_side(run, do)
    got, answers = [], {s["id"]: [] for s in run.scenario["sequences"]}
    for _ in sent:
        result, error = c.answers.get(timeout=WAIT)
        if error:
            got.append(run.error(error))
            continue
        n = int(result.get_response().id)
        got.append(n)
        answers[sent[n]].append(run.values(result))
    c.close()
    whole = run.scenario["one_stream"] == "ordered"
    return {"answers": list(answers.values()), "ordered": got == sorted(got) if whole else True}


def state(run):
    a = sequences(run)
    id = run.id(run.scenario["sequences"][0]["id"])
    ask = urllib.request.Request(f"http://{run.args.http}/v2/models/{run.model}/sessions/{id}", headers={"Accept": "application/octet-stream"})
    try:
        with urllib.request.urlopen(ask) as r:
            a["state"] = {"code": str(r.status), "magic": r.read()[:4].decode("latin1")}
    except urllib.error.HTTPError as e:
        a["state"] = {"code": str(e.code), "text": e.read().decode()}
    return a


def generate(run):
    url = f"http://{run.args.http}/v2/models/{run.model}/generate_stream"
    ask = urllib.request.Request(url, json.dumps({"text_input": str(run.scenario["value"])} if run.texts else {"INPUT": run.scenario["value"]}).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(ask, timeout=WAIT) as r:
            events = [json.loads(line[5:]) for line in r.read().decode().splitlines() if line.startswith("data:")]
            return {"type": r.headers["Content-Type"].split(";")[0], "answers": [[int(e.get("text_output", e.get("OUTPUT", -1))) for e in events]]}
    except urllib.error.HTTPError as e:
        return {"answers": [[{"code": str(e.code), "text": json.loads(e.read()).get("error")}]]}


def many(run):
    """Requests that are answered more than once: all answers until it is quiet."""
    c, got = run.connect(), []
    id = run.id(run.scenario.get("id", 0))
    for _ in range(run.scenario["requests"]):
        step = Step(("S" if id else "") + str(run.scenario["value"]), {"id": 0}, run)
        step.id = id
        c.send(step)
    try:
        while True:
            got.append(c.receive(id, 3))
    except queue.Empty:
        pass
    c.close(cancel=True)
    return {"answers": [sorted(got, key=str)]}


def cancel(run):
    """Sends all steps at once, in order, cancels one, and then asks how the sequence goes on."""
    c, calls = run.connect(), []
    for s, all in zip(run.scenario["sequences"], steps(run)):
        calls.append([])
        for step in all:
            calls[-1].append(c.submit(step))
            time.sleep(0.15)
    i, k = run.scenario["cancel"]
    calls[i][k][0].cancel()
    answers = [[q.get(timeout=WAIT) for _, q in s] for s in calls]
    time.sleep(2.5)
    step = Step("1", run.scenario["sequences"][i], run)
    then = c.infer(step)
    step.end = True
    c.infer(step)
    for s in run.scenario["sequences"]:
        c.infer(Step("SE1", s, run))
    c.close()
    return {"answers": answers, "then": then}


def cancel_stream(run):
    first, second = steps(run)
    c = run.connect()
    for step in first:
        c.send(step)
    time.sleep(1.5)
    c.close(cancel=True)
    got = []
    while not c.answers.empty():
        got.append(c.receive(first[0].id))
    time.sleep(2.5)
    step = Step("1", run.scenario["sequences"][0], run)
    grpc = GRPC(run)
    then = grpc.infer(step)
    step.start = step.end = True
    grpc.infer(step)
    after = [grpc.infer(s) for s in second]
    grpc.close()
    return {"answers": [got[:1] + [a for a in got[1:] if isinstance(a, dict)], after], "then": then}


def shutdown(run):
    if not run.args.pid:
        return None
    c = run.connect()
    calls = [c.submit(all[0]) for all in steps(run)]
    time.sleep(0.4)
    begin = time.monotonic()
    os.kill(run.args.pid, signal.SIGTERM)
    time.sleep(0.6)
    late = [c.infer(Step("S1", {"id": 3}, run)), c.infer(Step("1", {"id": 1}, run))]
    answers = [[q.get(timeout=WAIT)] for _, q in calls]
    gone = None
    while time.monotonic() - begin < 45:
        try:
            os.kill(run.args.pid, 0)
            if pathlib.Path(f"/proc/{run.args.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                raise ProcessLookupError
        except (ProcessLookupError, FileNotFoundError):
            gone = time.monotonic() - begin
            break
        time.sleep(0.05)
    for a in late:  # the words are the client's own, and name addresses
        if isinstance(a, dict) and "connect" in a["text"].lower():
            a["text"] = "no connection"
    return {"answers": answers, "late": late, "gone": "no" if gone is None else "within 5 s" if gone < 5 else "later"}


def play(run):
    kind = run.scenario.get("kind", "sequences")
    if "one_stream" in run.scenario:
        kind = "one_stream"
    return globals()[kind](run)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--server", choices=["recur", "triton"], required=True)
    p.add_argument("--http", default="127.0.0.1:8000")
    p.add_argument("--grpc", default="127.0.0.1:8001")
    p.add_argument("--pid", type=int, help="process of the server, for the scenario that stops it")
    p.add_argument("--only", default="*")
    args = p.parse_args()
    for s in json.loads(SCENARIOS.read_text()):
        if not fnmatch.fnmatch(s["name"], args.only):
            continue
        if reason := s.get("not_on_" + args.server):
            print(json.dumps({"scenario": s["name"], "not_run": reason}), flush=True)
            continue
        for model in s["models"]:
            for protocol in s.get("protocols", ["http", "grpc", "stream"]):
                if protocol != "http" and args.grpc == "none":
                    continue
                try:
                    got = play(Run(s, model, protocol, args))
                except Exception as e:  # a client that gives up is an answer too
                    got = {"failed": f"{type(e).__name__}: {e}"}
                if got is not None:
                    print(json.dumps({"scenario": s["name"], "model": model, "protocol": protocol, **got}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
