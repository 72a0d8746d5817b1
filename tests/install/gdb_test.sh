#!/bin/sh
# The recipes of docs/debugging.md for gdb, in batch mode: usage: gdb_test.sh PROBER
# A check that runs at once and each 200 ms makes the service come by its breakpoint.
set -eu
prober="$1"
work=$(mktemp -d)
supervisor=""
trap '[ -z "$supervisor" ] || kill "$supervisor"; rm -rf "$work"' EXIT
options="--listen 127.0.0.1:0 --admin 127.0.0.1:0 --allow-private --target http://127.0.0.1:1/ --every 200ms"
failed=0
# sees WHAT PATTERN
sees() {
  grep -qE "$2" "$work/gdb" || { echo "$1: no \"$2\" in:"; cat "$work/gdb"; failed=1; }
}

# Plain: a tracer at start makes it one process, and the breakpoint in the service is hit.
timeout 120 gdb --batch --nx -ex 'break prober::Probe::check' -ex run -ex backtrace -ex kill \
  --args "$prober" $options >"$work/gdb" 2>&1 </dev/null || true
sees "plain gdb" 'hit Breakpoint 1, prober::Probe::check .*probe\.cc:[0-9]+'
sees "its backtrace" '#[0-9]+ .*main\.cc:[0-9]+'

# Attached to the service of a crew, which is found by its title.
"$prober" $options >"$work/out" 2>&1 &
supervisor=$!
tries=0
until service=$(pgrep -P "$supervisor" -f '^prober: service') && grep -q "answers on" "$work/out"; do
  tries=$((tries + 1))
  [ "$tries" -lt 600 ] || { echo "the service does not start:"; cat "$work/out"; exit 1; }
  sleep 0.1
done
timeout 120 gdb --batch --nx -p "$service" -ex 'break prober::Probe::check' -ex continue -ex backtrace -ex detach \
  >"$work/gdb" 2>&1 </dev/null || true
sees "attached gdb" 'hit Breakpoint 1, prober::Probe::check .*probe\.cc:[0-9]+'
sees "its backtrace" '#[0-9]+ .*main\.cc:[0-9]+'
kill -0 "$supervisor" || { echo "the crew did not survive its debugger"; failed=1; }
[ "$failed" -eq 0 ] && echo "both breakpoints hit"
exit "$failed"
