// One client's connection, on a thread of its own: requests in, answers out, and the faults that
// befall a connection.
#pragma once

#include <openssl/ssl.h>

#include "base/fd.h"
#include "world.h"

namespace outrigger::emulator {

// Serves until the client closes, or a fault does. `tls` nullptr: plain.
void serve(base::Fd fd, SSL_CTX* tls, World& world);

}  // namespace outrigger::emulator
