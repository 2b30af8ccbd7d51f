// Reads little-endian words from bytes nobody has checked. After the end every read gives zero and `ok()` is false.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace inferlab::program {

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::uint32_t U32() { return Word<std::uint32_t>(); }
  std::uint64_t U64() { return Word<std::uint64_t>(); }
  std::int64_t Int() { return static_cast<std::int64_t>(Word<std::uint64_t>()); }
  double Float() { return std::bit_cast<double>(Word<std::uint64_t>()); }
  std::vector<std::int64_t> Ints() {
    std::vector<std::int64_t> values(Count(8));
    for (auto& value : values) value = Int();
    return values;
  }
  std::vector<double> Floats() {
    std::vector<double> values(Count(8));
    for (auto& value : values) value = Float();
    return values;
  }
  // A list's length: a word that must leave room for that many items of `item_bytes`.
  std::size_t Count(std::size_t item_bytes) {
    const std::uint64_t count = U64();
    if (count > (bytes_.size() - position_) / item_bytes) {
      Fail();
      return 0;
    }
    return static_cast<std::size_t>(count);
  }
  std::span<const std::byte> Bytes(std::size_t size) {
    if (size > bytes_.size() - position_) {
      Fail();
      return {};
    }
    const auto part = bytes_.subspan(position_, size);
    position_ += size;
    return part;
  }
  bool ok() const { return ok_; }
  bool at_end() const { return position_ == bytes_.size(); }
  std::size_t position() const { return position_; }
  std::size_t remaining() const { return bytes_.size() - position_; }

 private:
  template <typename T>
  T Word() {
    T value{};
    if (sizeof(T) > bytes_.size() - position_) {
      Fail();
      return value;
    }
    std::memcpy(&value, bytes_.data() + position_, sizeof(T));
    position_ += sizeof(T);
    return value;
  }
  void Fail() {
    ok_ = false;
    position_ = bytes_.size();
  }

  std::span<const std::byte> bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace inferlab::program
