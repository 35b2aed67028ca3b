"""One session by tritonclient, step after step for some seconds; prints what it took.

    python bench/serve/tritonclient_load.py http|grpc|stream HOST:PORT MODEL INPUT WIDTH SECONDS
"""
import json
import queue
import resource
import sys
import time

import numpy as np

client, addr, model, name, width, seconds = sys.argv[1:]
width, seconds = int(width), float(seconds)
if client == "http":
    import tritonclient.http as lib
else:
    import tritonclient.grpc as lib
c = lib.InferenceServerClient(addr)
x = lib.InferInput(name, [1, width], "FP32")
x.set_data_from_numpy(np.random.default_rng(1).standard_normal((1, width)).astype(np.float32))
id, answers = time.time_ns() >> 10, queue.Queue()
if client == "stream":
    c.start_stream(lambda result, error: answers.put(error or result))


def step(start=False):
    if client != "stream":
        c.infer(model, [x], sequence_id=id, sequence_start=start)
        return
    c.async_stream_infer(model, [x], sequence_id=id, sequence_start=start)
    got = answers.get()
    if isinstance(got, Exception):
        raise got


step(start=True)
for _ in range(100):
    step()


def own():
    u = resource.getrusage(resource.RUSAGE_SELF)
    return u.ru_utime + u.ru_stime


took, cpu, end = [], own(), time.perf_counter() + seconds
while (begin := time.perf_counter()) < end:
    step()
    took.append(time.perf_counter() - begin)
cpu = own() - cpu
if client == "stream":
    c.stop_stream()  # it would wait for ever at the end
c.close()
us = np.array(took) * 1e6
print(json.dumps({
    "steps_per_second": len(us) / seconds,
    "p50_us": float(np.percentile(us, 50)),
    "p99_us": float(np.percentile(us, 99)),
    "client_cpu_us_per_step": cpu / len(us) * 1e6,
}))
