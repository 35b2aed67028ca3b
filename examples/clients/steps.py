"""A session of a recur server by plain HTTP, with steps that are safe to repeat.

    pip install requests
    python steps.py 112 118 132
"""

import argparse
import time
from urllib.parse import quote

import requests


class Session:
    """A session of a model. Each step has a number, so that one whose answer was lost is sent
    again: the server does it once and answers it twice."""

    def __init__(self, server, model, name, token=None):
        self.url = f"{server}/v2/models/{quote(model, safe='')}/sessions/{quote(name, safe='')}"
        self.http = requests.Session()
        if token:
            self.http.headers["Authorization"] = f"Bearer {token}"
        there = self.http.get(self.url, timeout=30)
        self.steps = 0 if there.status_code == 404 else checked(there)["steps"]

    def step(self, x):
        """Do one step and return the output of the model."""
        request = {"x": [x], "step": self.steps + 1}
        for wait in [0.1, 0.5, 2, 10, None]:
            try:
                answer = self.http.post(f"{self.url}/steps", json=request, timeout=30)
                if answer.status_code not in (429, 503) or wait is None:
                    answer = checked(answer)
                    self.steps = answer["steps"]
                    return answer["y"][0]
            except (requests.ConnectionError, requests.Timeout):
                if wait is None:
                    raise
            time.sleep(wait)


def checked(answer):
    """The JSON of an answer. An error of the server tells what is wrong and what to try."""
    if not answer.ok:
        raise RuntimeError(f"{answer.status_code}: {answer.json()['error']}")
    return answer.json()


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--server", default="http://127.0.0.1:8000")
    p.add_argument("--session", default="requests")
    p.add_argument("--token")
    p.add_argument("value", nargs="+", type=float)
    args = p.parse_args()
    session = Session(args.server, "airline", args.session, args.token)
    for value in args.value:
        y = session.step([value])  # 12 months, each a mean and three intervals
        print(f"{value:g}\t{y[0]:.1f}")
