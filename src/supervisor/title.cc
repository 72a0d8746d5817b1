#include "supervisor/title.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/text.h"
#include "segment/role.h"

namespace outrigger::supervisor {
namespace {

// Writes to a piece of memory, as far as there is room.
class Line {
 public:
  Line(char* begin, const char* end) : at_(begin), end_(end) {}
  void add(std::string_view piece) {
    for (const char c : piece)
      if (at_ != end_) *at_++ = c;
  }
  void blank_rest() {
    while (at_ != end_) *at_++ = '\0';
  }

 private:
  char* at_;
  const char* end_;
};

// exec lays the strings down one behind the other.
char* end_of_strings(int argc, char** argv) {
  char* end = argv[0];
  for (int i = 0; i < argc && argv[i] == end; ++i) end += strlen(end) + 1;
  return end;
}

// Behind the arguments the kernel reads on into the environment, whose first string, the role's, is
// of use no more (Environment::for_child lays it there).
char* end_of_room(char* end) {
  const size_t name = strlen(segment::kRoleVariable);
  if (strncmp(end, segment::kRoleVariable, name) != 0 || end[name] != '=') return end;
  return end + strlen(end) + 1;
}

}  // namespace

void set_title(std::string_view part, int argc, char** argv) {
  if (argc < 1) return;
  char* const begin = argv[0];
  char* const end = end_of_strings(argc, argv);
  const auto size = static_cast<size_t>(end - begin);
  // Not malloc: the program may bring one whose constructors have not run yet.
  void* const memory =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  char* const copy = static_cast<char*>(memory);
  memcpy(copy, begin, size);
  const auto moved = [&](char* text) {
    return text >= begin && text < end ? copy + (text - begin) : text;
  };
  for (int i = 0; i < argc; ++i) argv[i] = moved(argv[i]);
  program_invocation_name = moved(program_invocation_name);
  program_invocation_short_name = moved(program_invocation_short_name);

  // The last byte stays zero: the kernel takes it for the line's end.
  Line line(begin, end_of_room(end) - 1);
  line.add(base::base_name(argv[0]));
  line.add(": ");
  line.add(part);
  for (int i = 1; i < argc; ++i) {
    line.add(" ");
    line.add(argv[i]);
  }
  line.blank_rest();
}

}  // namespace outrigger::supervisor
