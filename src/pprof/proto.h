// Just enough of protocol buffers' wire format to write a profile: varints and length-delimited
// fields (protobuf.dev, "Encoding").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace outrigger::pprof {

class ProtoWriter {
 public:
  // A field of value 0 is left out, as proto3 wants it.
  void number(uint32_t field, uint64_t value) {
    if (value == 0) return;
    varint(field << 3);
    varint(value);
  }
  void bytes(uint32_t field, std::string_view value) {
    varint(field << 3 | 2);
    varint(value.size());
    out_.append(value);
  }
  void message(uint32_t field, const ProtoWriter& value) { bytes(field, value.out_); }
  // One element of a packed list: the caller gives the list with bytes().
  void varint(uint64_t value) {
    while (value >= 0x80) {
      out_ += static_cast<char>(value | 0x80);
      value >>= 7;
    }
    out_ += static_cast<char>(value);
  }
  const std::string& text() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

// As gzip writes it. Empty when there is no memory for it.
std::string gzipped(std::string_view bytes);

}  // namespace outrigger::pprof
