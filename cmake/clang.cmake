# Toolchain: the newest Clang that is there. Before 16, Clang cannot compile all of C++20 that is used here.
find_program(OUTRIGGER_CLANG NAMES clang++-19 clang++-18 clang++-17 clang++-16 clang++ REQUIRED)
set(CMAKE_CXX_COMPILER "${OUTRIGGER_CLANG}")
