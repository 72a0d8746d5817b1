#!/bin/sh
# Builds and runs a project that uses Outrigger: from the .deb that CPack makes, or from the sources.
# usage: install_test.sh deb|subdirectory CMAKE SOURCE_DIR BUILD_DIR WORK_DIR [cmake options...]
set -eu
way="$1"
cmake="$2"
source="$3"
build="$4"
work="$5"
shift 5
rm -rf "$work"
mkdir -p "$work"
trap 'rm -rf "$work"' EXIT

if [ "$way" = deb ]; then
  "$(dirname "$cmake")/cpack" --config "$build/CPackConfig.cmake" -G DEB -B "$work" >"$work/cpack.log" ||
    { cat "$work/cpack.log"; exit 1; }
  package=$(echo "$work"/*.deb)
  if [ "$(id -u)" -eq 0 ]; then
    # A root of its own, with a package database of its own. What the package depends on is not in there.
    mkdir -p "$work/root/var/lib/dpkg/info" "$work/root/var/lib/dpkg/updates"
    : >"$work/root/var/lib/dpkg/status"
    dpkg --root="$work/root" --log="$work/dpkg.log" --force-depends -i "$package" >"$work/dpkg.out" 2>&1 ||
      { cat "$work/dpkg.out"; exit 1; }
    dpkg --root="$work/root" -s liboutrigger-dev | grep -q "^Status: install ok installed"
  else
    dpkg-deb -x "$package" "$work/root"
  fi
  echo "$(basename "$package"): $(wc -c <"$package") bytes"
  set -- "$@" -DCMAKE_PREFIX_PATH="$work/root/usr"
else
  set -- "$@" -DOUTRIGGER_SOURCE="$source"
fi
cp -r "$source/tests/install/consumer" "$work/source"  # away from this tree: no header is found by chance
"$cmake" -G Ninja -S "$work/source" -B "$work/build" "$@" >"$work/configure.log" 2>&1 || { cat "$work/configure.log"; exit 1; }
OUTRIGGER_GIT_SHA=abcdef1234 "$cmake" --build "$work/build" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
if grep -q "warning:" "$work/build.log"; then
  cat "$work/build.log"
  exit 1
fi

failed=0
# expect WHAT WANTED GOT
expect() {
  [ "$2" = "$3" ] || { echo "$1: expected \"$2\", got \"$3\""; failed=1; }
}
cd "$work/build"
for program in greeter greeter_dynamic; do
  expect "$program version" "3.4.abcdef1" "$(./$program version)"
  # On a pipe, log lines go to stderr and the result to stdout.
  expect "$program greet" '{"greeting":"Good day"}' "$(./$program greet 2>/dev/null)"
  readelf --wide --dynamic --program-headers --notes $program >$program.elf
  grep -q "GNU_RELRO" $program.elf || { echo "$program has no RELRO"; failed=1; }
  grep -q "NOW" $program.elf || { echo "$program binds lazily"; failed=1; }
  grep -q "GNU_STACK.* RW " $program.elf || { echo "$program has an executable stack"; failed=1; }
  grep -q "Build ID" $program.elf || { echo "$program has no build id"; failed=1; }
  expect "$program symbols" "" "$(nm $program 2>/dev/null)"
  # What the linker read, by Debian's source packages.
  ./$program sbom >$program.json || failed=1
  expect "$program sbom" "application greeter boost bzip elfutils fmtlib gcc glibc libdeflate openssl outrigger pugixml xz-utils zlib" "$(python3 -c '
import json, re, sys
bom = json.load(open(sys.argv[1]))
names = [re.sub("-?[0-9.]*$", "", part["name"]) for part in bom["components"] if part["licenses"] and part["version"]]
assert bom["bomFormat"] == "CycloneDX" and bom["metadata"]["component"]["version"] == "3.4.abcdef1"
print("application", bom["metadata"]["component"]["name"].removesuffix("_dynamic"), *names)' $program.json)"
  [ -s debug/$program.debug ] || { echo "$program: its debug information is not kept"; failed=1; }
  size=$(wc -c <$program)
  [ "$size" -le 10485760 ] || { echo "$program has $size bytes"; failed=1; }
  echo "$program: $size bytes"
done
grep -q "Flags: .*PIE" greeter.elf || { echo "greeter is not position-independent"; failed=1; }
expect "greeter: interpreter" 0 "$(grep -c INTERP greeter.elf || true)"
expect "greeter: libraries" 0 "$(grep -c NEEDED greeter.elf || true)"
expect "greeter_dynamic: interpreter" 1 "$(grep -c ' INTERP ' greeter_dynamic.elf || true)"
expect "api_alone" "0.0.0000000 told" "$(./api_alone 2>stderr.log)"
grep -q "seen on stderr" stderr.log || { echo "api_alone: the warning is not on stderr:"; cat stderr.log; failed=1; }
exit "$failed"
