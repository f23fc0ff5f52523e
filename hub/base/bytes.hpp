// hub/base/bytes.hpp: byte buffers, and the one way in which the hub writes
// and reads little-endian binary data.
//
// ByteWriter appends to a buffer it owns. ByteReader never reads outside the
// view it was given: after a short read ok() is false, every later read gives
// zero, and the caller checks once at the end.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace iro {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

inline ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
inline Bytes to_bytes(ByteView view) { return {view.begin(), view.end()}; }
inline Bytes to_bytes(std::string_view text) { return to_bytes(as_bytes(text)); }

class ByteWriter {
 public:
  void reserve(std::size_t n) { out_.reserve(n); }
  void u8(std::uint8_t v) { out_.push_back(v); }
  void u16(std::uint16_t v) { raw(&v, 2); }
  void u32(std::uint32_t v) { raw(&v, 4); }
  void u64(std::uint64_t v) { raw(&v, 8); }
  void bytes(ByteView v) { raw(v.data(), v.size()); }
  /// A text of at most 65,535 bytes behind its u16 length.
  void text16(std::string_view v) {
    u16(static_cast<std::uint16_t>(v.size()));
    raw(v.data(), v.size());
  }
  void blob32(ByteView v) {
    u32(static_cast<std::uint32_t>(v.size()));
    raw(v.data(), v.size());
  }
  [[nodiscard]] std::size_t size() const { return out_.size(); }
  [[nodiscard]] ByteView view() const { return out_; }
  [[nodiscard]] Bytes take() { return std::move(out_); }
  /// Overwrite four bytes written earlier (a length that was not known yet).
  void patch_u32(std::size_t at, std::uint32_t v) { std::memcpy(out_.data() + at, &v, 4); }

 private:
  void raw(const void* data, std::size_t n) {
    const auto* p = static_cast<const std::uint8_t*>(data);
    out_.insert(out_.end(), p, p + n);
  }
  Bytes out_;
};

class ByteReader {
 public:
  explicit ByteReader(ByteView in) : in_(in) {}
  std::uint8_t u8() { return number<std::uint8_t>(); }
  std::uint16_t u16() { return number<std::uint16_t>(); }
  std::uint32_t u32() { return number<std::uint32_t>(); }
  std::uint64_t u64() { return number<std::uint64_t>(); }
  ByteView bytes(std::size_t n) {
    if (n > left()) return fail();
    const ByteView out = in_.subspan(at_, n);
    at_ += n;
    return out;
  }
  std::string_view text16() { return as_text(bytes(u16())); }
  ByteView blob32() { return bytes(u32()); }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t left() const { return in_.size() - at_; }
  [[nodiscard]] std::size_t at() const { return at_; }

 private:
  template <typename T>
  T number() {
    T v{};
    const ByteView b = bytes(sizeof(T));
    if (b.size() == sizeof(T)) std::memcpy(&v, b.data(), sizeof(T));
    return v;
  }
  ByteView fail() {
    ok_ = false;
    at_ = in_.size();
    return {};
  }
  ByteView in_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

/// Lower-case hexadecimal, two characters a byte.
std::string to_hex(ByteView bytes);
/// The reverse; false when the text is not exactly `out.size()` bytes of hexadecimal.
bool from_hex(std::string_view text, std::span<std::uint8_t> out);

static_assert(std::endian::native == std::endian::little,
              "the log and the protocol are little-endian: a big-endian port needs byte swaps here");

/// Byte order, as SQLite has it for BLOBs. (The vector's own operator< makes GCC 12 see comparisons of 2^63 bytes.)
struct BytesLess {
  using is_transparent = void;
  bool operator()(ByteView a, ByteView b) const { return as_text(a) < as_text(b); }
};

}  // namespace iro
