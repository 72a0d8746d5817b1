#!/bin/sh
# diff_size.sh BEFORE AFTER: how many lines adoption adds and removes; ten are too many.
set -eu
lines=$(diff "$1" "$2" | grep -c '^[<>]' || true)
echo "$lines lines differ between $1 and $2"
[ "$lines" -gt 0 ] && [ "$lines" -lt 10 ]
