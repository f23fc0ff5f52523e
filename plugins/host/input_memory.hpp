// plugins/host/input_memory.hpp: where calls arrive, mapped twice: the host writes to one mapping, the plugin sees the
// other, which is read-only.
//
// So a plugin that writes to its input is caught in the act, and even one that
// found the other mapping would only change what its own process was told. Against
// mprotect() around each call it costs no system call, and against a private
// copy no copying. One thread.
#pragma once

#include <cstdint>
#include <span>

#include "hub/base/bytes.hpp"
#include "hub/base/error.hpp"

namespace iro::host {

class InputMemory {
 public:
  /// Reserves `size` bytes; pages are taken when they are first written to.
  static Result<InputMemory> create(std::size_t size);
  ~InputMemory();
  InputMemory(InputMemory&& other) noexcept;
  InputMemory& operator=(InputMemory&&) = delete;

  [[nodiscard]] std::span<std::uint8_t> writable() const { return {writable_, size_}; }
  /// The first `size` bytes as the plugin may see them. Aligned to a page.
  [[nodiscard]] ByteView shown(std::size_t size) const { return {shown_, size}; }

 private:
  InputMemory(std::uint8_t* writable, std::uint8_t* shown, std::size_t size)
      : writable_(writable), shown_(shown), size_(size) {}
  std::uint8_t* writable_;
  std::uint8_t* shown_;
  std::size_t size_;
};

}  // namespace iro::host
