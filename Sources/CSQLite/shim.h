#ifndef LANEKEEPER_CSQLITE_H
#define LANEKEEPER_CSQLITE_H
#include <sqlite3.h>

/// Lets SQLite copy a bound value.
static inline sqlite3_destructor_type lk_sqlite_transient(void) { return SQLITE_TRANSIENT; }

/// Leaves the write-ahead log as it is when the last connection closes, which else waits for the disk.
static inline int lk_sqlite_no_checkpoint_on_close(sqlite3 *database) {
  return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}
#endif
