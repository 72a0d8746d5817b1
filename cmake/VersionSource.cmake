# Writes the version of a service as a source file, at each build, and only when it changed.
#
#   cmake -DSOURCE_DIR=… -DOUTPUT=… -DVERSION=1.1 [-DSHA=…] -P VersionSource.cmake
#
# version  1.1.ab41cd0, with +CHANGES behind it when the tree that holds SOURCE_DIR has pending changes
# commit   the full hash
# built    the commit's date, RFC 3339 UTC, so that building a commit twice gives the same file
# OUTRIGGER_GIT_SHA (environment, or -DSHA) stands in for git: a hash of seven digits or more, +CHANGES behind it if
# need be. SOURCE_DATE_EPOCH stands in for the commit's date. Without any of them: 1.1.0000000.
set(sha "$ENV{OUTRIGGER_GIT_SHA}")
if(sha STREQUAL "")
  set(sha "${SHA}")
endif()
set(epoch "$ENV{SOURCE_DATE_EPOCH}")
set(changes "")

if(NOT sha STREQUAL "")
  if(NOT sha MATCHES "^[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]*(\\+CHANGES)?$")
    message(FATAL_ERROR "OUTRIGGER_GIT_SHA=${sha} will not do: expected seven or more hexadecimal digits")
  endif()
  if(sha MATCHES "^(.*)\\+CHANGES$")
    set(sha "${CMAKE_MATCH_1}")
    set(changes "+CHANGES")
  endif()
else()
  # Whoever builds a tree runs its build files anyway: its owner may be another user (a container, sudo).
  set(git git -c safe.directory=* --no-optional-locks -C "${SOURCE_DIR}")
  execute_process(COMMAND ${git} show --no-patch --format=%H\ %ct HEAD --
    OUTPUT_VARIABLE head RESULT_VARIABLE failed ERROR_QUIET)
  if(NOT failed AND head MATCHES "^([0-9a-f]+) ([0-9]+)")
    set(sha "${CMAKE_MATCH_1}")
    if(epoch STREQUAL "")
      set(epoch "${CMAKE_MATCH_2}")
    endif()
    execute_process(COMMAND ${git} status --porcelain OUTPUT_VARIABLE pending ERROR_QUIET)
    if(NOT pending STREQUAL "")
      set(changes "+CHANGES")
    endif()
  else()
    set(sha 0000000000000000000000000000000000000000)
  endif()
endif()

string(SUBSTRING "${sha}" 0 7 digits)
set(built "")
if(NOT epoch STREQUAL "")
  set(ENV{SOURCE_DATE_EPOCH} "${epoch}")
  string(TIMESTAMP built "%Y-%m-%dT%H:%M:%SZ" UTC)
endif()

file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT [=[
// Written by the build: what outrigger/version.h answers.
extern "C" {
extern const char outrigger_version_string[];
extern const char outrigger_commit_string[];
extern const char outrigger_built_string[];
const char outrigger_version_string[] = "@VERSION@.@digits@@changes@";
const char outrigger_commit_string[] = "@sha@";
const char outrigger_built_string[] = "@built@";
}
]=])
