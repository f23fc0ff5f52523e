#include "adapters/files/check.hpp"

#include <boost/json.hpp>

#include "tests/unit/files/sample.hpp"

using namespace iro;
using namespace iro::files;
using sample::Folder;

TEST_CASE("check: reports records, early ends, unknown programmes, encoding and separator, and writes nothing") {
  const Folder folder;
  const std::vector<std::filesystem::path> paths = {
      folder.write("duo.csv",
                   "VLP|99ZZ\r\nBPV|900000012||1|1|20220916|20220801|20250731|20231113|900|100000001|25618|\r\n"
                   "BPV|900000012||1|2|x|20220801|20250731||900|100000001|25618|\r\n"),
      folder.write(
          "vacatures.csv",
          "\xEF\xBB\xBFPlaatsnummer;Crebo;Begindatum;Einddatum;Aantal;Kleur\r\n1;25655;1-9-2026;2-9-2026;1;rood\r\n"),
      folder.write("geen.csv", "een;twee\r\n1;2\r\n"),
  };
  const Report report = check_files(paths, sample::formats(), sample::registry());
  CHECK_FALSE(report.good());
  CHECK(report.total.records == 3);
  CHECK(report.total.early_ends == 1);
  CHECK(report.total.rejected == 1);
  CHECK(report.failed_files == 1);
  CHECK_THAT(report.to_text(), ContainsSubstring("duo-bpv, utf-8, separated by bar") && ContainsSubstring("25618") &&
                                   ContainsSubstring("line 3 column 20 (drawn up): duo_record") &&
                                   ContainsSubstring("vacancies, utf-8 with a byte-order mark") &&
                                   ContainsSubstring("columns not used: Kleur") &&
                                   ContainsSubstring("cannot be used: csv_column"));
  const auto json = boost::json::parse(report.to_json());
  CHECK(json.at("total").at("early_ends").to_number<int>() == 1);
  CHECK(json.at("files").at(0).at("rejects").at(0).at("line").to_number<int>() == 3);
  CHECK(json.at("files").at(2).at("error").at("code").as_string() == "csv_column");
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path()))
    files += entry.is_regular_file();
  CHECK(files == 3);
}
