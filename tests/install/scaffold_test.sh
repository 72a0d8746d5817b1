#!/bin/sh
# scripts/new-service: what it leaves builds and passes its test from nothing with two commands.
# usage: scaffold_test.sh CMAKE SOURCE_DIR BUILD_DIR WORK_DIR
set -eu
cmake="$1"
source="$2"
build="$3"
work="$4"
rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT
"$cmake" --install "$build" --prefix "$work/prefix" >/dev/null
export CMAKE_PREFIX_PATH="$work/prefix"
export GIT_CONFIG_GLOBAL="$work/gitconfig" GIT_CEILING_DIRECTORIES="$work"
git config --file "$work/gitconfig" user.name test
git config --file "$work/gitconfig" user.email test@example.invalid
unset OUTRIGGER_GIT_SHA OUTRIGGER_SOURCE MAKEFLAGS MAKELEVEL

failed=0
# expect WHAT WANTED GOT
expect() {
  [ "$2" = "$3" ] || { echo "$1: expected \"$2\", got \"$3\""; failed=1; }
}

"$source/scripts/new-service" front-desk "$work/front-desk" >"$work/said"
make -C "$work/front-desk" test >"$work/made" 2>&1 || { cat "$work/made"; exit 1; }

grep -q "100% tests passed, 0 tests failed out of 2" "$work/made" || { cat "$work/made"; failed=1; }
if grep -q "warning:" "$work/made"; then cat "$work/made"; failed=1; fi
cd "$work/front-desk"
expect "pending changes after the build" "" "$(git status --porcelain)"
expect "names left to fill in" "" "$(grep -rIl '@NAME@' --exclude-dir=build . || true)"
program=build/release/bin/front-desk
expect "version" "1.0.$(git rev-parse --short=7 HEAD)" "$($program version)"
expect "result" '{"greeting":"Hi, Ada"}' "$($program greet Ada --environment local 2>/dev/null)"
expect "help names the operation" 1 "$($program help | grep -c '^  greet ')"

# As in its image: the file that the Dockerfile copies, and nothing beside it.
copied=$(sed -n 's|^COPY --from=build /src/\([^ ]*\) /front-desk$|\1|p' Dockerfile)
expect "what the Dockerfile copies" "$program" "$copied"
expect "the last stage" "FROM scratch" "$(grep '^FROM' Dockerfile | tail -1)"
if [ "$(id -u)" -eq 0 ]; then
  mkdir "$work/scratch"
  cp "$copied" "$work/scratch/front-desk"
  expect "in an empty root" "$($program version)" "$(chroot "$work/scratch" /front-desk version)"
fi
python3 -c 'import json; json.load(open("CMakePresets.json"))'
grep -q 'run: .* make test$' .github/workflows/ci.yml || { echo "ci.yml does not run make test"; failed=1; }

# refused STATUS NAME DIR WORD
refused() {
  status=0
  "$source/scripts/new-service" "$2" "$3" >/dev/null 2>"$work/refused" || status=$?
  expect "status for $2 in $3" "$1" "$status"
  grep -q -- "$4" "$work/refused" || { echo "$2 in $3:"; cat "$work/refused"; failed=1; }
}
refused 2 Front "$work/other" '"Front"'
refused 2 "a;b" "$work/other" '"a;b"'
refused 2 test "$work/other" '"test"'
refused 1 front-desk "$work/front-desk" "not empty"
[ ! -e "$work/other" ] || { echo "a refused name left something"; failed=1; }
exit "$failed"
