#!/usr/bin/env python3
"""What protects a service's file against its own bugs, read from the file itself: hardening_test.py FILE.

Full RELRO, position-independent, no memory that is written and executed, no text relocations, stack protectors in
our functions. Control-flow marks (CET) hold only where every object of the link has them: expected if libc.a has.
"""
import lzma
import os
import re
import subprocess
import sys
import tempfile


def tool(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def libc_is_marked():
    archive = tool("g++", "-print-file-name=libc.a").strip()
    with tempfile.TemporaryDirectory() as scratch:
        tool("ar", "x", "--output", scratch, archive, "libc-start.o")
        return "SHSTK" in tool("readelf", "-n", os.path.join(scratch, "libc-start.o"))


def function_names(file, scratch):
    """Of the symbol table that travels compressed in a stripped file."""
    packed, plain = os.path.join(scratch, "packed"), os.path.join(scratch, "plain")
    if ".gnu_debugdata" not in tool("readelf", "-W", "-S", file):
        return ""
    tool("objcopy", "-O", "binary", "--only-section=.gnu_debugdata", "--set-section-flags", ".gnu_debugdata=alloc", file, packed)
    with open(packed, "rb") as source, open(plain, "wb") as target:
        target.write(lzma.decompress(source.read()))
    return tool("nm", plain)


def main(file):
    wrong = []

    def expect(holds, sentence):
        if not holds:
            wrong.append(sentence)

    header, segments, dynamic = (tool("readelf", "-W", option, file) for option in ("-h", "-l", "-d"))
    expect("DYN" in header, "not position-independent")
    expect("GNU_RELRO" in segments, "no RELRO segment")
    expect("BIND_NOW" in dynamic or "FLAGS_1" in dynamic and "NOW" in dynamic, "not bound at start: RELRO is partial")
    expect("TEXTREL" not in dynamic, "text relocations")
    stack = re.search(r"GNU_STACK.*?(R\w*)\s+0x", segments)
    expect(stack is not None and "E" not in stack.group(1), "an executable stack")
    for line in segments.splitlines():
        if line.strip().startswith("LOAD"):
            expect(re.search(r"\bRWE\b", line) is None, "memory that is written and executed: " + line.strip())
    with tempfile.TemporaryDirectory() as scratch:
        names = function_names(file, scratch)
        expect("__stack_chk_fail" in names, "no stack protectors")
    marked = "SHSTK" in tool("readelf", "-W", "-n", file)
    expect(marked == libc_is_marked(), "control-flow marks differ from libc.a's")
    for sentence in wrong:
        print(f"{file}: {sentence}")
    print(f"CET: {'yes' if marked else 'no: libc.a has no marks'}")
    return 1 if wrong else 0


def self_test():
    """A file without any of it is found out in every respect."""
    with tempfile.TemporaryDirectory() as scratch:
        file = os.path.join(scratch, "soft")
        subprocess.run(["g++", "-x", "c++", "-", "-o", file, "-no-pie", "-Wl,-z,norelro,-z,lazy,-z,execstack"],
                       input="int main() {}", text=True, check=True)
        found = subprocess.run([sys.executable, __file__, file], capture_output=True, text=True)
    for sentence in ("not position-independent", "no RELRO", "not bound at start", "an executable stack", "no stack protectors"):
        if sentence not in found.stdout:
            print(f"self-test: does not find: {sentence}\n{found.stdout}{found.stderr}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(self_test() if sys.argv[1] == "--self-test" else main(sys.argv[1]))
