# outrigger_add_service(NAME VERSION major.minor SOURCES files... [LINKAGE static|dynamic])
#
# Declares the executable NAME, a service built with Outrigger: one file that runs in three roles. Afterwards it is
# an ordinary target: target_link_libraries(NAME PRIVATE …) and the like work as usual.
#
#   VERSION   major.minor; the build adds the commit (VersionSource.cmake). A cache or environment variable
#             OUTRIGGER_GIT_SHA gives the commit where there is no git.
#   LINKAGE   static (the default): one fully static, position-independent file that runs in an empty chroot.
#             dynamic: shares the system's C and C++ libraries.
#
# In Release the file is stripped; its debug information lies in <build>/debug/NAME.debug, found by build id.
include_guard(GLOBAL)
set(OUTRIGGER_GIT_SHA "" CACHE STRING "Commit to bake into services; empty: ask git at each build")

function(outrigger_add_service name)
  cmake_parse_arguments(PARSE_ARGV 1 SERVICE "" "VERSION;LINKAGE" "SOURCES")
  if(SERVICE_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "outrigger_add_service(${name}): what is ${SERVICE_UNPARSED_ARGUMENTS}?")
  endif()
  if(NOT SERVICE_SOURCES)
    message(FATAL_ERROR "outrigger_add_service(${name}): SOURCES are missing")
  endif()
  if(NOT SERVICE_VERSION MATCHES "^[0-9]+\\.[0-9]+$")
    message(FATAL_ERROR "outrigger_add_service(${name}): VERSION \"${SERVICE_VERSION}\" will not do: "
      "expected major.minor, like 1.1")
  endif()
  if(NOT SERVICE_LINKAGE)
    set(SERVICE_LINKAGE static)
  elseif(NOT SERVICE_LINKAGE MATCHES "^(static|dynamic)$")
    message(FATAL_ERROR "outrigger_add_service(${name}): LINKAGE \"${SERVICE_LINKAGE}\" will not do: "
      "expected static or dynamic")
  endif()

  set(version_source "${CMAKE_CURRENT_BINARY_DIR}/${name}_version.cc")
  add_custom_target(${name}_version
    COMMAND "${CMAKE_COMMAND}" "-DSOURCE_DIR=${CMAKE_CURRENT_SOURCE_DIR}" "-DOUTPUT=${version_source}"
      "-DVERSION=${SERVICE_VERSION}" "-DSHA=${OUTRIGGER_GIT_SHA}" -P "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/VersionSource.cmake"
    BYPRODUCTS "${version_source}"
    COMMENT "Asking git for the version of ${name}" VERBATIM)

  add_executable(${name} ${SERVICE_SOURCES} "${version_source}")
  add_dependencies(${name} ${name}_version)
  target_compile_features(${name} PRIVATE cxx_std_20)
  # The flag is given by hand: with the property, CMake may add a -pie that undoes -static-pie.
  set_property(TARGET ${name} PROPERTY POSITION_INDEPENDENT_CODE)
  target_compile_options(${name} PRIVATE -fPIE -fstack-protector-strong -ffunction-sections -fdata-sections)
  if(SERVICE_LINKAGE STREQUAL static)
    target_link_options(${name} PRIVATE -static-pie)
    set_property(TARGET ${name} PROPERTY RULE_LAUNCH_LINK "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/link_static")
  else()
    target_link_options(${name} PRIVATE -pie)
  endif()
  target_link_options(${name} PRIVATE
    -Wl,--gc-sections -Wl,--build-id -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
  target_link_libraries(${name} PRIVATE outrigger::early outrigger::outrigger outrigger::operations)

  if(CMAKE_BUILD_TYPE MATCHES "^(Release|MinSizeRel)$")
    set(debug_file "${CMAKE_BINARY_DIR}/debug/${name}.debug")
    add_custom_command(TARGET ${name} POST_BUILD
      COMMAND "${CMAKE_COMMAND}" -E make_directory "${CMAKE_BINARY_DIR}/debug"
      COMMAND "${CMAKE_OBJCOPY}" --only-keep-debug "$<TARGET_FILE:${name}>" "${debug_file}"
      COMMAND "${CMAKE_OBJCOPY}" --strip-all "--add-gnu-debuglink=${debug_file}" "$<TARGET_FILE:${name}>"
      VERBATIM)
  endif()
endfunction()
