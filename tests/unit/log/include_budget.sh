#!/bin/sh
# include_budget.sh COMPILER INCLUDE_DIR: what a file that includes outrigger/log.h alone makes the compiler read, beside
# one with <string> and fmt alone. Fails above one and a half times as much, and when anything of Boost, OpenSSL or libdw
# is among it. Prints the times of compiling both, which decide nothing.
set -eu
compiler=$1 include=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo '#include <outrigger/log.h>' >"$work/log.cc"
printf '#include <string>\n#include <fmt/core.h>\n' >"$work/fmt.cc"

size() { "$compiler" -std=c++20 -I"$include" -E -P "$work/$1.cc" | wc -c; }
cost() {
  for run in 1 2 3; do
    begin=$(date +%s%N)
    "$compiler" -std=c++20 -O2 -I"$include" -c "$work/$1.cc" -o "$work/$1.o"
    echo $((($(date +%s%N) - begin) / 1000000))
  done | sort -n | head -1
}

"$compiler" -std=c++20 -I"$include" -M "$work/log.cc" | tr ' \\' '\n\n' | grep '/' >"$work/files"
if grep -Ei '/(boost|openssl|elfutils|libdw|dwarf|asio)' "$work/files"; then
  echo "log.h pulls in what it must not" >&2
  exit 1
fi
log=$(size log) fmt=$(size fmt)
echo "outrigger/log.h: $log bytes of source to compile, <string> and fmt: $fmt; at most half as much again"
echo "compiled in $(cost log) ms and $(cost fmt) ms (best of three)"
[ $((2 * log)) -le $((3 * fmt)) ]
