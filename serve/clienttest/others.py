"""Asks a server of the accumulators by other clients of the protocol, and checks the answers.

    python others.py kserve|mlserver --http HOST:PORT --grpc HOST:PORT

KServe's and MLServer's packages want different versions of what they share: give each a
venv of its own (requirements-others.txt).
"""
import argparse
import asyncio
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.request

BASE = time.time_ns() >> 12  # ids that no run before has used


def check(what, got, want):
    print("ok  " if got == want else "WRONG", what, got)
    if got != want:
        sys.exit(f"{what}: want {want}")


async def kserve(args):
    from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig

    def request(id, value, start=False, end=False):
        i = InferInput("INPUT", [1, 1], "INT32", data=[value])
        return InferRequest("accumulate_int32", [i], parameters={"sequence_id": id, "sequence_start": start, "sequence_end": end})

    rest, url = InferenceRESTClient(RESTConfig(protocol="v2")), f"http://{args.http}"
    grpc = InferenceGRPCClient(args.grpc)
    check("kserve REST: live", await rest.is_server_live(url), True)
    check("kserve REST: ready", await rest.is_server_ready(url), True)
    check("kserve REST: model ready", await rest.is_model_ready(url, "accumulate_int32"), True)
    check("kserve gRPC: live", await grpc.is_server_live(), True)
    check("kserve gRPC: ready", await grpc.is_server_ready(), True)
    check("kserve gRPC: model ready", await grpc.is_model_ready("accumulate_int32"), True)
    for k, (name, ask) in enumerate({"REST": lambda r: rest.infer(url, r, model_name="accumulate_int32"), "gRPC": grpc.infer}.items()):
        got = []
        for v in range(1, 5):
            answer = await ask(request(BASE + k, v, v == 1, v == 4))
            got.append(int(answer.outputs[0].as_numpy().ravel()[0]))
        check(f"kserve {name}: a sequence", got, [1, 3, 6, 10])
        try:
            await ask(request(BASE + k, 1))
            sys.exit(f"kserve {name}: a step after END was answered")
        except Exception as e:
            text = getattr(getattr(e, "response", None), "text", "") or str(e)
            check(f"kserve {name}: a step after END names START", "START" in text, True)
    await rest.close()
    await grpc.close()


def mlserver(args):
    from mlserver.types import InferenceRequest, InferenceResponse

    got = []
    for n in range(4):
        q = InferenceRequest(
            parameters={"sequence_id": BASE, "sequence_start": n == 0, "sequence_end": n == 3},
            inputs=[{"name": "INPUT", "shape": [1, 1], "datatype": "INT32", "data": [n + 1]}],
        )
        ask = urllib.request.Request(f"http://{args.http}/v2/models/accumulate_int32/infer", q.model_dump_json().encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(ask) as r:
            got.append(InferenceResponse.model_validate_json(r.read()).outputs[0].data.root[0])
    check("mlserver's types: a sequence", got, [1, 3, 6, 10])

    # Its program asks without parameters, so without sequences.
    with tempfile.TemporaryDirectory() as d:
        ask, out = pathlib.Path(d, "in"), pathlib.Path(d, "out")
        lines = [{"inputs": [{"name": "INPUT", "shape": [1, 1], "datatype": "INT32", "data": [n]}]} for n in range(4)]
        ask.write_text("".join(json.dumps(line) + "\n" for line in lines))
        program = pathlib.Path(sys.executable).with_name("mlserver")
        subprocess.run([program, "infer", "-u", args.http, "-m", "identity", "-i", ask, "-o", out, "-w", "1", "-s", "1"], check=True, stdout=subprocess.DEVNULL)
        got = [json.loads(line) for line in out.read_text().splitlines()]
        check("mlserver infer", [g["outputs"][0]["data"][0] if "outputs" in g else g for g in got], [0, 1, 2, 3])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("client", choices=["kserve", "mlserver"])
    p.add_argument("--http", default="127.0.0.1:8000")
    p.add_argument("--grpc", default="127.0.0.1:8001")
    args = p.parse_args()
    del sys.argv[1:]  # kserve would read them too
    if args.client == "kserve":
        asyncio.run(kserve(args))
    else:
        mlserver(args)


if __name__ == "__main__":
    main()
