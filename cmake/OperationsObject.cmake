# The operations object: all that parses bytes from outside, and every library it needs, as one relocatable object
# with one global symbol, outrigger_ops. docs/decisions/2026-11-24-operations-object.md says why.
#
#   outrigger_operations_object(OUTPUT file ROOMS rooms... ARCHIVES archives... HEADERS files...)
#
# Beside the file lies FILE.parts: for the `sbom` command, from which packages the archives are, and HEADERS: one header
# of each library that is nothing but headers.
# GNU's tools by name: with Clang, CMake may prefer LLVM's, which lack some of what is needed.
find_program(OUTRIGGER_LD NAMES ld.bfd REQUIRED)
find_program(OUTRIGGER_OBJCOPY NAMES objcopy REQUIRED)
mark_as_advanced(OUTRIGGER_LD OUTRIGGER_OBJCOPY)

function(outrigger_operations_object)
  cmake_parse_arguments(PARSE_ARGV 0 OPS "" "OUTPUT" "ROOMS;ARCHIVES;HEADERS")
  set(objects)
  foreach(room IN LISTS OPS_ROOMS)
    if(TARGET outrigger_${room})
      list(APPEND objects $<TARGET_OBJECTS:outrigger_${room}>)
    endif()
  endforeach()
  set(recipe "${PROJECT_SOURCE_DIR}/cmake/LinkOperations.cmake")
  set(script "${PROJECT_SOURCE_DIR}/cmake/operations.ld")
  set(inputs "${OPS_OUTPUT}.inputs")
  file(GENERATE OUTPUT "${inputs}" CONTENT "$<JOIN:${objects},\n>\n")
  add_custom_command(
    OUTPUT "${OPS_OUTPUT}"
    COMMAND "${CMAKE_COMMAND}" "-DLINKER=${OUTRIGGER_LD}" "-DOBJCOPY=${OUTRIGGER_OBJCOPY}" "-DNM=${CMAKE_NM}"
      "-DREADELF=${CMAKE_READELF}" "-DSCRIPT=${script}" "-DINPUTS=${inputs}" "-DARCHIVES=${OPS_ARCHIVES}"
      "-DOUTPUT=${OPS_OUTPUT}" -P "${recipe}"
    DEPENDS ${objects} ${OPS_ARCHIVES} "${script}" "${recipe}" "${inputs}"
    COMMENT "Linking the operations object"
    VERBATIM)
  add_custom_command(
    OUTPUT "${OPS_OUTPUT}.parts"
    COMMAND "${CMAKE_COMMAND}" "-DFILES=${OPS_ARCHIVES};${OPS_HEADERS}" "-DOUTPUT=${OPS_OUTPUT}.parts"
      -P "${PROJECT_SOURCE_DIR}/cmake/Sbom.cmake"
    DEPENDS ${OPS_ARCHIVES} ${OPS_HEADERS} "${PROJECT_SOURCE_DIR}/cmake/Sbom.cmake"
    COMMENT "Listing the parts of the operations object"
    VERBATIM)
endfunction()
