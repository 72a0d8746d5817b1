// The file system, as -init changes it: each change is whole or has not happened, whenever the
// machine stops. The only place of delivery that writes to disk. Errors are one sentence.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outrigger/result.h"

namespace outrigger::delivery {

// None when there is no such file; an error when it cannot be read.
Result<std::optional<std::string>> read_text(const std::string& path);
// With its directories (0755). Beside `path` first, synchronised, then moved into its place.
Result<void> write_text(const std::string& path, std::string_view text);
// Copies bytes of `from` to the new file `to`, mode 0755, synchronised.
Result<void> copy_program(const std::string& from, const std::string& to);
Result<void> make_directories(const std::string& path);
// Moves a directory or a file; `to` must not be there, or be a file.
Result<void> move_to(const std::string& from, const std::string& to);

// Where a link leads, "" when there is none.
std::string link_of(const std::string& path);
// Makes or switches a symbolic link, atomically.
Result<void> switch_link(const std::string& path, const std::string& target);

// No error when it is not there. Directories with all that is in them.
Result<void> remove_all(const std::string& path);
bool is_there(const std::string& path);
// The names in a directory; none when there is none.
std::vector<std::string> names_in(const std::string& path);

bool same_content(const std::string& one, const std::string& other);
bool same_file(const std::string& one, const std::string& other);  // device and inode

// Held until the process ends. An error when another process holds it.
Result<int> lock_directory(const std::string& path);

}  // namespace outrigger::delivery
