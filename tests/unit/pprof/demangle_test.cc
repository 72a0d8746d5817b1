#include "pprof/demangle.h"

#include <gtest/gtest.h>

namespace outrigger::pprof {
namespace {

TEST(Demangle, leaves_out_parameters_templates_and_return_types) {
  EXPECT_EQ(simplified("void f<int>(char)"), "f");
  EXPECT_EQ(simplified("std::vector<int, std::allocator<int> >::push_back(int&&)"),
            "std::vector::push_back");
  EXPECT_EQ(simplified("a::b::c() const"), "a::b::c");
  EXPECT_EQ(simplified("std::map<int, int>::iterator a::find<int>(int) const"), "a::find");
}

TEST(Demangle, keeps_what_tells_functions_apart) {
  EXPECT_EQ(simplified("(anonymous namespace)::f(int)"), "(anonymous namespace)::f");
  EXPECT_EQ(simplified("f(int) [clone .cold]"), "f [clone .cold]");
  EXPECT_EQ(simplified("main::{lambda(int)#1}::operator()(int) const"),
            "main::{lambda#1}::operator()");
}

TEST(Demangle, knows_operators) {
  EXPECT_EQ(simplified("std::ostream& operator<< <int>(std::ostream&, int)"), "operator<<");
  EXPECT_EQ(simplified("a::operator<(a const&) const"), "a::operator<");
  EXPECT_EQ(simplified("a::operator->() const"), "a::operator->");
  EXPECT_EQ(simplified("a::operator bool() const"), "a::operator bool");
  EXPECT_EQ(simplified("operator new(unsigned long)"), "operator new");
  EXPECT_EQ(simplified("operators::f(int)"), "operators::f");
}

TEST(Demangle, gives_back_what_is_not_mangled) {
  EXPECT_EQ(demangled("memcpy"), "memcpy");
  EXPECT_EQ(demangled("_ZSt4cout_no"), "_ZSt4cout_no");
  EXPECT_EQ(demangled("_ZN1a1bEi"), "a::b");
  EXPECT_EQ(simplified("f(((("), "f");
  EXPECT_EQ(simplified("(("), "((");
}

}  // namespace
}  // namespace outrigger::pprof
