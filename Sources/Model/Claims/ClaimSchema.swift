/// The part of the state file that the program and the hook share.
package enum ClaimSchema {
  /// The version in `PRAGMA user_version`; a file with a higher one was written by a newer program.
  package static let version = 1

  /// Makes the tables.
  package static let statements = [
    "CREATE TABLE meta(key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID",
    """
    CREATE TABLE lanes(number INTEGER PRIMARY KEY, path TEXT NOT NULL, feature TEXT, agent TEXT,
      branch TEXT, base BLOB, state TEXT NOT NULL)
    """,
    """
    CREATE TABLE claims(id INTEGER PRIMARY KEY, path BLOB NOT NULL, subtree INTEGER NOT NULL,
      mode TEXT NOT NULL, owner_kind TEXT NOT NULL, owner TEXT NOT NULL, agent TEXT,
      generation INTEGER NOT NULL, acquired_at INTEGER NOT NULL, expires_at INTEGER,
      pinned INTEGER NOT NULL DEFAULT 0, spelled BLOB)
    """,
    "CREATE UNIQUE INDEX claims_exclusive ON claims(path, subtree) WHERE mode = 'exclusive'",
    "CREATE UNIQUE INDEX claims_one_per_owner ON claims(path, subtree, owner_kind, owner)",
    "CREATE INDEX claims_by_owner ON claims(owner_kind, owner)",
    "CREATE INDEX claims_by_lease ON claims(expires_at) WHERE expires_at IS NOT NULL",
    "CREATE TABLE counters(name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) WITHOUT ROWID",
    """
    CREATE TABLE path_policies(path BLOB NOT NULL, subtree INTEGER NOT NULL, policy TEXT NOT NULL,
      argument TEXT, PRIMARY KEY(path, subtree)) WITHOUT ROWID
    """,
    """
    CREATE TABLE stale_pairs(base BLOB NOT NULL, tip BLOB NOT NULL, PRIMARY KEY(base, tip))
      WITHOUT ROWID
    """,
    """
    CREATE TABLE stale_paths(base BLOB NOT NULL, tip BLOB NOT NULL, path BLOB NOT NULL,
      PRIMARY KEY(base, tip, path)) WITHOUT ROWID
    """,
    """
    CREATE TABLE refusals(feature TEXT NOT NULL, path BLOB NOT NULL, subtree INTEGER NOT NULL,
      reason TEXT NOT NULL, holder TEXT, at INTEGER NOT NULL,
      mode TEXT NOT NULL DEFAULT 'exclusive', PRIMARY KEY(feature, path)) WITHOUT ROWID
    """,
    """
    CREATE TABLE events(seq INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL,
      type TEXT NOT NULL, feature TEXT, agent TEXT, data TEXT NOT NULL DEFAULT '{}')
    """,
  ]

  /// Where a person, or Lanekeeper itself, has moved the target: the way from a tip that is known to
  /// one that is seen. A move that no row and no landing explains was made by an agent.
  package static let targetMoves = [
    """
    CREATE TABLE target_moves(seq INTEGER PRIMARY KEY, old BLOB, new BLOB, at INTEGER NOT NULL,
      by TEXT NOT NULL)
    """,
    "CREATE INDEX target_moves_by_new ON target_moves(new)",
  ]
  /// Writes one move of the target: old, new, at, by.
  package static let insertTargetMove =
    "INSERT INTO target_moves(old, new, at, by) VALUES (?, ?, ?, ?)"

  /// Features that stand on the branch of an unlanded one; `landed` is what became
  /// of that one: 0 nothing yet, 1 it has landed, 2 the feature does not need it any more.
  package static let stacks = """
    CREATE TABLE stacks(feature TEXT PRIMARY KEY NOT NULL, onto TEXT NOT NULL,
      branch TEXT NOT NULL, landed INTEGER NOT NULL DEFAULT 0, moved_tip TEXT, moved_onto TEXT)
      WITHOUT ROWID
    """
  package static let stacksByBase = "CREATE INDEX stacks_by_base ON stacks(onto)"
  /// Selects the features that count as one with a feature, since they are stacked on one another.
  package static let selectKin = """
    WITH RECURSIVE kin(id) AS (SELECT ?1 UNION
      SELECT CASE s.feature WHEN kin.id THEN s.onto ELSE s.feature END
      FROM kin JOIN stacks s ON s.landed = 0 AND (s.feature = kin.id OR s.onto = kin.id))
    SELECT id FROM kin WHERE id <> ?1
    """

  private static let columns = """
    path, subtree, mode, owner_kind, owner, agent, generation, acquired_at, expires_at, pinned, spelled
    """

  /// Selects all claims.
  static let select = "SELECT \(columns) FROM claims"
  /// Selects the claims at one path.
  package static let selectAt = "\(select) WHERE path = ?"
  /// Selects the claims below a directory; takes the path with `/`, and with `0`, the next byte.
  package static let selectBelow = "\(select) WHERE path > ? AND path < ?"
  /// Takes the next generation.
  package static let nextGeneration = """
    INSERT INTO counters(name, value) VALUES ('generation', 1)
    ON CONFLICT(name) DO UPDATE SET value = value + 1 RETURNING value
    """
  /// Writes one claim: path, subtree, mode, owner kind, owner, agent, generation, acquired at,
  /// expires at, pinned, spelling.
  package static let insertClaim = """
    INSERT INTO claims(\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT(path, subtree, owner_kind, owner) DO UPDATE SET mode = excluded.mode,
      generation = excluded.generation, expires_at = excluded.expires_at,
      pinned = max(pinned, excluded.pinned)
    """
  /// Removes one claim: path, subtree, owner kind, owner.
  static let deleteClaim = """
    DELETE FROM claims WHERE path = ? AND subtree = ? AND owner_kind = ? AND owner = ?
    """
  /// Forgets that a path was refused: feature, path.
  package static let forgetRefusal = "DELETE FROM refusals WHERE feature = ? AND path = ?"
  /// Appends to the event log: time, type, feature, agent, data.
  package static let appendEvent =
    "INSERT INTO events(time, type, feature, agent, data) VALUES (?, ?, ?, ?, ?)"
  /// The key in `meta` under which ``PathNaming/text`` stands.
  package static let namingKey = "paths.naming"
  /// Where the state file of a shared repository has what the branches of features begin with, a line each.
  package static let branchPrefixesKey = "branches.prefixes"
}
