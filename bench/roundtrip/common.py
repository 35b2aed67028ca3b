"""What the scripts share: cases as folders, differences, the table of results."""
import json
import os

import numpy as np

RESULTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "results", "roundtrip.json")
TOLERANCE = 1e-5


def save_case(folder, system, about, model, inputs, outputs, spec=None):
    """Writes a case that `roundtrip check` reads; inputs and outputs are arrays by name.
    Outputs called "0", "1", … are by their place."""
    os.makedirs(folder, exist_ok=True)
    names = {}
    for kind, arrays in (("in", inputs), ("out", outputs)):
        names[kind] = {}
        for i, (name, a) in enumerate(arrays.items()):
            names[kind][name] = f"{kind}{i}.npy"
            np.save(os.path.join(folder, names[kind][name]), np.ascontiguousarray(a))
    case = {"system": system, "about": about, "model": model, "spec": spec, "inputs": names["in"], "outputs": names["out"]}
    with open(os.path.join(folder, "case.json"), "w") as f:
        json.dump(case, f, indent=1)


def load_case(folder):
    """A case that `roundtrip make` wrote: its inputs, what recur gives, its exports."""
    with open(os.path.join(folder, "case.json")) as f:
        case = json.load(f)
    with open(os.path.join(folder, "export.json")) as f:
        exports = json.load(f)
    read = lambda files: {k: np.load(os.path.join(folder, v)) for k, v in files.items()}
    return case, read(case["inputs"]), read(case["outputs"]), exports


def difference(got, want):
    """The largest of any element, over the largest magnitude in want or 1e-3."""
    got, want = np.asarray(got, dtype=np.float64), np.asarray(want, dtype=np.float64)
    if got.shape != want.shape:
        raise ValueError(f"is {got.shape}, want {want.shape}")
    if want.size == 0:
        return 0.0
    d = float(np.abs(got - want).max() / max(np.abs(want).max(), 1e-3))
    return d if d == d else float("inf")


def keep(system, way, cases, passed, worst):
    """Adds a line to the table, in place of the one of the same system and way."""
    rows = json.load(open(RESULTS)) if os.path.exists(RESULTS) else []
    rows = [r for r in rows or [] if (r["system"], r["way"]) != (system, way)]
    rows.append({"system": system, "way": way, "cases": cases, "pass": passed, "largest_relative_difference": worst})
    rows.sort(key=lambda r: r["system"] + r["way"])
    with open(RESULTS, "w") as f:
        json.dump(rows, f, indent=2, ensure_ascii=False)
        f.write("\n")
    print(f"{system}, {way}: {passed} of {cases} pass, largest difference {worst:.2g}")
