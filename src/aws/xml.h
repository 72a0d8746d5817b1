// XML answers, read into a tree. Thread-compatible; nodes live as long as their document.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outrigger::aws {

class Xml {
 public:
  // An element, or none: everything asked of none gives none.
  class Node {
   public:
    Node() = default;
    explicit operator bool() const { return raw_ != nullptr; }
    // The first element under "a/b/c"; "" is this one.
    Node at(std::string_view path) const;
    // Its text, "" where there is none.
    std::string text(std::string_view path) const;
    // Its children of that name.
    std::vector<Node> all(std::string_view name) const;

   private:
    friend class Xml;
    explicit Node(void* raw) : raw_(raw) {}
    void* raw_ = nullptr;  // the library's node
  };

  // Any bytes; none when they are no well-formed document. No entity but XML's own is resolved.
  static std::optional<Xml> parse(std::string_view text);
  Node root() const;

  ~Xml();
  Xml(Xml&&) noexcept;
  Xml& operator=(Xml&&) noexcept;

 private:
  struct Document;
  explicit Xml(std::unique_ptr<Document> document);
  std::unique_ptr<Document> document_;
};

}  // namespace outrigger::aws
