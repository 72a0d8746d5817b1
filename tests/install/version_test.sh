#!/bin/sh
# What version is baked in: usage: version_test.sh CMAKE VERSION_SOURCE
set -eu
cmake="$1"
script="$2"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset OUTRIGGER_GIT_SHA SOURCE_DATE_EPOCH
failed=0

# made [-D…]: writes the source from $tree, in the environment of the call.
made() { "$cmake" -DSOURCE_DIR="$tree" -DOUTPUT="$work/version.cc" -DVERSION=1.1 "$@" -P "$script"; }
says() { sed -n "s/^const char outrigger_$1_string\[\] = \"\(.*\)\";/\1/p" "$work/version.cc"; }
# expect CASE WANTED GOT
expect() {
  [ "$2" = "$3" ] || { echo "$1: expected \"$2\", got \"$3\""; failed=1; }
}

tree="$work/tree"
mkdir -p "$tree/service"
git -C "$tree" init -q
git -C "$tree" config user.name test
git -C "$tree" config user.email test@example.invalid
echo one >"$tree/service/main.cc"
git -C "$tree" add .
GIT_COMMITTER_DATE="2026-11-24T01:02:03Z" git -C "$tree" commit -q -m one
sha=$(git -C "$tree" rev-parse HEAD)
digits=$(echo "$sha" | cut -c1-7)

made
expect "clean tree" "1.1.$digits" "$(says version)"
expect "clean tree, commit" "$sha" "$(says commit)"
expect "clean tree, built" "2026-11-24T01:02:03Z" "$(says built)"

touch -d 2001-01-01 "$work/version.cc"
made
expect "nothing new: the file is left alone" 2001 "$(date -r "$work/version.cc" +%Y)"

echo two >"$tree/service/main.cc"
made
expect "changed file" "1.1.$digits+CHANGES" "$(says version)"
git -C "$tree" checkout -q -- .
echo three >"$tree/untracked.cc"
made
expect "untracked file" "1.1.$digits+CHANGES" "$(says version)"
rm "$tree/untracked.cc"
made
expect "clean again" "1.1.$digits" "$(says version)"

SOURCE_DATE_EPOCH=0 made
expect "SOURCE_DATE_EPOCH" "1970-01-01T00:00:00Z" "$(says built)"
OUTRIGGER_GIT_SHA=0123456789abcdef made
expect "environment" "1.1.0123456" "$(says version)"
expect "environment, commit" 0123456789abcdef "$(says commit)"
OUTRIGGER_GIT_SHA=0123456+CHANGES made
expect "environment with changes" "1.1.0123456+CHANGES" "$(says version)"
made -DSHA=fedcba9
expect "cache variable" "1.1.fedcba9" "$(says version)"
OUTRIGGER_GIT_SHA=0123456 made -DSHA=fedcba9
expect "environment before cache variable" "1.1.0123456" "$(says version)"
if OUTRIGGER_GIT_SHA=main made 2>/dev/null; then
  echo "a name that is no hash was taken"
  failed=1
fi

tree="$work"  # no repository
made
expect "without git" "1.1.0000000" "$(says version)"
mkdir "$work/empty"
git -C "$work/empty" init -q
tree="$work/empty"
made
expect "no commit yet" "1.1.0000000" "$(says version)"

[ "$failed" -eq 0 ] && echo "all versions as expected"
exit "$failed"
