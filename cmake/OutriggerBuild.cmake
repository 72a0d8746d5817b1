# How every room and every test is compiled.
#
#   outrigger_room(NAME SOURCES files... [DEPENDS rooms...] [LIBRARIES libraries...])
#     One room of src/: the object library outrigger_<NAME>. DEPENDS names the rooms that it needs when it is linked.
#     A room of headers alone needs no call.
#
#   outrigger_embed(ROOM DIRECTORY files...)
#     Text files of that directory of the room, compiled in: web/page.css is the string_view web::page_css,
#     declared in the room's web.h.
#
#   outrigger_test(NAME SOURCES files... [ROOMS rooms...] [LIBRARIES libraries...] [TIMEOUT seconds]
#                  [LABELS labels...] [SERIAL] [NO_MAIN])
#     A GoogleTest program, registered in ctest under NAME, with the objects of the named rooms and of those that
#     they depend on. The label `long` keeps it out of `make test`. SERIAL: runs alone, for tests that other load
#     would mislead. NO_MAIN: the sources bring their own main().

option(OUTRIGGER_WERROR "Warnings are errors" OFF)

find_program(OUTRIGGER_CCACHE ccache)
mark_as_advanced(OUTRIGGER_CCACHE)
if(OUTRIGGER_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${OUTRIGGER_CCACHE}")
endif()

# -fPIE, not -fPIC: all of it ends in executables, and the compiler may then inline what is global.
add_library(outrigger_options INTERFACE)
target_include_directories(outrigger_options INTERFACE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
target_compile_options(outrigger_options INTERFACE
  -Wall -Wextra $<$<BOOL:${OUTRIGGER_WERROR}>:-Werror>
  -fPIE -ffunction-sections -fdata-sections -fstack-protector-strong -pthread
  $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
target_link_options(outrigger_options INTERFACE -pthread)

function(outrigger_room name)
  cmake_parse_arguments(PARSE_ARGV 1 ROOM "" "" "SOURCES;DEPENDS;LIBRARIES")
  if(ROOM_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "outrigger_room(${name}): what is ${ROOM_UNPARSED_ARGUMENTS}?")
  endif()
  add_library(outrigger_${name} OBJECT ${ROOM_SOURCES})
  target_link_libraries(outrigger_${name} PUBLIC outrigger_options ${ROOM_LIBRARIES})
  set_property(GLOBAL PROPERTY OUTRIGGER_DEPENDS_${name} "${ROOM_DEPENDS}")
endfunction()

# Small is better than fast for what runs a few times a minute: a room, or some files of it. What runs with each entry,
# request or sample stays as it is.
function(outrigger_small room)
  if(ARGN)
    set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS $<$<CONFIG:Release>:-Os>)
  else()
    target_compile_options(outrigger_${room} PRIVATE $<$<CONFIG:Release>:-Os>)
  endif()
endfunction()

# fmt's headers are compiled under a name of our own, so that a program's own fmt, of whatever version, never meets it.
function(outrigger_private_fmt room)
  target_compile_definitions(outrigger_${room} PRIVATE fmt=outrigger_fmt FMT_HEADER_ONLY
                             "FMT_STATIC_THOUSANDS_SEPARATOR=','")
endfunction()

function(outrigger_embed room directory)
  foreach(file IN LISTS ARGN)
    string(REPLACE "." "_" name "${file}")
    set(source "${CMAKE_CURRENT_SOURCE_DIR}/${directory}/${file}")
    set(script "${PROJECT_SOURCE_DIR}/cmake/EmbedText.cmake")
    set(out "${CMAKE_CURRENT_BINARY_DIR}/${directory}/${name}.cc")
    add_custom_command(OUTPUT "${out}" DEPENDS "${source}" "${script}"
      COMMAND "${CMAKE_COMMAND}" "-DFILE=${source}" "-DNAME=outrigger::${room}::${directory}::${name}" "-DHEADER=${room}/${directory}.h"
        "-DOUT=${out}" -P "${script}" VERBATIM)
    target_sources(outrigger_${room} PRIVATE "${out}")
  endforeach()
endfunction()

# The named rooms and all that they depend on, as far as they have objects. A room that depends on ops means its door:
# the other side of it is in the operations object.
function(outrigger_room_closure out)
  set(todo ${ARGN})
  set(seen)
  while(todo)
    list(POP_FRONT todo room)
    if(NOT room IN_LIST seen)
      list(APPEND seen ${room})
      get_property(more GLOBAL PROPERTY OUTRIGGER_DEPENDS_${room})
      list(TRANSFORM more REPLACE "^ops$" door)
      list(APPEND todo ${more})
    endif()
  endwhile()
  set(targets)
  foreach(room IN LISTS seen)
    if(TARGET outrigger_${room})
      list(APPEND targets outrigger_${room})
    endif()
  endforeach()
  set(${out} ${targets} PARENT_SCOPE)
endfunction()

function(outrigger_test name)
  cmake_parse_arguments(PARSE_ARGV 1 TEST "SERIAL;NO_MAIN" "TIMEOUT" "SOURCES;ROOMS;LIBRARIES;LABELS")
  if(TEST_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "outrigger_test(${name}): what is ${TEST_UNPARSED_ARGUMENTS}?")
  endif()
  outrigger_room_closure(rooms ${TEST_ROOMS})
  add_executable(${name} ${TEST_SOURCES})
  # Half the time to compile, where the sanitizers make it long.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Debug>:-O0>)
  target_link_libraries(${name} PRIVATE outrigger_options ${rooms} ${TEST_LIBRARIES} GTest::gtest)
  if(NOT TEST_NO_MAIN)
    target_link_libraries(${name} PRIVATE GTest::gtest_main)
  endif()
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 60)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${TEST_TIMEOUT} LABELS "${TEST_LABELS}" RUN_SERIAL ${TEST_SERIAL})
endfunction()

# Static archives are asked for by name: find_package() would settle for a shared library.
function(outrigger_find_archive variable name package)
  find_library(${variable} NAMES ${name})
  if(NOT ${variable})
    message(FATAL_ERROR "${name} is not there; Debian's package ${package} has it (scripts/bootstrap installs it)")
  endif()
  mark_as_advanced(${variable})
endfunction()
