// The reader never leaves its view, whatever the bytes say.
#include "hub/base/bytes.hpp"

#include "tests/catch.hpp"

using namespace iro;

TEST_CASE("base: what a ByteWriter wrote a ByteReader reads") {
  ByteWriter out;
  out.u8(1);
  out.u16(0x0203);
  out.u32(0x04050607);
  out.u64(0x08090A0B0C0D0E0FULL);
  out.text16("één");
  out.blob32(as_bytes("blob"));
  out.patch_u32(3, 99);
  ByteReader in(out.view());
  CHECK(in.u8() == 1);
  CHECK(in.u16() == 0x0203);
  CHECK(in.u32() == 99);
  CHECK(in.u64() == 0x08090A0B0C0D0E0FULL);
  CHECK(in.text16() == "één");
  CHECK(as_text(in.blob32()) == "blob");
  CHECK((in.ok() && in.left() == 0));
}

TEST_CASE("base: numbers lie little-endian") {
  ByteWriter out;
  out.u32(0x01020304);
  CHECK(to_bytes(out.view()) == Bytes{4, 3, 2, 1});
}

TEST_CASE("base: after a short read everything reads as zero and ok() is false") {
  const Bytes three = {1, 2, 3};
  ByteReader in(three);
  CHECK(in.u32() == 0);
  CHECK_FALSE(in.ok());
  CHECK(in.u8() == 0);
  CHECK(in.bytes(1).empty());
  CHECK(in.left() == 0);
}

TEST_CASE("base: a length that lies does not lead outside") {
  const Bytes lies = {0xFF, 0xFF, 0xFF, 0xFF, 'a', 'b'};
  ByteReader blob(lies);
  CHECK(blob.blob32().empty());
  CHECK_FALSE(blob.ok());
  ByteReader text(lies);
  CHECK(text.text16().empty());
  CHECK_FALSE(text.ok());
  ByteReader huge(lies);
  CHECK(huge.bytes(SIZE_MAX).empty());
  CHECK_FALSE(huge.ok());
}

TEST_CASE("base: hexadecimal is written low and read in either case") {
  const Bytes bytes = {0x00, 0x7F, 0xAB, 0xFF};
  CHECK(to_hex(bytes) == "007fabff");
  Bytes back(4);
  CHECK((from_hex("007FabFF", back) && back == bytes));
  for (const char* bad : {"", "007fabf", "007fabff0", "007fabfg", "0x7fabff"}) CHECK_FALSE(from_hex(bad, back));
}
