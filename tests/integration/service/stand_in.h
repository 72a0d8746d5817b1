// What the programs of these tests tell of themselves: lines of the file $CREW_REPORT, "<part>
// <pid> <what>".
#pragma once

#include <string_view>

namespace outrigger::test {

void tell(std::string_view part, std::string_view what);

}  // namespace outrigger::test
