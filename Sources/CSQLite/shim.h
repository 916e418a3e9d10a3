#ifndef LANEKEEPER_CSQLITE_H
#define LANEKEEPER_CSQLITE_H
#include <sqlite3.h>

/// Lets SQLite copy a bound value.
static inline sqlite3_destructor_type lk_sqlite_transient(void) { return SQLITE_TRANSIENT; }
#endif
