#include "aws/xml.h"

#include <pugixml.hpp>

namespace outrigger::aws {
namespace {

pugi::xml_node library_node(void* raw) {
  return pugi::xml_node(static_cast<pugi::xml_node_struct*>(raw));
}

}  // namespace

struct Xml::Document {
  pugi::xml_document tree;
};

Xml::Xml(std::unique_ptr<Document> document) : document_(std::move(document)) {}
Xml::~Xml() = default;
Xml::Xml(Xml&&) noexcept = default;
Xml& Xml::operator=(Xml&&) noexcept = default;

std::optional<Xml> Xml::parse(std::string_view text) {
  auto document = std::make_unique<Document>();
  const auto parsed = document->tree.load_buffer(
      text.data(), text.size(), pugi::parse_default & ~pugi::parse_doctype, pugi::encoding_utf8);
  if (!parsed || !document->tree.document_element()) return std::nullopt;
  return Xml(std::move(document));
}

Xml::Node Xml::root() const { return Node(document_->tree.document_element().internal_object()); }

Xml::Node Xml::Node::at(std::string_view path) const {
  if (path.empty()) return *this;
  const std::string text(path);
  return Node(library_node(raw_).first_element_by_path(text.c_str()).internal_object());
}

std::string Xml::Node::text(std::string_view path) const {
  return library_node(at(path).raw_).text().get();
}

std::vector<Xml::Node> Xml::Node::all(std::string_view name) const {
  std::vector<Node> found;
  const std::string text(name);
  for (const pugi::xml_node child : library_node(raw_).children(text.c_str())) {
    found.push_back(Node(child.internal_object()));
  }
  return found;
}

}  // namespace outrigger::aws
