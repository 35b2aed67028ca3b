"""Writes a model repository for a real Triton: accumulators, under the names that the
scenarios ask for.

    python triton_models.py FOLDER

An accumulator adds INPUT to the state of its sequence and answers with the sum, so that an
answer shows every step that reached the state. The scheduling of each is what a scenario is
about; all run in Triton's Python backend.
"""
import pathlib
import sys

IDLE = 2_000_000  # microseconds after which a silent sequence ends

CODE = '''
import json, time
import numpy as np
import triton_python_backend_utils as pb


class TritonPythonModel:
    def initialize(self, args):
        config = json.loads(args["model_config"])
        self.delay = int(config["parameters"].get("delay_ms", {"string_value": "0"})["string_value"]) / 1000
        self.names = [o["name"] for o in config["output"]]
        self.sums = {}

    def execute(self, requests):
        time.sleep(self.delay)
        return [self.one(r) for r in requests]

    def one(self, request):
        def control(name):
            t = pb.get_input_tensor_by_name(request, name)
            return t.as_numpy().ravel()[0]

        x = pb.get_input_tensor_by_name(request, "INPUT").as_numpy()
        if not control("READY"):  # an empty slot of a batch
            return pb.InferenceResponse([pb.Tensor("OUTPUT", np.zeros_like(x))])
        id = control("CORRID")
        if control("START"):
            self.sums[id] = np.zeros_like(x)
        self.sums[id] = self.sums[id] + x
        outputs = [pb.Tensor("OUTPUT", self.sums[id].astype(x.dtype))]
        if "ID" in self.names:
            v = np.array([[id]], object if isinstance(id, bytes) else np.uint64)
            outputs.append(pb.Tensor("ID", v))
        return pb.InferenceResponse(outputs)
'''

# One request of countdown gives as many answers as INPUT says, by being scheduled again.
COUNTDOWN = '''
import numpy as np, time
import triton_python_backend_utils as pb


class TritonPythonModel:
    def initialize(self, args):
        self.left = {}

    def execute(self, requests):
        for r in requests:
            x = pb.get_input_tensor_by_name(r, "INPUT").as_numpy()
            key = pb.get_input_tensor_by_name(r, "CORRID")
            key = int(key.as_numpy().ravel()[0]) if key is not None else 0
            if key not in self.left:
                self.left[key] = int(x.ravel()[0])
            self.left[key] -= 1
            sender = r.get_response_sender()
            out = pb.InferenceResponse([pb.Tensor("OUTPUT", np.full_like(x, self.left[key]))])
            if self.left[key] <= 0:
                del self.left[key]
                sender.send(out, flags=pb.TRITONSERVER_RESPONSE_COMPLETE_FINAL)
            else:
                r.set_release_flags(pb.TRITONSERVER_REQUEST_RELEASE_RESCHEDULE)
                sender.send(out)
                time.sleep(PAUSE)
'''


def control(kind, values):
    return f'{{ name: "{kind}" control [ {{ kind: CONTROL_SEQUENCE_{kind} {values} }} ] }}'


def accumulator(dtype="INT32", strategy="direct { }", batch=4, dims=1, id="TYPE_UINT64", ragged=False, delay=0, idle=IDLE, show_id=False):
    controls = [control(k, "int32_false_true: [ 0, 1 ]") for k in ("START", "END", "READY")]
    controls.append(control("CORRID", f"data_type: {id}"))
    outputs = [f'{{ name: "OUTPUT" data_type: TYPE_{dtype} dims: [ {dims} ] }}']
    if show_id:
        outputs.append(f'{{ name: "ID" data_type: {id} dims: [ 1 ] }}')
    return CODE, f'''backend: "python"
max_batch_size: {batch}
input [ {{ name: "INPUT" data_type: TYPE_{dtype} dims: [ {dims} ] {"allow_ragged_batch: true" if ragged else ""} }} ]
output [ {", ".join(outputs)} ]
instance_group [ {{ kind: KIND_CPU count: 1 }} ]
parameters {{ key: "delay_ms" value {{ string_value: "{delay}" }} }}
sequence_batching {{
  max_sequence_idle_microseconds: {idle}
  {strategy}
  control_input [ {", ".join(controls)} ]
}}
'''


def countdown(scheduling, pause=0.0):
    if scheduling.startswith("sequence_batching"):
        at = scheduling.rindex("}")
        scheduling = scheduling[:at] + f"control_input [ {control('CORRID', 'data_type: TYPE_UINT64')} ] }}"
    return COUNTDOWN.replace("PAUSE", str(pause)), f'''backend: "python"
max_batch_size: 1
input [ {{ name: "INPUT" data_type: TYPE_INT32 dims: [ 1 ] }} ]
output [ {{ name: "OUTPUT" data_type: TYPE_INT32 dims: [ 1 ] }} ]
instance_group [ {{ kind: KIND_CPU count: 1 }} ]
model_transaction_policy {{ decoupled: true }}
{scheduling}
'''


def queued(share):
    return f"direct {{ max_queue_delay_microseconds: 1000000 minimum_slot_utilization: {share} }}"


OLDEST = "oldest { max_candidate_sequences: 4 }"

MODELS = {
    "accumulate_int32": accumulator(),
    "accumulate_fp32": accumulator("FP32"),
    "accumulate_oldest_int32": accumulator(strategy=OLDEST),
    "accumulate_oldest_fp32": accumulator("FP32", OLDEST),
    "accumulate_wide": accumulator(dims=-1),
    "accumulate_wide_ragged": accumulator(dims=-1, ragged=True),
    "accumulate_wide_oldest": accumulator(dims=-1, strategy=OLDEST),
    "accumulate_wide_oldest_ragged": accumulator(dims=-1, strategy=OLDEST, ragged=True),
    "accumulate_delay": accumulator(strategy=queued(0)),
    "accumulate_delay_half": accumulator(strategy=queued(0.5)),
    "accumulate_delay_full": accumulator(strategy=queued(1)),
    "accumulate_slow": accumulator(batch=1, delay=1000, idle=10_000_000),
    "accumulate_slow_oldest": accumulator(strategy="oldest { max_candidate_sequences: 1 }", batch=1, delay=1000, idle=10_000_000),
    "accumulate_ordered": accumulator(strategy="oldest { max_candidate_sequences: 16 preserve_ordering: true }"),
    "accumulate_unordered": accumulator(strategy="oldest { max_candidate_sequences: 16 preserve_ordering: false }"),
    "accumulate_id": accumulator(strategy=OLDEST, show_id=True),
    "accumulate_string_id": accumulator(strategy=OLDEST, id="TYPE_STRING", show_id=True),
    "countdown": countdown("sequence_batching { iterative_sequence: true }"),
    "countdown_direct_queue": countdown("sequence_batching { iterative_sequence: true max_sequence_idle_microseconds: 8000000 direct { max_queue_delay_microseconds: 1000000 } }"),
    "countdown_short_idle": countdown("sequence_batching { iterative_sequence: true max_sequence_idle_microseconds: 200000 }", 0.5),
    "countdown_direct": countdown("sequence_batching { direct { } }"),
    "countdown_oldest": countdown("sequence_batching { oldest { } }"),
    "countdown_dynamic": countdown("dynamic_batching { }"),
}


def main(folder):
    for name, (code, config) in MODELS.items():
        to = pathlib.Path(folder, name, "1")
        to.mkdir(parents=True, exist_ok=True)
        (to / "model.py").write_text(code)
        (to.parent / "config.pbtxt").write_text(f'name: "{name}"\n{config}')


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python triton_models.py FOLDER")
    main(sys.argv[1])
