# `cmake --install` makes a package that other projects find with find_package(outrigger).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/outrigger")
install(DIRECTORY include/outrigger DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(FILES "$<TARGET_FILE:outrigger>" "${early_file}" "${operations_file}" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
configure_package_config_file(cmake/outriggerConfig.cmake.in "${PROJECT_BINARY_DIR}/outriggerConfig.cmake"
  INSTALL_DESTINATION "${package_dir}" PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/outriggerConfigVersion.cmake" COMPATIBILITY SameMajorVersion)
install(FILES "${PROJECT_BINARY_DIR}/outriggerConfig.cmake" "${PROJECT_BINARY_DIR}/outriggerConfigVersion.cmake"
  cmake/OutriggerAddService.cmake cmake/VersionSource.cmake DESTINATION "${package_dir}")
install(PROGRAMS cmake/link_static DESTINATION "${package_dir}")
install(FILES LICENSE docs/licensing.md DESTINATION "${CMAKE_INSTALL_DOCDIR}")
