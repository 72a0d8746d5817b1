# What a program is linked from, besides its own code:
#
#   outrigger::outrigger    liboutrigger.a, the service's side of every room
#   outrigger::early        the role choice that runs before any constructor: an object, since nothing refers to it
#   outrigger::operations   the operations object: keeper, HTTP, TLS, and all libraries that these need
#
# A program that wants the API alone (a unit test, a tool) links outrigger::outrigger; services are declared with
# outrigger_add_service, which links all three.
include(OperationsObject)

# The program's side of the door; a room of its own here because the rest of ops lies in the object.
outrigger_room(door SOURCES "${PROJECT_SOURCE_DIR}/src/ops/door.cc"
  "${PROJECT_SOURCE_DIR}/src/service/version_default.cc")
outrigger_room(early SOURCES "${PROJECT_SOURCE_DIR}/src/supervisor/early.cc" DEPENDS supervisor segment)

set(library_rooms segment render log metrics health supervisor service door)
set(operations_rooms segment render http admin keeper ops)

add_library(outrigger STATIC)
add_library(outrigger::outrigger ALIAS outrigger)
foreach(room IN LISTS library_rooms)
  if(TARGET outrigger_${room})
    target_sources(outrigger PRIVATE $<TARGET_OBJECTS:outrigger_${room}>)
  endif()
endforeach()
set_target_properties(outrigger PROPERTIES LINKER_LANGUAGE CXX ARCHIVE_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/lib")
target_include_directories(outrigger INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
target_compile_features(outrigger INTERFACE cxx_std_20)
target_link_libraries(outrigger INTERFACE Threads::Threads)

add_library(outrigger_early_object INTERFACE)
add_library(outrigger::early ALIAS outrigger_early_object)
target_link_libraries(outrigger_early_object INTERFACE $<TARGET_OBJECTS:outrigger_early>)

outrigger_find_archive(OUTRIGGER_SSL libssl.a libssl-dev)
outrigger_find_archive(OUTRIGGER_CRYPTO libcrypto.a libssl-dev)
outrigger_find_archive(OUTRIGGER_BOOST_JSON libboost_json.a libboost-json1.81-dev)
outrigger_find_archive(OUTRIGGER_ZLIB libz.a zlib1g-dev)
set(operations_file "${PROJECT_BINARY_DIR}/lib/outrigger_operations.o")
outrigger_operations_object(OUTPUT "${operations_file}" ROOMS ${operations_rooms}
  ARCHIVES "${OUTRIGGER_SSL}" "${OUTRIGGER_CRYPTO}" "${OUTRIGGER_BOOST_JSON}" "${OUTRIGGER_ZLIB}")
add_custom_target(outrigger_operations_file DEPENDS "${operations_file}")
add_library(outrigger_operations INTERFACE)
add_library(outrigger::operations ALIAS outrigger_operations)
target_link_libraries(outrigger_operations INTERFACE "${operations_file}")
add_dependencies(outrigger_operations outrigger_operations_file)
