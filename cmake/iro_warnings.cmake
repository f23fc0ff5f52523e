# The warnings that every target of ours is built with.
add_library(iro_warnings INTERFACE)
target_compile_options(iro_warnings INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Wold-style-cast
  -Wcast-align -Wunused -Woverloaded-virtual -Wformat=2 -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 warns of overlaps and overflows inside its own inlined std::string and vector.
  target_compile_options(iro_warnings INTERFACE -Wno-restrict -Wno-stringop-overflow)
endif()
if(IRO_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(IRO_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
elseif(IRO_SANITIZE)
  message(FATAL_ERROR "IRO_SANITIZE is '${IRO_SANITIZE}': give address or thread")
endif()
