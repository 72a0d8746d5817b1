// A service that one role may ask from elsewhere.
#include <outrigger/outrigger.h>

int main(int argc, char** argv) {
  outrigger::Service called{{.name = "called",
                             .about = "Is asked from elsewhere.",
                             .admin_roles = {"arn:aws:iam::123456789012:role/team/Operators"},
                             .admin_certificate = "self-signed"}};
  called.operation("nothing", "Does nothing.").read_only().does([] { return outrigger::Json{}; });
  return outrigger::run(argc, argv, called);
}
