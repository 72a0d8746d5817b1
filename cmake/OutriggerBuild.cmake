# How every room and every test is compiled.
#
#   outrigger_room(NAME SOURCES files... [DEPENDS rooms...] [LIBRARIES libraries...])
#     One room of src/: the object library outrigger_<NAME>. DEPENDS gives it the usage requirements (definitions,
#     include directories) of other rooms, not their objects. A room of headers alone needs no call.
#
#   outrigger_test(NAME SOURCES files... [ROOMS rooms...] [LIBRARIES libraries...] [TIMEOUT seconds]
#                  [LABELS labels...] [NO_MAIN])
#     A GoogleTest program, registered in ctest under NAME, with the objects of the named rooms and of those that
#     they depend on. The label `long` keeps it out of `make test`. NO_MAIN: the sources bring their own main().

option(OUTRIGGER_WERROR "Warnings are errors" OFF)

find_program(OUTRIGGER_CCACHE ccache)
if(OUTRIGGER_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${OUTRIGGER_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${OUTRIGGER_CCACHE}")
endif()

find_package(Threads REQUIRED)

add_library(outrigger_options INTERFACE)
target_include_directories(outrigger_options INTERFACE
  "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
target_compile_options(outrigger_options INTERFACE
  -Wall -Wextra $<$<BOOL:${OUTRIGGER_WERROR}>:-Werror>
  -fPIE -ffunction-sections -fdata-sections -fstack-protector-strong)
target_link_libraries(outrigger_options INTERFACE Threads::Threads)

function(outrigger_room name)
  cmake_parse_arguments(PARSE_ARGV 1 ROOM "" "" "SOURCES;DEPENDS;LIBRARIES")
  if(ROOM_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "outrigger_room(${name}): what is ${ROOM_UNPARSED_ARGUMENTS}?")
  endif()
  add_library(outrigger_${name} OBJECT ${ROOM_SOURCES})
  target_link_libraries(outrigger_${name} PUBLIC outrigger_options ${ROOM_LIBRARIES})
  foreach(room IN LISTS ROOM_DEPENDS)
    target_link_libraries(outrigger_${name} PUBLIC $<TARGET_NAME_IF_EXISTS:outrigger_${room}>)
  endforeach()
  set_property(GLOBAL PROPERTY OUTRIGGER_DEPENDS_${name} "${ROOM_DEPENDS}")
endfunction()

# The named rooms and all that they depend on, as far as they have objects.
function(outrigger_room_closure out)
  set(todo ${ARGN})
  set(seen)
  while(todo)
    list(POP_FRONT todo room)
    if(NOT room IN_LIST seen)
      list(APPEND seen ${room})
      get_property(more GLOBAL PROPERTY OUTRIGGER_DEPENDS_${room})
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
  cmake_parse_arguments(PARSE_ARGV 1 TEST "NO_MAIN" "TIMEOUT" "SOURCES;ROOMS;LIBRARIES;LABELS")
  if(TEST_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "outrigger_test(${name}): what is ${TEST_UNPARSED_ARGUMENTS}?")
  endif()
  outrigger_room_closure(rooms ${TEST_ROOMS})
  add_executable(${name} ${TEST_SOURCES})
  target_link_libraries(${name} PRIVATE outrigger_options ${rooms} ${TEST_LIBRARIES} GTest::gtest)
  if(NOT TEST_NO_MAIN)
    target_link_libraries(${name} PRIVATE GTest::gtest_main)
  endif()
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 60)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${TEST_TIMEOUT} LABELS "${TEST_LABELS}")
endfunction()
