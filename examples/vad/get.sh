#!/bin/sh
# Takes silero_vad.onnx (MIT licence, Silero Team) from its package of PyPI. Needs Python 3
# with pip.
#
#	sh get.sh [FILE]
set -eu
out=${1:-silero_vad.onnx}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
echo "silero-vad==6.2.3 --hash=sha256:7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8" >"$dir/requirements.txt"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes -r "$dir/requirements.txt" -d "$dir"
python3 - "$dir" "$out" <<'END'
import glob, hashlib, sys, zipfile

want = "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3"
(wheel,) = glob.glob(sys.argv[1] + "/*.whl")
model = zipfile.ZipFile(wheel).read("silero_vad/data/silero_vad.onnx")
got = hashlib.sha256(model).hexdigest()
if got != want:
    sys.exit(f"silero_vad.onnx of {wheel} has the sha256 {got}, want {want}")
open(sys.argv[2], "wb").write(model)
END
echo "$out"
