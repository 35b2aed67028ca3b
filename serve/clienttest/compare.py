"""Compares the answers of two servers to the scenarios, line by line.

    python compare.py testdata/triton.jsonl recur.jsonl [testdata/differences.json]

The third file lists what is known to differ: patterns of scenario, model and protocol, with
the reason. Differences without a reason, and reasons without a difference, are printed and
make the status 1.
"""
import fnmatch
import json
import pathlib
import sys


def read(path):
    lines = [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]
    return {(a["scenario"], a.get("model", "*"), a.get("protocol", "*")): a for a in lines}


def body(a):
    return {k: v for k, v in a.items() if k not in ("scenario", "model", "protocol")}


def short(a):
    text = json.dumps(body(a)) if a else "nothing"
    return text if len(text) < 400 else text[:400] + "…"


def skipped(all, key):
    """The line that gives the reason why one server plays no part of the scenario."""
    a = all.get((key[0], "*", "*"))
    return a if a and "not_run" in a else None


def main(one, two, known=None):
    a, b = read(one), read(two)
    reasons = json.loads(pathlib.Path(known).read_text()) if known else []
    used, same, failed = set(), 0, False
    for key in sorted(set(a) | set(b)):
        if skipped(a, key) or skipped(b, key):
            s = skipped(a, key) or skipped(b, key)
            if key[1] == "*" and s in (a.get(key), b.get(key)):
                print(f"NOT RUN   {key[0]}: {s['not_run']}")
            continue
        if key in a and key in b and body(a[key]) == body(b[key]):
            same += 1
            continue
        why = [i for i, d in enumerate(reasons) if all(fnmatch.fnmatch(k, d.get(n, "*")) for k, n in zip(key, ("scenario", "model", "protocol")))]
        used.update(why)
        if why:
            print(f"KNOWN     {' '.join(key)}: {reasons[why[0]]['reason']}")
        else:
            failed = True
            print(f"DIFFERENT {' '.join(key)}\n    {one}: {short(a.get(key))}\n    {two}: {short(b.get(key))}")
    for i, d in enumerate(reasons):
        if i not in used:
            failed = True
            print(f"NO LONGER {d}")
    print(f"{same} the same")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit("usage: python compare.py ANSWERS ANSWERS [DIFFERENCES]")
    sys.exit(main(*sys.argv[1:]))
