#!/bin/sh
# A session of a recur server by curl: steps.sh VALUE...
set -eu
server=${SERVER:-http://127.0.0.1:8000}
session=${SESSION:-curl}
at=$server/v2/models/airline/sessions/$session
for value; do
	# 12 months come, each a mean and three intervals; the first mean is printed.
	next=$(curl -sS --fail-with-body "$at/steps" -d "{\"x\": [$value]}" | sed 's/.*"y":\[\[\([^,]*\),.*/\1/')
	printf '%s\t%.1f\n' "$value" "$next"
done
