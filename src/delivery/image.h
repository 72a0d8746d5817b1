// `template --for image`: an OCI image of this one file, as a tarball on stdout, without a tool for
// containers (https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md):
//
//     oci-layout   index.json   blobs/sha256/{manifest, config, layer}
//
// The same file gives the same bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "delivery/wanted.h"
#include "outrigger/result.h"

namespace outrigger::delivery {

// Pure. `file`: the program's bytes.
std::string image_of(const Facts& facts, const std::vector<std::string>& run_words,
                     std::string_view file);

// Prints it; returns the exit status.
int print_image(const Facts& facts, const TemplateWanted& wanted);

}  // namespace outrigger::delivery
