#!/usr/bin/env python3
"""The recipes in packaging/, as far as they can be judged without their tools: usage: packaging_test.py SOURCE_DIR"""
import ast
import json
import re
import sys
from pathlib import Path

root = Path(sys.argv[1])
version = re.search(r"project\(outrigger VERSION ([\d.]+)", (root / "CMakeLists.txt").read_text()).group(1)
options = set(re.findall(r"option\((OUTRIGGER_\w+)", (root / "CMakeLists.txt").read_text()))
wrong = []


def expect(holds, sentence):
    if not holds:
        wrong.append(sentence)


# vcpkg: https://learn.microsoft.com/vcpkg/reference/vcpkg-json
manifest = json.loads((root / "packaging/vcpkg/outrigger/vcpkg.json").read_text())
known = {"name", "version", "description", "license", "supports", "dependencies"}
expect(set(manifest) == known, f"vcpkg.json has {set(manifest) ^ known}, or lacks it")
expect(manifest["version"] == version, f"vcpkg.json is about {manifest['version']}, CMakeLists.txt about {version}")
expect(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", manifest["name"]), "vcpkg.json: the name")
names = [d if isinstance(d, str) else d["name"] for d in manifest["dependencies"]]
expect(names == sorted(set(names)), "vcpkg.json: dependencies are not sorted, as `vcpkg format-manifest` has them")
portfile = (root / "packaging/vcpkg/outrigger/portfile.cmake").read_text()
calls = set(re.findall(r"^(\w+)\(", portfile, flags=re.M))
needed = {"vcpkg_cmake_configure", "vcpkg_cmake_install", "vcpkg_cmake_config_fixup", "vcpkg_install_copyright"}
expect(needed <= calls, f"portfile.cmake does not call {needed - calls}")
expect(portfile.count("(") == portfile.count(")"), "portfile.cmake: parentheses")
used = set(re.findall(r"-D(OUTRIGGER_\w+)=", portfile))
expect(used and used <= options, f"portfile.cmake sets {used - options}, which CMakeLists.txt does not have")
expect((root / "packaging/vcpkg/outrigger/usage").is_file(), "usage is missing")

# Conan: https://docs.conan.io/2/reference/conanfile.html
text = (root / "packaging/conan/conanfile.py").read_text()
recipe = next(n for n in ast.parse(text).body if isinstance(n, ast.ClassDef))
expect([ast.unparse(b) for b in recipe.bases] == ["ConanFile"], "conanfile.py: the class is no ConanFile")
fields = {n.targets[0].id: ast.literal_eval(n.value) for n in recipe.body if isinstance(n, ast.Assign)}
methods = {n.name for n in recipe.body if isinstance(n, ast.FunctionDef)}
expect(fields.get("name") == "outrigger" and fields.get("license") == "MIT", "conanfile.py: name or license")
expect(fields.get("version") == version, f"conanfile.py is about {fields.get('version')}")
expect({"os", "arch", "compiler", "build_type"} == set(fields.get("settings", ())), "conanfile.py: settings")
needed = {"export_sources", "requirements", "layout", "generate", "build", "package", "package_info", "validate"}
expect(needed <= methods, f"conanfile.py lacks {needed - methods}")
for pattern in ast.literal_eval(re.search(r"for pattern in (\(.*?\)):", text).group(1)):
    expect(list(root.glob(pattern)), f"conanfile.py exports {pattern}, which is not there")

for sentence in wrong:
    print(sentence)
print(f"packaging: {len(wrong)} wrong")
sys.exit(1 if wrong else 0)
