// The early role choice: the table of docs/ARCHITECTURE.md, "Choosing the role".
//
// The function below stands in .init_array.00100, ahead of every constructor that a program may
// legally have, so only libc's calls and constant-initialised data may be used here and in all that
// the supervisor does.
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/text.h"
#include "log/attach.h"
#include "ops/ops.h"
#include "segment/mapping.h"
#include "supervisor/core_limit.h"
#include "supervisor/crew.h"
#include "supervisor/crew_early.h"
#include "supervisor/process_info.h"
#include "supervisor/role_card.h"
#include "supervisor/signals.h"
#include "supervisor/standard_fds.h"
#include "supervisor/supervisor.h"
#include "supervisor/title.h"
#include "supervisor/words.h"

namespace outrigger::supervisor {
namespace {

[[noreturn]] void give_up(const Invocation& invocation, std::string_view sentence) {
  signal(SIGXFSZ, SIG_IGN);  // stderr may be a file, and a limit on its size the very reason
  base::write_line(g_crew.plain_err(), base::base_name(invocation.argv[0]), ": ", sentence);
  _exit(EXIT_FAILURE);
}

// exec named the process after /proc/self/exe.
void name_process(std::string_view prefix, const Invocation& invocation) {
  base::FixedText<64> name;
  name.add(prefix).add(base::base_name(invocation.argv[0]));
  prctl(PR_SET_NAME, name.c_str());  // the kernel cuts it
}

void attach_segment(const Invocation& invocation) {
  g_crew.segment = segment::map(g_crew.card.segment);
  if (g_crew.segment == nullptr)
    give_up(invocation, "cannot map the shared memory: no address space or memory for it");
  log::attach(g_crew.segment);
  if (outrigger_service_born != nullptr) outrigger_service_born();
}

[[noreturn]] void be_keeper(const Invocation& invocation) {
  g_crew.part = Part::kKeeper;
  name_process("keeper:", invocation);
  set_title("keeper", invocation.argc, invocation.argv);
  const ops::Table* table = ops::table();
  if (table == nullptr)
    give_up(invocation, "no keeper: the program was linked without the operations object");
  table->keeper_main(g_crew.card, invocation.argc, invocation.argv);
  _exit(EXIT_FAILURE);
}

Program program() { return &outrigger_adopted != nullptr ? Program::kAdopted : Program::kOwnWords; }

// The service alone: a keeper's memory holds credentials.
void choose_core(const Invocation& invocation) {
  const char* variable = getenv("OUTRIGGER_CORE");
  const bool wanted = asks_core(invocation.argc, invocation.argv, program()) ||
                      (variable != nullptr && strcmp(variable, "1") == 0);
  if (!wanted || allow_core()) return;
  base::write_line(g_crew.plain_err(), base::base_name(invocation.argv[0]),
                   ": --core: the hard limit on core files is 0 here (ulimit -H -c): there will be "
                   "none");
}

void be_service(const Invocation& invocation) {
  g_crew.part = Part::kService;
  name_process("", invocation);
  set_title("service", invocation.argc, invocation.argv);
  choose_core(invocation);
  attach_segment(invocation);
}

void be_alone(const Invocation& invocation) {
  char why[200] = "";
  g_crew.card.segment = segment::create(why, sizeof why);
  if (g_crew.card.segment < 0) give_up(invocation, why);
  g_crew.part = Part::kAlone;
  choose_core(invocation);
  attach_segment(invocation);
}

bool runs_alone(const Invocation& invocation) {
  if (asks_in_process(invocation.argc, invocation.argv)) return true;
  const char* variable = getenv("OUTRIGGER_IN_PROCESS");
  if (variable != nullptr && strcmp(variable, "1") == 0) return true;
  // A debugger at start wants the program itself before it. OUTRIGGER_IN_PROCESS=0 says that it
  // wants the crew.
  if (variable != nullptr && strcmp(variable, "0") == 0) return false;
  return is_traced("self");
}

void choose_role(int argc, char** argv, char** environment) {
  const Invocation invocation{argc, argv, environment};
  switch (find_card(g_crew.card)) {
    case CardFound::kValid:
      if (g_crew.card.role == segment::Role::kKeeper) be_keeper(invocation);
      be_service(invocation);
      return;
    case CardFound::kOrphaned: _exit(EXIT_FAILURE);  // the crew ended before this part of it began
    case CardFound::kNone: break;
  }
  fill_standard_fds();
  if (asks(argc, argv, program()) == Asks::kCommand) return;
  forbid_core();
  if (runs_alone(invocation)) {
    be_alone(invocation);
  } else {
    run_supervisor(invocation);
  }
}

}  // namespace
}  // namespace outrigger::supervisor

// Named, so that the link can ask for it (-u outrigger_early_role) when this file lies in an
// archive.
extern "C" [[gnu::used, gnu::section(".init_array.00100")]] void (*const outrigger_early_role)(
    int, char**, char**) = &outrigger::supervisor::choose_role;
