#!/usr/bin/env python3
"""Every C++ sample of README.md and docs/ stands in samples.cc, which is compiled: line by line, in order.

Usage: samples_test.py SOURCE_DIR
A line of a shell beside the C++ (curl, the service's own command) and `...` for what a reader fills in are left out.
"""
import pathlib
import re
import sys

SHELL = re.compile(r"^(\$|curl|shop|make|cmake|git|apt-get|build/)")
CPP = re.compile(r"[;{}]\s*(//.*)?$")


def blocks(text):
    """The indented blocks of a page, with their first line's number."""
    block, at = [], 0
    for number, line in enumerate(text.split("\n") + ["end"], 1):
        if line.startswith("    "):
            at = at or number
            block.append(line.strip())
        elif line.strip() or not block:
            if block:
                yield at, block
            block, at = [], 0


def code(lines):
    kept = (re.sub(r"\s+", " ", line.strip()) for line in lines)
    return [line for line in kept if line and not SHELL.match(line)]


def is_cpp(lines):
    return any(CPP.search(line) for line in lines) and not any(line.startswith(("{", '"')) for line in lines)


def stands_in(lines, compiled):
    """Whether the lines follow each other in the compiled file; one with `...` need only begin and end alike."""
    def same(line, other):
        if "..." not in line:
            return line == other
        begin, end = line.split("...", 1)
        return other.startswith(begin.rstrip()) and other.endswith(end.lstrip())
    return any(all(same(line, other) for line, other in zip(lines, compiled[at:at + len(lines)]))
               for at in range(len(compiled) - len(lines) + 1))


def main():
    root = pathlib.Path(sys.argv[1])
    compiled = code((root / "tests/docs/samples.cc").read_text().split("\n"))
    seen, missing = 0, []
    for page in [root / "README.md", *sorted((root / "docs").rglob("*.md"))]:
        if "decisions" in page.parts:
            continue
        for at, block in blocks(page.read_text()):
            lines = code(block)
            if not lines or not is_cpp(lines):
                continue
            seen += 1
            if not stands_in(lines, compiled):
                missing.append(f"{page.relative_to(root)}:{at}: not in tests/docs/samples.cc: {lines[0]}")
    print("\n".join(missing) or f"{seen} samples, all compiled")
    return 1 if missing or seen < 10 else 0


sys.exit(main())
