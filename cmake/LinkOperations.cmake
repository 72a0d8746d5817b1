# Links the operations object; run by the build (OperationsObject.cmake), which passes
# LINKER, OBJCOPY, NM, READELF, SCRIPT (operations.ld), INPUTS (a file that lists objects), ARCHIVES and OUTPUT.
set(whole "${OUTPUT}.whole")

#   --force-group-allocation  settles the groups of templates and inline functions here: no other object may replace them
#   -d                        gives common symbols a place: otherwise they could not be hidden
#   operations.ld             moves constructors into ops_init
# No --gc-sections here: with -r it loses the tables by which exceptions are caught. The program's own link does it.
execute_process(COMMAND "${LINKER}" -r -d --force-group-allocation -T "${SCRIPT}" -o "${whole}" "@${INPUTS}" ${ARCHIVES}
  COMMAND_ERROR_IS_FATAL ANY)

# objcopy hides strong and weak symbols but not GNU's unique ones (static variables of templates and inline
# functions). Left visible, they would be merged with those of the user's own Boost. So they become weak first.
execute_process(COMMAND "${NM}" --defined-only --format=posix "${whole}"
  OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+ u [0-9a-f]" unique "\n${symbols}")
list(TRANSFORM unique REPLACE " u .$" "")
list(JOIN unique "\n" unique)
file(WRITE "${OUTPUT}.unique" "${unique}\n")

# ops_init still has the type of .init_array, and some linkers (gold, mold) go by the type: they would run its
# constructors in every role. objcopy sets a type anew when it changes the flags, hence there and back.
# .init: OpenSSL's look at the CPU at program start; OPENSSL_init_crypto does the same when it is needed.
execute_process(COMMAND "${OBJCOPY}" "--weaken-symbols=${OUTPUT}.unique"
    --set-section-flags ops_init=alloc,load,contents,data,readonly
    --remove-section .init --remove-section .rela.init "${whole}"
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${OBJCOPY}" --keep-global-symbol=outrigger_ops
    --set-section-flags ops_init=alloc,load,contents,data "${whole}" "${OUTPUT}"
  COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE "${whole}" "${OUTPUT}.unique")

# Stops the build when the object would leak into the programs that link it.
execute_process(COMMAND "${NM}" --defined-only --extern-only --format=posix "${OUTPUT}"
  OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
if(NOT symbols MATCHES "^outrigger_ops T [^\n]*\n$")
  file(REMOVE "${OUTPUT}")
  string(SUBSTRING "${symbols}" 0 2000 symbols)
  message(FATAL_ERROR "the operations object must define outrigger_ops and no other global symbol, it has:\n${symbols}")
endif()
execute_process(COMMAND "${READELF}" --section-headers --wide "${OUTPUT}"
  OUTPUT_VARIABLE sections COMMAND_ERROR_IS_FATAL ANY)
if(sections MATCHES " ops_init +INIT_ARRAY")
  file(REMOVE "${OUTPUT}")
  message(FATAL_ERROR "the operations object's constructors would run in every role: ops_init has the wrong type")
endif()
# .ctors would need its own, reversed order; .fini_array would run where the constructors did not.
if(sections MATCHES " (\\.(init|fini|preinit)_array|\\.ctors|\\.dtors|\\.init|\\.fini)[ .]")
  file(REMOVE "${OUTPUT}")
  message(FATAL_ERROR "the operations object would run code in programs that never open the door: ${CMAKE_MATCH_1}")
endif()
