// The same in another framework.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>

#include "outrigger/log.h"
#include "outrigger/metrics.h"
#include "outrigger/testing.h"

TEST_CASE("entries and counters are seen, section by section") {
  outrigger::testing::Scope scope;
  outrigger::log::info("before both {n}", 1);
  SECTION("one") {
    outrigger::metrics::counter("Sections").add();
    REQUIRE(scope.counted("Sections") == 1);
  }
  SECTION("two") {
    outrigger::metrics::counter("Sections").add(2);
    REQUIRE(scope.counted("Sections") == 2);
  }
  REQUIRE(scope.entries().size() == 1);
  REQUIRE(scope.entries()[0].field("n") == "1");
}
