// What the service does; it knows nothing of HTTP or command lines.
#pragma once

#include <outrigger/json.h>
#include <outrigger/result.h>

#include <string>

outrigger::Result<outrigger::Json> greet(const std::string& greeting, const std::string& name);
