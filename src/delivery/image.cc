#include "delivery/image.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "aws/sigv4.h"
#include "base/fd.h"
#include "base/mapping.h"
#include "base/text.h"
#include "delivery/fill_in.h"
#include "delivery/template.h"
#include "outrigger/json.h"

namespace outrigger::delivery {
namespace {

#if defined(__aarch64__)
constexpr const char* kPlatform = "arm64";
#else
constexpr const char* kPlatform = "amd64";
#endif
// Nobody's own: no password file is there to name it.
constexpr const char* kUser = "65532:65532";

// The POSIX archive format, ustar interchange (pax in POSIX.1-2017): blocks of 512 bytes.
class Tar {
 public:
  static constexpr size_t kBlock = 512;

  void directory(const std::string& name) { header(name, 0, 0755, '5'); }
  void file(const std::string& name, std::string_view bytes, unsigned mode) {
    header(name, bytes.size(), mode, '0');
    bytes_ += bytes;
    bytes_.append((kBlock - bytes.size() % kBlock) % kBlock, '\0');
  }
  std::string take() {
    bytes_.append(2 * kBlock, '\0');
    return std::move(bytes_);
  }

 private:
  void header(const std::string& name, size_t size, unsigned mode, char type) {
    char block[kBlock] = {};
    const auto text = [&](size_t at, std::string_view value) {
      memcpy(block + at, value.data(), value.size());
    };
    const auto octal = [&](size_t at, size_t digits, size_t value) {
      for (size_t i = digits; i-- > 0; value /= 8)
        block[at + i] = static_cast<char>('0' + value % 8);
    };
    text(0, std::string_view(name).substr(0, 100));
    octal(100, 7, mode);
    octal(108, 7, 0);
    octal(116, 7, 0);
    octal(124, 11, size);
    octal(136, 11, 0);
    memset(block + 148, ' ', 8);
    block[156] = type;
    text(257, std::string_view("ustar\00000", 8));
    size_t sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    octal(148, 6, sum);
    block[154] = '\0';
    bytes_.append(block, kBlock);
  }

  std::string bytes_;
};

Json descriptor(std::string_view type, std::string_view bytes) {
  return Json{{"mediaType", "application/vnd.oci.image." + std::string(type)},
              {"digest", "sha256:" + aws::sha256_hex(bytes)},
              {"size", bytes.size()}};
}

Json config_of(const Facts& facts, const std::vector<std::string>& run_words,
               std::string_view layer) {
  Json command = Json::array({"run"});
  for (const std::string& word : run_words) command.push_back(word);
  Json ports = Json::object();
  for (const std::string& port : {port_of(facts.listen), port_of(facts.admin)}) {
    if (!port.empty()) ports[port + "/tcp"] = Json::object();
  }
  return Json{
      {"architecture", kPlatform},
      {"os", "linux"},
      {"config", Json{{"User", kUser},
                      {"ExposedPorts", std::move(ports)},
                      {"Entrypoint", Json::array({"/" + facts.name})},
                      {"Cmd", std::move(command)},
                      {"StopSignal", "SIGTERM"},
                      {"Labels", Json{{"org.opencontainers.image.title", facts.name},
                                      {"org.opencontainers.image.description", facts.about},
                                      {"org.opencontainers.image.version", facts.version}}}}},
      {"rootfs",
       Json{{"type", "layers"}, {"diff_ids", Json::array({"sha256:" + aws::sha256_hex(layer)})}}},
      {"history", Json::array({Json{{"created_by", facts.name + " template --for image"}}})}};
}

}  // namespace

std::string image_of(const Facts& facts, const std::vector<std::string>& run_words,
                     std::string_view file) {
  Tar packed;
  packed.file(facts.name, file, 0755);
  const std::string layer = packed.take();
  const std::string config = config_of(facts, run_words, layer).dump();
  const std::string manifest = Json{{"schemaVersion", 2},
                                    {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                                    {"config", descriptor("config.v1+json", config)},
                                    {"layers", Json::array({descriptor("layer.v1.tar", layer)})}}
                                   .dump();
  Json entry = descriptor("manifest.v1+json", manifest);
  entry["platform"] = Json{{"architecture", kPlatform}, {"os", "linux"}};
  entry["annotations"] = Json{{"org.opencontainers.image.ref.name", image_tag(facts.version)}};
  const std::string index = Json{{"schemaVersion", 2},
                                 {"mediaType", "application/vnd.oci.image.index.v1+json"},
                                 {"manifests", Json::array({std::move(entry)})}}
                                .dump();
  Tar image;
  image.file("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}", 0644);
  image.file("index.json", index, 0644);
  image.directory("blobs/");
  image.directory("blobs/sha256/");
  for (const std::string* blob : {&manifest, &config, &layer})
    image.file("blobs/sha256/" + aws::sha256_hex(*blob), *blob, 0644);
  return image.take();
}

int print_image(const Facts& facts, const TemplateWanted& wanted) {
  const auto refuse = [&](const std::string& sentence) {
    base::write_all(STDERR_FILENO, facts.name + ": " + sentence + "\n");
    return 1;
  };
  if (isatty(STDOUT_FILENO) == 1)
    return refuse("an image is no text for a terminal: " + facts.name + " template --for image > " +
                  facts.name + ".tar");
  const base::Fd fd(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  const base::Mapping file = fd ? base::Mapping::whole_file(fd.get()) : base::Mapping();
  if (file.size() == 0) return refuse("this file cannot be read");
  const std::string image = image_of(facts, wanted.run_words, {file.bytes(), file.size()});
  if (base::write_all(STDOUT_FILENO, image) != base::WriteEnd::kComplete)
    return refuse("the image could not be written");
  return 0;
}

}  // namespace outrigger::delivery
