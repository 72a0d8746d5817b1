# outrigger_room(NAME sources... [DEPENDS rooms...] [LIBRARIES libs...])
# One room: an object library outrigger_<NAME>, compiled with the project's own warnings.
add_library(outrigger_options INTERFACE)
target_include_directories(outrigger_options INTERFACE
  "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/src")
target_compile_options(outrigger_options INTERFACE -Wall -Wextra -ffunction-sections -fdata-sections)

function(outrigger_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_library(outrigger_${name} OBJECT ${ROOM_SOURCES})
  target_link_libraries(outrigger_${name} PUBLIC outrigger_options ${ROOM_LIBRARIES})
endfunction()
