# What a program is linked from, besides its own code:
#
#   outrigger::outrigger    liboutrigger.a, the service's side of every room
#   outrigger::early        the role choice that runs before any constructor: an object, since nothing refers to it
#   outrigger::operations   the operations object: keeper, HTTP, TLS, and all libraries that these need
#
# A program that wants the API alone (a unit test, a tool) links outrigger::outrigger; services are declared with
# outrigger_add_service, which links all three.
include(OperationsObject)

outrigger_room(early SOURCES src/supervisor/early.cc DEPENDS supervisor log segment door)

set(library_rooms base segment render log metrics health profile interpose supervisor service testing door)
set(operations_rooms base segment system render http aws discovery json identity admin pprof keeper delivery ops)
set(OUTRIGGER_LIBRARY_DIR "${PROJECT_BINARY_DIR}/lib")

add_library(outrigger STATIC)
add_library(outrigger::outrigger ALIAS outrigger)
foreach(room IN LISTS library_rooms)
  if(TARGET outrigger_${room})
    target_sources(outrigger PRIVATE $<TARGET_OBJECTS:outrigger_${room}>)
  endif()
endforeach()
set_target_properties(outrigger PROPERTIES LINKER_LANGUAGE CXX ARCHIVE_OUTPUT_DIRECTORY "${OUTRIGGER_LIBRARY_DIR}")
target_include_directories(outrigger INTERFACE "${PROJECT_SOURCE_DIR}/include")
target_compile_features(outrigger INTERFACE cxx_std_20)
target_compile_options(outrigger INTERFACE -pthread)
target_link_options(outrigger INTERFACE -pthread)

# One object file under a name that can be installed.
set(early_file "${OUTRIGGER_LIBRARY_DIR}/outrigger_early.o")
add_custom_command(OUTPUT "${early_file}"
  COMMAND "${CMAKE_COMMAND}" -E copy $<TARGET_OBJECTS:outrigger_early> "${early_file}"
  DEPENDS $<TARGET_OBJECTS:outrigger_early> VERBATIM)

outrigger_find_archive(OUTRIGGER_SSL libssl.a libssl-dev)
outrigger_find_archive(OUTRIGGER_CRYPTO libcrypto.a libssl-dev)
outrigger_find_archive(OUTRIGGER_DEFLATE libdeflate.a libdeflate-dev)
outrigger_find_archive(OUTRIGGER_BOOST_JSON libboost_json.a libboost-json1.81-dev)
outrigger_find_archive(OUTRIGGER_PUGIXML libpugixml.a libpugixml-dev)
find_file(OUTRIGGER_BOOST_HEADER boost/version.hpp REQUIRED)
find_file(OUTRIGGER_FMT_HEADER fmt/core.h REQUIRED)
mark_as_advanced(OUTRIGGER_BOOST_HEADER OUTRIGGER_FMT_HEADER)
# What profiling needs. libdw before libelf: an archive resolves what stands before it.
foreach(library dw elf lzma bz2 z)
  set(package lib${library}-dev)
  if(library STREQUAL z)
    set(package zlib1g-dev)
  endif()
  string(TOUPPER "OUTRIGGER_${library}" variable)
  outrigger_find_archive(${variable} lib${library}.a ${package})
  list(APPEND profiling_archives "${${variable}}")
endforeach()
set(operations_file "${OUTRIGGER_LIBRARY_DIR}/outrigger_operations.o")
outrigger_operations_object(OUTPUT "${operations_file}" ROOMS ${operations_rooms}
  ARCHIVES "${OUTRIGGER_SSL}" "${OUTRIGGER_CRYPTO}" "${OUTRIGGER_BOOST_JSON}" "${OUTRIGGER_PUGIXML}"
    "${OUTRIGGER_DEFLATE}" ${profiling_archives}
  HEADERS "${OUTRIGGER_BOOST_HEADER}" "${OUTRIGGER_FMT_HEADER}")

add_custom_target(outrigger_objects ALL DEPENDS "${early_file}" "${operations_file}" "${operations_file}.parts")
foreach(part early operations)
  add_library(outrigger_${part}_part INTERFACE)
  add_library(outrigger::${part} ALIAS outrigger_${part}_part)
  # The library behind the object: it resolves what the object asks for.
  target_link_libraries(outrigger_${part}_part INTERFACE "${${part}_file}" outrigger)
  add_dependencies(outrigger_${part}_part outrigger_objects)
endforeach()

# For the list of parts that each service carries (OutriggerAddService.cmake).
set_property(GLOBAL PROPERTY OUTRIGGER_PARTS "${operations_file}.parts")
set_property(GLOBAL PROPERTY OUTRIGGER_VERSION "${PROJECT_VERSION}")
