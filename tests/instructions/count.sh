#!/usr/bin/env bash
# count.sh PROGRAM MAX: instructions of one call of PROGRAM N, by callgrind; fails above MAX.
# Counts, not times: the same on a busy machine.
set -euo pipefail
program=$1 max=$2
out=$(mktemp)
trap 'rm -f "$out"' EXIT
count() {
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" 2>"$out" || { cat "$out" >&2; exit 1; }
  sed -n 's/.*Collected : //p' "$out"
}
few=$(count 1000)
many=$(count 101000)
per_call=$(( (many - few + 99999) / 100000 ))
echo "$(basename "$program"): $per_call instructions a call, loop included; at most $max allowed"
(( per_call <= max ))
