#!/bin/sh
# absl_test.sh CMAKE SOURCE_DIR LIBRARY BUILD_DIR: builds Abseil's log and a test of the sink for it.
# Abseil's sources come with an npm package that carries them; Debian 12's own are older than the log.
set -eu
cmake=$1 source=$2 library=$3 build=$4
package=re2@1.24.0
mkdir -p "$build"
cd "$build"
[ -d package ] || { npm pack --silent "$package" >/dev/null && tar xzf re2-*.tgz package/vendor/abseil-cpp; }
"$cmake" -S "$source/tests/adapters/absl" -B build -G Ninja -D CMAKE_BUILD_TYPE=Release \
  -D ABSEIL="$PWD/package/vendor/abseil-cpp" -D INCLUDE="$source/include" -D LIBRARY="$library" \
  -D CMAKE_CXX_COMPILER_LAUNCHER="$(command -v ccache || true)" >configure.log 2>&1 || { cat configure.log; exit 1; }
"$cmake" --build build --target absl_test >build.log 2>&1 || { tail -40 build.log; exit 1; }
exec build/absl_test
