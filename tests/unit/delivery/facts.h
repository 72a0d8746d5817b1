// A service as its declaration tells it.
#pragma once

#include "delivery/wanted.h"

namespace outrigger::delivery {

inline Facts prober_facts() {
  Facts facts;
  facts.name = "prober";
  facts.about = "Probes HTTP URLs.";
  facts.version = "1.1.ab41cd0";
  facts.listen = "0.0.0.0:8080";
  facts.admin = "0.0.0.0:8081";
  return facts;
}

}  // namespace outrigger::delivery
