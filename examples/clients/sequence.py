"""A sequence of requests by the client of Triton, which is a session of a recur server.

    pip install tritonclient[http]
    python sequence.py 112 118 132
"""

import argparse

import numpy as np
import tritonclient.http as triton

if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--server", default="127.0.0.1:8000")
    p.add_argument("--session", default="triton")
    p.add_argument("value", nargs="+", type=float)
    args = p.parse_args()
    with triton.InferenceServerClient(args.server) as client:
        value = triton.InferInput("value", [1, 1], "FP32")
        for i, x in enumerate(args.value):
            value.set_data_from_numpy(np.array([[x]], dtype=np.float32))
            answer = client.infer(
                "airline",
                [value],
                sequence_id=args.session,
                sequence_start=i == 0,
                sequence_end=i == len(args.value) - 1,
            )
            forecast = answer.as_numpy("forecast")[0]  # 12 months, each a mean and three intervals
            print(f"{x:g}\t{forecast[0, 0]:.1f}")
