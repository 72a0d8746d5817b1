"""Conan 2 recipe: `conan create packaging/conan` from a checkout."""
import os

from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy


class OutriggerConan(ConanFile):
    name = "outrigger"
    version = "1.1"
    description = "Makes a C++ program a well-behaved service in one file: logs, health, metrics, an orderly life."
    license = "MIT"
    topics = ("service", "logging", "health", "metrics")
    package_type = "static-library"
    settings = "os", "arch", "compiler", "build_type"

    def export_sources(self):
        root = os.path.join(self.recipe_folder, "..", "..")
        for pattern in ("CMakeLists.txt", "cmake/*", "include/*", "src/*", "LICENSE", "docs/licensing.md"):
            copy(self, pattern, src=root, dst=self.export_sources_folder)

    def validate(self):
        check_min_cppstd(self, 20)
        if self.settings.os != "Linux" or self.settings.arch not in ("x86_64", "armv8"):
            raise ConanInvalidConfiguration("outrigger is written for Linux on x86-64 and 64-bit ARM")

    def requirements(self):
        # Inside the operations object: nobody who links it needs them again.
        self.requires("boost/1.81.0", visible=False)
        self.requires("openssl/[>=3 <4]", visible=False)
        self.requires("fmt/9.1.0", visible=False)
        self.requires("libdeflate/1.14", visible=False)
        self.requires("pugixml/1.13", visible=False)
        self.requires("elfutils/0.190", visible=False)
        self.requires("xz_utils/[>=5.4 <6]", visible=False)
        self.requires("bzip2/1.0.8", visible=False)
        self.requires("zlib/[>=1.2.13 <2]", visible=False)

    def layout(self):
        cmake_layout(self)

    def generate(self):
        CMakeDeps(self).generate()
        toolchain = CMakeToolchain(self)
        for part in ("TESTS", "EXAMPLES"):
            toolchain.cache_variables[f"OUTRIGGER_{part}"] = False
        toolchain.cache_variables["OUTRIGGER_INSTALL"] = True
        # Libraries are looked for by file name.
        toolchain.cache_variables["CMAKE_PREFIX_PATH"] = ";".join(
            self.dependencies[name].package_folder for name in ("boost", "openssl", "fmt", "libdeflate", "pugixml", "elfutils",
                                                                   "xz_utils", "bzip2", "zlib"))
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        CMake(self).install()

    def package_info(self):
        # Its own outriggerConfig.cmake has outrigger_add_service.
        self.cpp_info.set_property("cmake_find_mode", "none")
        self.cpp_info.builddirs = [os.path.join("lib", "cmake", "outrigger")]
