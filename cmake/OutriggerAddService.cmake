# outrigger_add_service(NAME VERSION major.minor SOURCES files... [LINKAGE static|dynamic])
#
#   Declares the executable NAME, a service built with Outrigger: one file that runs in three roles. Afterwards it is
#   an ordinary target: target_link_libraries(NAME PRIVATE …) and the like work as usual.
#
#   VERSION   major.minor; the build adds the commit (VersionSource.cmake). A cache or environment variable
#             OUTRIGGER_GIT_SHA gives the commit where there is no git.
#   LINKAGE   static (the default): one fully static, position-independent file that runs in an empty chroot.
#             dynamic: shares the system's C and C++ libraries.
#   NO_HEAP_PROFILE  leaves the hooks of malloc out.
#   NO_WAIT_PROFILE  leaves the hooks of locks and condition variables out.
#
#   In Release the file is stripped but for the names of its functions, which stay in it, compressed, for profiles; its
#   debug information lies in <build>/debug/NAME.debug, where debuggers find it by a link beside the file.
#
# outrigger_make_service(NAME VERSION major.minor [LINKAGE static|dynamic])
#
#   The same for an executable that the project has declared by itself.
#
# docs/linking.md tells which libraries can be part of a static file.
include_guard(GLOBAL)
include(CheckLinkerFlag)
set(OUTRIGGER_GIT_SHA "" CACHE STRING "Commit to bake into services; empty: ask git at each build")

# What profiles need to see (src/profile/interpose*.cc).
set(OUTRIGGER_THREAD_HOOKS pthread_create)
set(OUTRIGGER_HEAP_HOOKS malloc calloc realloc free memalign aligned_alloc posix_memalign valloc pvalloc
  malloc_usable_size)
set(OUTRIGGER_WAIT_HOOKS mutex_lock mutex_timedlock mutex_clocklock rwlock_rdlock rwlock_wrlock cond_wait
  cond_timedwait cond_clockwait join)
list(TRANSFORM OUTRIGGER_WAIT_HOOKS PREPEND pthread_)

# The linker's flags that put hooks in the place of these functions. In a static file --wrap: all calls of the file. In a
# dynamic one --wrap would miss the shared libraries' calls, so that they would free what they have not allocated: there
# the hooks bear the functions' names for everyone, and reach the real ones through src/profile/next.cc.
function(outrigger_hook_flags out linkage)
  set(flags)
  foreach(hook IN LISTS ARGN)
    if(linkage STREQUAL static)
      list(APPEND flags -Wl,--wrap=${hook})
    else()
      list(APPEND flags -Wl,--undefined=__wrap_${hook} -Wl,--undefined=outrigger_next_${hook}
        -Wl,--defsym=${hook}=__wrap_${hook} -Wl,--defsym=__real_${hook}=outrigger_next_${hook})
    endif()
  endforeach()
  set(${out} ${flags} PARENT_SCOPE)
endfunction()

function(outrigger_add_service name)
  cmake_parse_arguments(PARSE_ARGV 1 SERVICE "NO_HEAP_PROFILE;NO_WAIT_PROFILE" "VERSION;LINKAGE" "SOURCES")
  if(SERVICE_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "outrigger_add_service(${name}): what is ${SERVICE_UNPARSED_ARGUMENTS}?")
  endif()
  if(NOT SERVICE_SOURCES)
    message(FATAL_ERROR "outrigger_add_service(${name}): SOURCES are missing")
  endif()
  add_executable(${name} ${SERVICE_SOURCES})
  set(without)
  foreach(each NO_HEAP_PROFILE NO_WAIT_PROFILE)
    if(SERVICE_${each})
      list(APPEND without ${each})
    endif()
  endforeach()
  outrigger_make_service(${name} VERSION "${SERVICE_VERSION}" LINKAGE "${SERVICE_LINKAGE}" ${without})
endfunction()

