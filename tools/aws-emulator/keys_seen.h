// Which entries arrived, by the key that each entry of an Outrigger service carries: boot, ring and
// sequence number. It tells duplicates from losses without keeping the entries. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include <boost/json.hpp>

namespace outrigger::emulator {

class KeysSeen {
 public:
  // `is_escaped`: a backslash stands before each quote.
  void note(std::string_view message, bool is_escaped = false);
  // {"entries": with a key, "distinct", "duplicates", "missing": numbers below the highest seen,
  //  "rings": [{"ring", "boot", "distinct", "highest", "missing"}]}
  boost::json::object report() const;

 private:
  struct Ring {
    // Begin -> end of what was seen, in whole and disjoint runs.
    std::map<uint64_t, uint64_t> runs;
    uint64_t distinct = 0;
  };
  // True when the number is new.
  static bool add(Ring& ring, uint64_t number);

  std::map<std::string, Ring, std::less<>> rings_;  // by boot and ring
  std::string last_name_;
  Ring* last_ = nullptr;
  // How far before the end of a message its key began, the last time.
  size_t key_from_end_ = 0;
  uint64_t entries_ = 0;
  uint64_t duplicates_ = 0;
};

}  // namespace outrigger::emulator
