#!/usr/bin/env python3
"""The symbols that a user's program meets: usage: symbols_test.py NM LIBRARY OPERATIONS_OBJECT

The library defines names of its own and instances of the standard library's templates, nothing else; the operations
object defines one name.
"""
import re
import subprocess
import sys

OURS = re.compile(
    r"outrigger(::|_)"  # namespaces outrigger and outrigger_fmt, C names outrigger_…
    r"|__wrap_\w+$"  # what services are linked with in place of a function of libc
    r"|std::|__gnu_cxx::|operator (new|delete)|__clang_call_terminate")
ABOUT = re.compile(r"(vtable|typeinfo|typeinfo name|VTT|guard variable|TLS init function|TLS wrapper function) for "
                   r"|non-virtual thunk to ")


def defined(nm, file):
    output = subprocess.run([nm, "--defined-only", "--extern-only", "--demangle", file], capture_output=True,
                            text=True, check=True).stdout
    for line in output.splitlines():
        match = re.match(r"[0-9a-f]{16} (\w) (.*)", line)
        if match:
            yield match.group(1), match.group(2)


def belongs(kind, name):
    if name.startswith("DW.ref."):  # GCC's way to name a personality or a type in position-independent tables
        return True
    bare = ABOUT.sub("", name)
    if bare != name and "::" not in bare:  # of a built-in type
        return kind in "VWu"
    if OURS.match(bare):
        # Strong symbols in std:: would be ours to answer for; weak ones are instances of its templates.
        return bare.startswith(("outrigger", "__wrap_")) or kind in "VWu"
    # An instance of a template begins with its return type. What it is an instance of must be ours or std's.
    return kind in "VWu" and re.search(r"[\s&*](outrigger|std|__gnu_cxx)\w*::", bare) is not None \
        and not re.search(r"[\s&*](fmt|boost)::\w+(<.*>)?\(", bare)


def main():
    nm, library, operations = sys.argv[1:]
    strangers = [f"{kind} {name}" for kind, name in defined(nm, library) if not belongs(kind, name)]
    foreign = [f"{kind} {name}" for kind, name in defined(nm, library) if re.search(r"\b(fmt|boost)::", name)
               and "outrigger_fmt::" not in name]
    doors = [name for _, name in defined(nm, operations)]
    for line in strangers + foreign:
        print("not ours:", line)
    if doors != ["outrigger_ops"]:
        print("the operations object defines:", doors[:20])
    count = sum(1 for _ in defined(nm, library))
    print(f"{count} symbols in the library, {len(strangers) + len(foreign)} not ours; {len(doors)} in the object")
    return 1 if strangers or foreign or doors != ["outrigger_ops"] or count < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