function(outrigger_make_service name)
  cmake_parse_arguments(PARSE_ARGV 1 SERVICE "NO_HEAP_PROFILE;NO_WAIT_PROFILE" "VERSION;LINKAGE" "")
  if(SERVICE_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "outrigger_make_service(${name}): what is ${SERVICE_UNPARSED_ARGUMENTS}?")
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

  set(here "${CMAKE_CURRENT_FUNCTION_LIST_DIR}")
  set(version_source "${CMAKE_CURRENT_BINARY_DIR}/${name}_version.cc")
  add_custom_target(${name}_version
    COMMAND "${CMAKE_COMMAND}" "-DSOURCE_DIR=${CMAKE_CURRENT_SOURCE_DIR}" "-DOUTPUT=${version_source}"
      "-DVERSION=${SERVICE_VERSION}" "-DSHA=${OUTRIGGER_GIT_SHA}" -P "${here}/VersionSource.cmake"
    BYPRODUCTS "${version_source}"
    COMMENT "Asking git for the version of ${name}" VERBATIM)
  target_sources(${name} PRIVATE "${version_source}")
  add_dependencies(${name} ${name}_version)

  target_compile_features(${name} PRIVATE cxx_std_20)
  # The flag is given by hand: with the property, CMake may add a -pie that undoes -static-pie.
  set_property(TARGET ${name} PROPERTY POSITION_INDEPENDENT_CODE)
  target_compile_options(${name} PRIVATE -fPIE -fstack-protector-strong -ffunction-sections -fdata-sections)
  if(SERVICE_LINKAGE STREQUAL static)
    # Packed relocations save 0.6 MB; glibc's start code of a static file knows them from 2.36 on (elf/dl-reloc-static-pie.c).
    target_link_options(${name} PRIVATE -static-pie -Wl,-z,pack-relative-relocs -Wl,-e,outrigger_start)
    set_property(TARGET ${name} PROPERTY RULE_LAUNCH_LINK "${here}/link_static")
  else()
    target_link_options(${name} PRIVATE -pie)
  endif()
  target_link_options(${name} PRIVATE
    -Wl,--gc-sections -Wl,--build-id -Wl,-z,relro,-z,now -Wl,-z,noexecstack)
  set(hooks ${OUTRIGGER_THREAD_HOOKS})
  if(NOT SERVICE_NO_HEAP_PROFILE)
    list(APPEND hooks ${OUTRIGGER_HEAP_HOOKS})
    target_link_options(${name} PRIVATE -Wl,--undefined=outrigger_heap_hooks)
  endif()
  if(NOT SERVICE_NO_WAIT_PROFILE)
    list(APPEND hooks ${OUTRIGGER_WAIT_HOOKS})
    target_link_options(${name} PRIVATE -Wl,--undefined=outrigger_wait_hooks)
  endif()
  outrigger_hook_flags(hook_flags ${SERVICE_LINKAGE} ${hooks})
  target_link_options(${name} PRIVATE ${hook_flags})
  target_link_libraries(${name} PRIVATE outrigger::early outrigger::outrigger outrigger::operations)

  # The list of parts (`NAME sbom`): the linker tells what it read, and the list is laid into the file afterwards.
  get_property(parts GLOBAL PROPERTY OUTRIGGER_PARTS)
  get_property(outrigger_version GLOBAL PROPERTY OUTRIGGER_VERSION)
  cmake_path(GET parts PARENT_PATH library_dir)
  set(own "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}" "${library_dir}/liboutrigger.a"
    "${library_dir}/outrigger_early.o" "${library_dir}/outrigger_operations.o")
  set(linked "${CMAKE_CURRENT_BINARY_DIR}/${name}.linked")
  set(sbom "${CMAKE_CURRENT_BINARY_DIR}/${name}.cdx.json")
  check_linker_flag(CXX "-Wl,--dependency-file=/dev/null" OUTRIGGER_LINKER_TELLS_FILES)
  if(OUTRIGGER_LINKER_TELLS_FILES)
    target_link_options(${name} PRIVATE "-Wl,--dependency-file=${linked}")
  endif()
  set(changes --add-section ".outrigger_sbom=${sbom}" --set-section-flags .outrigger_sbom=readonly)

  set(keep_debug)
  if(CMAKE_BUILD_TYPE MATCHES "^(Release|MinSizeRel)$")
    set(debug_file "${CMAKE_BINARY_DIR}/debug/${name}.debug")
    set(keep_debug
      COMMAND "${CMAKE_COMMAND}" -E make_directory "${CMAKE_BINARY_DIR}/debug"
      COMMAND "${here}/strip_service" "${CMAKE_OBJCOPY}" "${CMAKE_NM}" "$<TARGET_FILE:${name}>" "${debug_file}"
      # Where debuggers look by themselves.
      COMMAND "${CMAKE_COMMAND}" -E make_directory "$<TARGET_FILE_DIR:${name}>/.debug"
      COMMAND "${CMAKE_COMMAND}" -E create_symlink "${debug_file}" "$<TARGET_FILE_DIR:${name}>/.debug/${name}.debug")
  endif()
  add_custom_command(TARGET ${name} POST_BUILD
    COMMAND "${CMAKE_COMMAND}" "-DNAME=${name}" "-DVERSION_SOURCE=${version_source}" "-DLINKED=${linked}"
      "-DINCLUDED=${parts}" "-DOWN=${own}" "-DOUTRIGGER_VERSION=${outrigger_version}" "-DOUTPUT=${sbom}"
      -P "${here}/Sbom.cmake"
    ${keep_debug}
    COMMAND "${CMAKE_OBJCOPY}" ${changes} "$<TARGET_FILE:${name}>"
    VERBATIM)
endfunction()
