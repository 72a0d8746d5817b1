// Keeps books with SQLite: in memory, or in a file that it is told.
#include <sqlite3.h>

#include <string>

#include "outrigger/outrigger.h"

namespace {

using namespace outrigger;

// What the statements come to: "done", or SQLite's word. The database stays open.
std::string books_in(const std::string& file) {
  sqlite3* database = nullptr;
  const int opened = sqlite3_open(file.c_str(), &database);
  if (opened != SQLITE_OK) return sqlite3_errmsg(database);
  char* error = nullptr;
  const char* const statements =
      "CREATE TABLE IF NOT EXISTS books(title TEXT);"
      "BEGIN; INSERT INTO books VALUES('Moby-Dick'); COMMIT;"
      "CREATE TEMP TABLE sorted AS SELECT title FROM books ORDER BY title;";
  if (sqlite3_exec(database, statements, nullptr, nullptr, &error) == SQLITE_OK) return "done";
  std::string said = error;
  sqlite3_free(error);
  sqlite3_close(database);
  return said;
}

}  // namespace

int main(int argc, char** argv) {
  Service keeper{{.name = "books", .about = "Keeps books."}};
  keeper.operation("keep", "Opens books, and writes into them.")
      .arg<std::string>("file", "where; :memory: for nowhere")
      .does([](const std::string& file) -> Result<Json> {
        return Json{{"said", books_in(file)}};
      });
  return run(argc, argv, keeper);
}
