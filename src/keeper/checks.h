// The checks' results, out of the segment's health table.
#pragma once

#include <cstdint>
#include <vector>

#include "admin/report.h"
#include "segment/layout.h"

namespace outrigger::keeper {

// Each slot is copied under its seqlock; one that never holds still (its writer died inside) is
// shown as failed. A run that has taken longer than its check allows fails the check, whatever its
// last result was. Times: CLOCK_MONOTONIC.
std::vector<admin::CheckReport> read_checks(const segment::HealthTable& table, int64_t now_ns);

// Every check that gates readiness passes or warns.
bool gates_pass(const segment::HealthTable& table, int64_t now_ns);

}  // namespace outrigger::keeper
