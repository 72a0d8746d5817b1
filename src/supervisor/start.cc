// Where a static file begins, ahead of libc: `-Wl,-e,outrigger_start`.
//
// A static-pie file relocates itself, page by page: some hundred pages of tables of functions are
// written to before main(), in each of the three processes, and each first touch is a fault. Asked
// for all at once the kernel gives them in one call, which costs a tenth of the faults where these
// are dear (virtual machines above all). It is a hint: a kernel before 5.14 refuses it, and nothing
// depends on it.
//
// Nothing is relocated yet and libc has not begun: no thread-local variable (hence no stack
// protector), no call outside this file, no address of a table.
#if defined(__x86_64__) || defined(__aarch64__)

#include <asm/unistd.h>
#include <elf.h>
#include <linux/mman.h>
#include <stdint.h>

// The file's own first byte; every linker gives it.
extern "C" [[gnu::visibility("hidden")]] const Elf64_Ehdr __ehdr_start;

namespace {

constexpr uintptr_t kPage = 4096;  // a larger one of the kernel's makes the call fail, no more
#ifdef MADV_POPULATE_WRITE
constexpr long kPopulateWrite = MADV_POPULATE_WRITE;
#else
constexpr long kPopulateWrite = 23;  // uapi/asm-generic/mman-common.h
#endif

void advise(uintptr_t from, uintptr_t size, long advice) {
#if defined(__x86_64__)
  long result = __NR_madvise;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(from), "S"(size), "d"(advice)
               : "rcx", "r11", "memory");
#else
  register long number asm("x8") = __NR_madvise;
  register uintptr_t first asm("x0") = from;
  register uintptr_t second asm("x1") = size;
  register long third asm("x2") = advice;
  asm volatile("svc 0" : "+r"(first) : "r"(number), "r"(second), "r"(third) : "memory");
#endif
}

}  // namespace

extern "C" __attribute__((visibility("hidden"), used, no_stack_protector)) void
outrigger_populate_tables() {
  const auto base = reinterpret_cast<uintptr_t>(&__ehdr_start);
  const auto* header = reinterpret_cast<const Elf64_Phdr*>(base + __ehdr_start.e_phoff);
  for (int i = 0; i < __ehdr_start.e_phnum; ++i, ++header) {
    if (header->p_type != PT_GNU_RELRO) continue;
    const uintptr_t from = (base + header->p_vaddr) & ~(kPage - 1);
    const uintptr_t end = (base + header->p_vaddr + header->p_memsz + kPage - 1) & ~(kPage - 1);
    advise(from, end - from, kPopulateWrite);
  }
}

// The registers that libc's own beginning reads are handed on: the stack, and the function to be
// called at exit.
#if defined(__x86_64__)
asm(R"(
    .text
    .globl outrigger_start
    .hidden outrigger_start
    .type outrigger_start, @function
outrigger_start:
    .cfi_startproc
    .cfi_undefined rip
    endbr64
    xorl %ebp, %ebp
    movq %rdx, %r12
    movq %rsp, %r13
    andq $-16, %rsp
    call outrigger_populate_tables
    movq %r13, %rsp
    movq %r12, %rdx
    jmp _start
    .cfi_endproc
    .size outrigger_start, .-outrigger_start
)");
#else
asm(R"(
    .text
    .globl outrigger_start
    .hidden outrigger_start
    .type outrigger_start, @function
outrigger_start:
    .cfi_startproc
    .cfi_undefined x30
    mov x19, x0
    bl outrigger_populate_tables
    mov x0, x19
    b _start
    .cfi_endproc
    .size outrigger_start, .-outrigger_start
)");
#endif

#endif
