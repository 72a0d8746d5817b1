#!/bin/sh
# The unpacked tar.gz, anywhere, and pkg-config: a service without CMake, in both forms.
# usage: archive_test.sh CMAKE BUILD_DIR HERE WORK_DIR CXX
set -eu
cmake="$1"
build="$2"
here="$3"
work="$4"
cxx="$5"
rm -rf "$work"
mkdir -p "$work/anywhere"
trap 'rm -rf "$work"' EXIT
cd "$work"
"$(dirname "$cmake")/cpack" --config "$build/CPackConfig.cmake" -G TGZ -B "$work" >cpack.log || { cat cpack.log; exit 1; }
archive=$(echo outrigger-*.tar.gz)
echo "$archive: $(wc -c <"$archive") bytes"
tar -xzf "$archive" -C anywhere --strip-components=1
PKG_CONFIG_PATH=$(dirname "$(find "$work/anywhere" -name outrigger.pc)")
export PKG_CONFIG_PATH

failed=0
# expect WHAT WANTED GOT
expect() {
  [ "$2" = "$3" ] || { echo "$1: expected \"$2\", got \"$3\""; failed=1; }
}
"$cxx" -O1 -c "$here/consumer/greeter.cc" -o greeter.o $(pkg-config --cflags outrigger-service)
"$cxx" -static-pie greeter.o -o greeter $(pkg-config --libs outrigger-service) 2>link.log || { cat link.log; exit 1; }
"$cxx" -pie greeter.o -o greeter_dynamic $(pkg-config --libs outrigger-service-dynamic)
for program in greeter greeter_dynamic; do
  expect "$program greet" '{"greeting":"Good day"}' "$(./$program greet 2>/dev/null)"
  ./$program sbom 2>sbom.err && { echo "$program tells parts that nobody wrote down"; failed=1; }
  grep -q "declare it with outrigger_add_service" sbom.err || { cat sbom.err; failed=1; }
done
expect "greeter: interpreter" 0 "$(readelf --wide --program-headers greeter | grep -c INTERP || true)"

# A library that is laid over the C library: only the dynamic form hears of it.
cat >overlay.c <<'EOF'
#include <unistd.h>
__attribute__((constructor)) static void here(void) { (void)!write(2, "overlay\n", 8); }
EOF
"${CC:-cc}" -shared -fPIC overlay.c -o overlay.so
expect "greeter_dynamic with LD_PRELOAD" '{"greeting":"Good day"}' \
  "$(LD_PRELOAD=./overlay.so ./greeter_dynamic greet 2>overlay.err)"
expect "overlay in the dynamic form" 1 "$(grep -c overlay overlay.err)"
LD_PRELOAD=./overlay.so ./greeter greet >/dev/null 2>overlay.err
expect "overlay in the static form" 0 "$(grep -c overlay overlay.err || true)"

# The API alone.
"$cxx" -O1 "$here/consumer/api_alone.cc" -o api_alone $(pkg-config --cflags --libs outrigger)
expect "api_alone" "0.0.0000000 told" "$(./api_alone 2>/dev/null)"
exit "$failed"
