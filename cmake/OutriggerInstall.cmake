# `cmake --install` makes a package that other projects find with find_package(outrigger) or pkg-config; `cpack` lays
# it into build/…/liboutrigger-dev_VERSION_ARCH.deb and outrigger-VERSION-Linux-ARCH.tar.gz.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/outrigger")
install(DIRECTORY include/outrigger DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(FILES "$<TARGET_FILE:outrigger>" "${early_file}" "${operations_file}" "${operations_file}.parts"
  DESTINATION "${CMAKE_INSTALL_LIBDIR}")
configure_package_config_file(cmake/outriggerConfig.cmake.in "${PROJECT_BINARY_DIR}/outriggerConfig.cmake"
  INSTALL_DESTINATION "${package_dir}" PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/outriggerConfigVersion.cmake" COMPATIBILITY SameMajorVersion)
install(FILES "${PROJECT_BINARY_DIR}/outriggerConfig.cmake" "${PROJECT_BINARY_DIR}/outriggerConfigVersion.cmake"
  cmake/OutriggerAddService.cmake cmake/Sbom.cmake cmake/VersionSource.cmake
  DESTINATION "${package_dir}")
install(PROGRAMS cmake/link_static cmake/strip_service DESTINATION "${package_dir}")
install(FILES LICENSE docs/licensing.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")

# Paths in the .pc files begin at the file itself, so that an unpacked archive may lie anywhere.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig"
  OUTPUT_VARIABLE pc_prefix)
set(hooks ${OUTRIGGER_THREAD_HOOKS} ${OUTRIGGER_HEAP_HOOKS} ${OUTRIGGER_WAIT_HOOKS})
foreach(linkage static dynamic)
  outrigger_hook_flags(flags ${linkage} ${hooks})
  list(JOIN flags " " pc_hooks_${linkage})
endforeach()
foreach(name outrigger outrigger-service outrigger-service-dynamic)
  configure_file("cmake/${name}.pc.in" "${PROJECT_BINARY_DIR}/${name}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${name}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endforeach()

set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_NAME outrigger)
set(CPACK_PACKAGE_VENDOR "Outrigger")
set(CPACK_PACKAGE_CONTACT "The Outrigger project <outrigger@example.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "makes a C++ program a well-behaved service in one file")
set(CPACK_PACKAGE_DESCRIPTION "Logs, health, metrics, an orderly life and the command line around it; a keeper of the
 same file delivers what a crashed service has logged. Headers, libraries and CMake files.")
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_SYSTEM_NAME "${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR}")
set(CPACK_PACKAGING_INSTALL_PREFIX "/usr")
set(CPACK_STRIP_FILES OFF)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_DEBIAN_PACKAGE_NAME liboutrigger-dev)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
# Nothing of it needs a library at run time; a compiler and binutils are there wherever C++ is built.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libc6-dev, binutils, xz-utils")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "g++ (>= 4:12), cmake (>= 3.25)")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "libfmt-dev, pkgconf")
include(CPack)
