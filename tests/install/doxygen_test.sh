#!/bin/sh
# The public headers' reference is made without a warning, from their plain comments: usage: doxygen_test.sh SOURCE_DIR
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/include" "$work/build/doxygen"
cp -r "$1/include/outrigger" "$work/include/"
cd "$work"
doxygen "$1/docs/Doxyfile" >doxygen.log 2>&1 || { cat doxygen.log; exit 1; }
[ ! -s doxygen.log ] || { cat doxygen.log; exit 1; }
grep -rq "What the caller should do, not where it broke" build/doxygen/html || { echo "the comments are not in it"; exit 1; }
pages=$(find build/doxygen/html -name '*.html' | wc -l)
[ "$pages" -gt 30 ] || { echo "only $pages pages"; exit 1; }
# It can fail: a comment that names what is not there.
printf '\n// See \\ref nowhere_at_all.\nnamespace outrigger { int spoiled(); }\n' >>include/outrigger/version.h
if doxygen "$1/docs/Doxyfile" >spoiled.log 2>&1; then
  echo "a broken comment passes"
  exit 1
fi
grep -q nowhere_at_all spoiled.log || { cat spoiled.log; exit 1; }
echo "$pages pages, no warning"
