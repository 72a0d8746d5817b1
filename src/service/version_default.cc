// What outrigger/version.h answers in programs that were not declared with outrigger_add_service (unit tests, tools):
// the build writes a definition of its own for those that were (cmake/VersionSource.cmake).
extern "C" {
extern const char outrigger_version_string[] __attribute__((weak));
extern const char outrigger_commit_string[] __attribute__((weak));
extern const char outrigger_built_string[] __attribute__((weak));
const char outrigger_version_string[] = "0.0.0000000";
const char outrigger_commit_string[] = "0000000000000000000000000000000000000000";
const char outrigger_built_string[] = "";
}
