// wanted: state holds no hash table
#include "rule.hpp"

#include <unordered_map>
std::string bytes() { return iro::archive::encode(std::unordered_map<std::string, int>{}); }
