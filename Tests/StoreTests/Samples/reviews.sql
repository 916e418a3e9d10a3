-- A state file as the program of commit fe6b634 left it after a run with features that landed, failed, waited and were sent back.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO grdb_migrations VALUES('1: features, attempts, lanes, claims, landings, events');
INSERT INTO grdb_migrations VALUES('waiting: live waits, and who has yielded to whom');
INSERT INTO grdb_migrations VALUES('landing: chains, undo, what a gate result rests on');
INSERT INTO grdb_migrations VALUES('sessions: agents outside lanes');
INSERT INTO grdb_migrations VALUES('agents: reports, pauses, reserved cost');
INSERT INTO grdb_migrations VALUES('moves of the target');
INSERT INTO grdb_migrations VALUES('reviews: verdicts, looks, starts of attempts');
CREATE TABLE meta(key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES('budget_since','1795633648342');
INSERT INTO meta VALUES('claims.humans','warn');
INSERT INTO meta VALUES('claims.policy','auto');
INSERT INTO meta VALUES('paths.naming','');
INSERT INTO meta VALUES('target','refs/heads/main');
INSERT INTO meta VALUES('target.known','1c638c85f8af131feda4f013d519cdc66f67fa95');
INSERT INTO meta VALUES('target.known_at','1795633649305');
INSERT INTO meta VALUES('target.seen:refs/heads/main','1c638c85f8af131feda4f013d519cdc66f67fa95');
CREATE TABLE lanes(number INTEGER PRIMARY KEY, path TEXT NOT NULL, feature TEXT, agent TEXT,
  branch TEXT, base BLOB, checked_tree BLOB, checked_parent BLOB, checked_target BLOB,
  state TEXT NOT NULL);
INSERT INTO lanes VALUES(1,'/home/ruth/app.lanes/1',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'free');
INSERT INTO lanes VALUES(2,'/home/ruth/app.lanes/2',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'free');
INSERT INTO lanes VALUES(3,'/home/ruth/app.lanes/3',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'free');
INSERT INTO lanes VALUES(4,'/home/ruth/app.lanes/4',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'free');
CREATE TABLE claims(id INTEGER PRIMARY KEY, path BLOB NOT NULL, subtree INTEGER NOT NULL,
  mode TEXT NOT NULL, owner_kind TEXT NOT NULL, owner TEXT NOT NULL, agent TEXT,
  generation INTEGER NOT NULL, acquired_at INTEGER NOT NULL, expires_at INTEGER,
  pinned INTEGER NOT NULL DEFAULT 0, spelled BLOB);
INSERT INTO claims VALUES(1,X'68656c64',1,'exclusive','person','local',NULL,1,1795633648249,NULL,0,NULL);
INSERT INTO claims VALUES(4,X'7372632f6634',0,'exclusive','feature','4','agent-3',4,1795633648650,NULL,1,NULL);
CREATE TABLE counters(name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counters VALUES('generation',5);
CREATE TABLE path_policies(path BLOB NOT NULL, subtree INTEGER NOT NULL, policy TEXT NOT NULL,
  argument TEXT, PRIMARY KEY(path, subtree)) WITHOUT ROWID;
INSERT INTO path_policies VALUES(X'2e6c616e656b6565706572',1,'frozen',NULL);
INSERT INTO path_policies VALUES(X'66656174757265732e796d6c',0,'frozen',NULL);
INSERT INTO path_policies VALUES(X'6c616e656b65657065722e796d6c',0,'frozen',NULL);
CREATE TABLE stale_pairs(base BLOB NOT NULL, tip BLOB NOT NULL, PRIMARY KEY(base, tip))
  WITHOUT ROWID;
CREATE TABLE stale_paths(base BLOB NOT NULL, tip BLOB NOT NULL, path BLOB NOT NULL,
  PRIMARY KEY(base, tip, path)) WITHOUT ROWID;
CREATE TABLE refusals(feature TEXT NOT NULL, path BLOB NOT NULL, subtree INTEGER NOT NULL,
  reason TEXT NOT NULL, holder TEXT, at INTEGER NOT NULL,
  mode TEXT NOT NULL DEFAULT 'exclusive', PRIMARY KEY(feature, path)) WITHOUT ROWID;
INSERT INTO refusals VALUES('7',X'68656c64',1,'held',NULL,1795633648546,'exclusive');
CREATE TABLE events(seq INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL,
  type TEXT NOT NULL, feature TEXT, agent TEXT, data TEXT NOT NULL DEFAULT '{}');
INSERT INTO events VALUES(1,1795633648249,'claims_granted',NULL,NULL,'{"generation":1,"paths":["held/"]}');
INSERT INTO events VALUES(2,1795633648341,'run_started',NULL,NULL,'{"models":["opus","haiku"],"parallel":3,"participant":"21550-4082755022","pid":21550,"preset":"balanced"}');
INSERT INTO events VALUES(3,1795633648348,'feature_ready','1',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(4,1795633648348,'feature_ready','3',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(5,1795633648348,'feature_ready','4',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(6,1795633648348,'feature_ready','7',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(7,1795633648422,'claims_granted','1','agent-1','{"generation":2,"paths":["src/f1"]}');
INSERT INTO events VALUES(8,1795633648427,'feature_running','1','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(9,1795633648427,'attempt_started','1','agent-1','{"attempt":1,"lane":1,"model":"opus","reason":"category backend"}');
INSERT INTO events VALUES(10,1795633648490,'feature_running','3','agent-2','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(11,1795633648490,'attempt_started','3','agent-2','{"attempt":1,"lane":2,"model":"opus","reason":"category backend"}');
INSERT INTO events VALUES(12,1795633648507,'feature_running','4','agent-3','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(13,1795633648507,'attempt_started','4','agent-3','{"attempt":1,"lane":3,"model":"opus","reason":"category frontend"}');
INSERT INTO events VALUES(14,1795633648546,'claim_refused','7',NULL,'{"paths":["held/"],"reasons":["held"]}');
INSERT INTO events VALUES(15,1795633648547,'feature_waiting','7',NULL,'{"detail":"held/","from":"ready","to":"waiting","waiting_for":"person:local"}');
INSERT INTO events VALUES(16,1795633648579,'claims_granted','3','agent-2','{"paths":["src/three"],"generation":3}');
INSERT INTO events VALUES(17,1795633648588,'attempt_completed','1','agent-1','{"attempt":1,"detail":"","seconds":0.162}');
INSERT INTO events VALUES(18,1795633648589,'feature_completed','1','agent-1','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(19,1795633648589,'feature_queued','1','agent-1','{"from":"completed","to":"queued"}');
INSERT INTO events VALUES(20,1795633648596,'attempt_completed','3','agent-2','{"attempt":1,"detail":"","seconds":0.107}');
INSERT INTO events VALUES(21,1795633648596,'feature_completed','3','agent-2','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(22,1795633648596,'feature_queued','3','agent-2','{"from":"completed","to":"queued"}');
INSERT INTO events VALUES(23,1795633648633,'feature_landing','1',NULL,'{"from":"queued","to":"landing"}');
INSERT INTO events VALUES(24,1795633648633,'landing_started','1',NULL,'{"chain":1,"kind":"feature","landing":1}');
INSERT INTO events VALUES(25,1795633648634,'feature_landing','3',NULL,'{"from":"queued","to":"landing"}');
INSERT INTO events VALUES(26,1795633648634,'landing_started','3',NULL,'{"chain":1,"kind":"feature","landing":2}');
INSERT INTO events VALUES(27,1795633648650,'claims_granted','4','agent-3','{"paths":["src/f4"],"generation":4}');
INSERT INTO events VALUES(28,1795633648674,'attempt_completed','4','agent-3','{"attempt":1,"detail":"","seconds":0.167}');
INSERT INTO events VALUES(29,1795633648674,'feature_completed','4','agent-3','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(30,1795633648674,'feature_in_review','4','agent-3','{"from":"completed","to":"in_review"}');
INSERT INTO events VALUES(31,1795633648685,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1795633648664-9365259.log","passed":false,"seconds":0.015,"status":"exited 2","tree":"9365259dab2bce0ed17c25c79bd106eb954bd356"}');
INSERT INTO events VALUES(32,1795633648721,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1795633648699-bc8f82d.log","passed":true,"seconds":0.018,"status":"exited 0","tree":"bc8f82d36e7c0b7e67622eae020069e1e2b8537d"}');
INSERT INTO events VALUES(33,1795633648761,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1795633648733-0b93262.log","passed":true,"seconds":0.024,"status":"exited 0","tree":"0b9326294bbb79e21f49a397fc9fe33a742a5c19"}');
INSERT INTO events VALUES(34,1795633648822,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1795633648799-9365259-cold.log","passed":false,"seconds":0.021,"status":"exited 2","tree":"9365259dab2bce0ed17c25c79bd106eb954bd356"}');
INSERT INTO events VALUES(35,1795633648841,'landing_follow','1',NULL,'{"landing":1}');
INSERT INTO events VALUES(36,1795633648849,'landing_swap','1',NULL,'{"landing":1}');
INSERT INTO events VALUES(37,1795633648853,'feature_landed','1',NULL,'{"detail":"14459b1c6281a6f9b9bd9541fa6355a37228e79d","from":"landing","to":"landed"}');
INSERT INTO events VALUES(38,1795633648853,'claims_released','1',NULL,'{"count":1}');
INSERT INTO events VALUES(39,1795633648854,'feature_ready','2',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(40,1795633648863,'feature_running','2','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(41,1795633648863,'attempt_started','2','agent-1','{"attempt":1,"lane":4,"model":"opus","reason":"category backend"}');
INSERT INTO events VALUES(42,1795633648867,'feature_gate_failed','3',NULL,'{"detail":"gate: make test exited 2","from":"landing","to":"gate_failed"}');
INSERT INTO events VALUES(43,1795633648868,'feature_ready','3',NULL,'{"detail":"gate: make test exited 2","from":"gate_failed","to":"ready"}');
INSERT INTO events VALUES(44,1795633648900,'feature_running','3','agent-2','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(45,1795633648900,'attempt_started','3','agent-2','{"attempt":2,"lane":1,"model":"opus","reason":"after a failed attempt with opus"}');
INSERT INTO events VALUES(46,1795633648955,'claims_granted','2','agent-1','{"paths":["src/f2"],"generation":5}');
INSERT INTO events VALUES(47,1795633648972,'attempt_completed','2','agent-1','{"attempt":1,"detail":"","seconds":0.109}');
INSERT INTO events VALUES(48,1795633648972,'feature_completed','2','agent-1','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(49,1795633648973,'feature_queued','2','agent-1','{"from":"completed","to":"queued"}');
INSERT INTO events VALUES(50,1795633648987,'lane_synced','3','agent-2','{"commit":"d1e84c4196539616ea760648b33105640369e3cc","target":"14459b1c6281a6f9b9bd9541fa6355a37228e79d"}');
INSERT INTO events VALUES(51,1795633649000,'feature_landing','2',NULL,'{"from":"queued","to":"landing"}');
INSERT INTO events VALUES(52,1795633649000,'landing_started','2',NULL,'{"chain":3,"kind":"feature","landing":3}');
INSERT INTO events VALUES(53,1795633649035,'attempt_completed','3','agent-2','{"attempt":2,"detail":"","seconds":0.136}');
INSERT INTO events VALUES(54,1795633649035,'feature_completed','3','agent-2','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(55,1795633649035,'feature_queued','3','agent-2','{"from":"completed","to":"queued"}');
INSERT INTO events VALUES(56,1795633649066,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1795633649043-bd24d60.log","passed":true,"seconds":0.021,"status":"exited 0","tree":"bd24d60415c7fd9c0ba5b02869c40f553f80dcc3"}');
INSERT INTO events VALUES(57,1795633649085,'landing_follow','2',NULL,'{"landing":3}');
INSERT INTO events VALUES(58,1795633649089,'landing_swap','2',NULL,'{"landing":3}');
INSERT INTO events VALUES(59,1795633649115,'feature_landed','2',NULL,'{"detail":"1c638c85f8af131feda4f013d519cdc66f67fa95","from":"landing","to":"landed"}');
INSERT INTO events VALUES(60,1795633649116,'claims_released','2',NULL,'{"count":1}');
INSERT INTO events VALUES(61,1795633649142,'feature_landing','3',NULL,'{"from":"queued","to":"landing"}');
INSERT INTO events VALUES(62,1795633649142,'landing_started','3',NULL,'{"chain":4,"kind":"feature","landing":4}');
INSERT INTO events VALUES(63,1795633649166,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1795633649156-3c74062.log","passed":false,"seconds":0.008,"status":"exited 2","tree":"3c7406211250b1ceb94e1ca72b1ed8f063ca9fef"}');
INSERT INTO events VALUES(64,1795633649204,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1795633649177-3c74062-cold.log","passed":false,"seconds":0.024,"status":"exited 2","tree":"3c7406211250b1ceb94e1ca72b1ed8f063ca9fef"}');
INSERT INTO events VALUES(65,1795633649205,'feature_gate_failed','3',NULL,'{"detail":"gate: make test exited 2","from":"landing","to":"gate_failed"}');
INSERT INTO events VALUES(66,1795633649206,'feature_ready','3',NULL,'{"detail":"gate: make test exited 2","from":"gate_failed","to":"ready"}');
INSERT INTO events VALUES(67,1795633649210,'feature_running','3','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(68,1795633649210,'attempt_started','3','agent-1','{"attempt":3,"lane":1,"model":"opus","reason":"after a failed attempt with opus"}');
INSERT INTO events VALUES(69,1795633649260,'lane_synced','3','agent-1','{"commit":"5ff27fe97c095ce296dba4f15a3639aa6f036daf","target":"1c638c85f8af131feda4f013d519cdc66f67fa95"}');
INSERT INTO events VALUES(70,1795633649299,'attempt_completed','3','agent-1','{"attempt":3,"detail":"","seconds":0.09}');
INSERT INTO events VALUES(71,1795633649300,'feature_completed','3','agent-1','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(72,1795633649300,'feature_queued','3','agent-1','{"from":"completed","to":"queued"}');
INSERT INTO events VALUES(73,1795633649316,'feature_landing','3',NULL,'{"from":"queued","to":"landing"}');
INSERT INTO events VALUES(74,1795633649316,'landing_started','3',NULL,'{"chain":5,"kind":"feature","landing":5}');
INSERT INTO events VALUES(75,1795633649318,'feature_gate_failed','3',NULL,'{"detail":"gate: make test exited 2","from":"landing","to":"gate_failed"}');
INSERT INTO events VALUES(76,1795633649318,'feature_failed','3',NULL,'{"detail":"gate: make test exited 2","from":"gate_failed","to":"failed"}');
INSERT INTO events VALUES(77,1795633649318,'claims_released','3',NULL,'{"count":1}');
INSERT INTO events VALUES(78,1795633649319,'feature_blocked','6',NULL,'{"detail":"a dependency failed or was abandoned","from":"pending","to":"blocked"}');
INSERT INTO events VALUES(79,1795633649327,'run_ended',NULL,NULL,'{"participant":"21550-4082755022","state":"finished"}');
INSERT INTO events VALUES(80,1795633649475,'review_changes_requested','4',NULL,'{"person":"Ruth <ruth@example.org>","tip":"cb182dbed3e4324c28d157da8ea073920fd1a090"}');
INSERT INTO events VALUES(81,1795633649475,'feature_changes_requested','4',NULL,'{"detail":"by Ruth <ruth@example.org>","from":"in_review","to":"changes_requested"}');
INSERT INTO events VALUES(82,1795633649475,'feature_ready','4',NULL,'{"from":"changes_requested","to":"ready"}');
CREATE TABLE features(
  id TEXT PRIMARY KEY NOT NULL,
  position INTEGER NOT NULL,
  title TEXT NOT NULL,
  category TEXT NOT NULL,
  description TEXT NOT NULL,
  steps TEXT NOT NULL,
  touches TEXT NOT NULL,
  priority INTEGER NOT NULL,
  model TEXT,
  agent TEXT,
  in_backlog INTEGER NOT NULL DEFAULT 1,
  state TEXT NOT NULL,
  waiting_for TEXT,
  branch TEXT,
  tip TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  last_tier TEXT,
  climb INTEGER NOT NULL DEFAULT 0,
  rework TEXT,
  landed_commit TEXT,
  changed_at INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO features VALUES('1',0,'One','backend','','[]','["src/f1"]',0,NULL,NULL,1,'landed',NULL,'refs/heads/lane/1-one','dc24cd3c5155b26be1398160107091824bfad2bb',1,0,'opus',0,NULL,'14459b1c6281a6f9b9bd9541fa6355a37228e79d',1795633648853);
INSERT INTO features VALUES('2',1,'Two','backend','','["it works"]','[]',0,NULL,NULL,1,'landed',NULL,'refs/heads/lane/2-two','e9ca7a7f014440e6a02e88eb8380cd12210fd5c5',1,0,'opus',0,NULL,'1c638c85f8af131feda4f013d519cdc66f67fa95',1795633649115);
INSERT INTO features VALUES('3',2,'Three','backend','','[]','[]',0,NULL,NULL,1,'failed',NULL,'refs/heads/lane/3-three','5ff27fe97c095ce296dba4f15a3639aa6f036daf',3,3,'opus',1,replace('The gate `make test` exited 2 on your work merged with the target. Its log ends:\n\nsrc/three:1:BUG\nmake: *** [Makefile:2: test] Error 1','\n',char(10)),NULL,1795633649318);
INSERT INTO features VALUES('4',3,'Four','frontend','','[]','[]',0,NULL,NULL,1,'ready',NULL,'refs/heads/lane/4-four','cb182dbed3e4324c28d157da8ea073920fd1a090',1,0,'opus',0,replace('Ruth <ruth@example.org> looked at the branch and asks for changes:\n\nanother way','\n',char(10)),NULL,1795633649475);
INSERT INTO features VALUES('6',4,'Six','backend','','[]','[]',0,NULL,NULL,1,'blocked',NULL,NULL,NULL,0,0,NULL,0,NULL,NULL,1795633649319);
INSERT INTO features VALUES('7',5,'Seven','backend','','[]','["held/"]',0,NULL,NULL,1,'waiting','person:local',NULL,NULL,0,0,NULL,0,NULL,NULL,1795633648547);
CREATE TABLE dependencies(
  feature TEXT NOT NULL,
  depends_on TEXT NOT NULL,
  source TEXT NOT NULL,
  confidence REAL,
  reason TEXT,
  PRIMARY KEY(feature, depends_on)
) WITHOUT ROWID;
INSERT INTO dependencies VALUES('2','1','declared',NULL,NULL);
INSERT INTO dependencies VALUES('6','3','declared',NULL,NULL);
CREATE TABLE attempts(
  feature TEXT NOT NULL,
  number INTEGER NOT NULL,
  participant TEXT NOT NULL,
  slot INTEGER NOT NULL,
  slot_held INTEGER NOT NULL DEFAULT 1,
  agent TEXT NOT NULL,
  lane INTEGER NOT NULL,
  tier TEXT NOT NULL,
  model_name TEXT NOT NULL,
  choice TEXT NOT NULL,
  mark TEXT NOT NULL,
  base TEXT NOT NULL,
  tip TEXT,
  state TEXT NOT NULL,
  detail TEXT,
  cost_usd REAL NOT NULL DEFAULT 0,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  heartbeat_boot_ms INTEGER,
  boot_id TEXT,
  PRIMARY KEY(feature, number)
) WITHOUT ROWID;
INSERT INTO attempts VALUES('1',1,'21550-4082755022',1,0,'agent-1',1,'opus','opus','category backend','21550-4082755022-1-1','843f9f6440ed4a03699eb4a5cd374a2e0aa11343','dc24cd3c5155b26be1398160107091824bfad2bb','completed',NULL,0.0,1795633648426,1795633648588,83626453,'697092cf-421f-4aa5-a72f-e015d5029d56');
INSERT INTO attempts VALUES('2',1,'21550-4082755022',1,0,'agent-1',4,'opus','opus','category backend','21550-4082755022-2-1','14459b1c6281a6f9b9bd9541fa6355a37228e79d','e9ca7a7f014440e6a02e88eb8380cd12210fd5c5','completed',NULL,0.0,1795633648863,1795633648971,83626845,'697092cf-421f-4aa5-a72f-e015d5029d56');
INSERT INTO attempts VALUES('3',1,'21550-4082755022',2,0,'agent-2',2,'opus','opus','category backend','21550-4082755022-3-1','843f9f6440ed4a03699eb4a5cd374a2e0aa11343','da49b41914dca45c41f6a2e19edbf0f1d34e53b1','completed',NULL,0.0,1795633648489,1795633648595,83626453,'697092cf-421f-4aa5-a72f-e015d5029d56');
INSERT INTO attempts VALUES('3',2,'21550-4082755022',2,0,'agent-2',1,'opus','opus','after a failed attempt with opus','21550-4082755022-3-2','843f9f6440ed4a03699eb4a5cd374a2e0aa11343','d1e84c4196539616ea760648b33105640369e3cc','completed',NULL,0.0,1795633648899,1795633649034,83626845,'697092cf-421f-4aa5-a72f-e015d5029d56');
INSERT INTO attempts VALUES('3',3,'21550-4082755022',1,0,'agent-1',1,'opus','opus','after a failed attempt with opus','21550-4082755022-3-3','14459b1c6281a6f9b9bd9541fa6355a37228e79d','5ff27fe97c095ce296dba4f15a3639aa6f036daf','completed',NULL,0.0,1795633649209,1795633649299,83627155,'697092cf-421f-4aa5-a72f-e015d5029d56');
INSERT INTO attempts VALUES('4',1,'21550-4082755022',3,0,'agent-3',3,'opus','opus','category frontend','21550-4082755022-4-1','843f9f6440ed4a03699eb4a5cd374a2e0aa11343','cb182dbed3e4324c28d157da8ea073920fd1a090','completed',NULL,0.0,1795633648507,1795633648673,83626453,'697092cf-421f-4aa5-a72f-e015d5029d56');
CREATE TABLE participants(
  id TEXT PRIMARY KEY NOT NULL,
  kind TEXT NOT NULL,
  pid INTEGER NOT NULL,
  state TEXT NOT NULL,
  parallel INTEGER NOT NULL,
  preset TEXT,
  models TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER
) WITHOUT ROWID;
INSERT INTO participants VALUES('21550-4082755022','run',21550,'finished',3,'balanced','["opus","haiku"]',1795633648341,1795633649326);
CREATE TABLE landings(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  feature TEXT NOT NULL,
  phase TEXT NOT NULL,
  lane_tip TEXT NOT NULL,
  base TEXT NOT NULL,
  target_before TEXT NOT NULL,
  commit_id TEXT,
  tree TEXT,
  gate_log TEXT,
  detail TEXT,
  started_at INTEGER NOT NULL,
  ended_at INTEGER
, chain INTEGER, kind TEXT NOT NULL DEFAULT 'feature', pushed INTEGER NOT NULL DEFAULT 0, outcome TEXT);
INSERT INTO landings VALUES(1,'1','done','dc24cd3c5155b26be1398160107091824bfad2bb','843f9f6440ed4a03699eb4a5cd374a2e0aa11343','843f9f6440ed4a03699eb4a5cd374a2e0aa11343','14459b1c6281a6f9b9bd9541fa6355a37228e79d','0b9326294bbb79e21f49a397fc9fe33a742a5c19','/home/ruth/app/.git/lanekeeper/logs/gate/1795633648799-9365259-cold.log',NULL,1795633648633,1795633648853,1,'feature',0,'passed');
INSERT INTO landings VALUES(2,'3','stopped','da49b41914dca45c41f6a2e19edbf0f1d34e53b1','843f9f6440ed4a03699eb4a5cd374a2e0aa11343','14459b1c6281a6f9b9bd9541fa6355a37228e79d','2bf08af5e825168be6e5d38ccc345fb2695b35e1','9365259dab2bce0ed17c25c79bd106eb954bd356','/home/ruth/app/.git/lanekeeper/logs/gate/1795633648799-9365259-cold.log','gate: make test exited 2',1795633648634,1795633648867,1,'feature',0,'failed');
INSERT INTO landings VALUES(3,'2','done','e9ca7a7f014440e6a02e88eb8380cd12210fd5c5','14459b1c6281a6f9b9bd9541fa6355a37228e79d','14459b1c6281a6f9b9bd9541fa6355a37228e79d','1c638c85f8af131feda4f013d519cdc66f67fa95','bd24d60415c7fd9c0ba5b02869c40f553f80dcc3','/home/ruth/app/.git/lanekeeper/logs/gate/1795633649043-bd24d60.log',NULL,1795633649000,1795633649115,3,'feature',0,'passed');
INSERT INTO landings VALUES(4,'3','stopped','d1e84c4196539616ea760648b33105640369e3cc','14459b1c6281a6f9b9bd9541fa6355a37228e79d','1c638c85f8af131feda4f013d519cdc66f67fa95','e7860efa7f68c2971a521372afc7f180bcd02e4c','3c7406211250b1ceb94e1ca72b1ed8f063ca9fef','/home/ruth/app/.git/lanekeeper/logs/gate/1795633649177-3c74062-cold.log','gate: make test exited 2',1795633649142,1795633649205,4,'feature',0,'failed');
INSERT INTO landings VALUES(5,'3','stopped','5ff27fe97c095ce296dba4f15a3639aa6f036daf','1c638c85f8af131feda4f013d519cdc66f67fa95','1c638c85f8af131feda4f013d519cdc66f67fa95','4c9f909763a5eb13ff43592bef99b2543270830b','3c7406211250b1ceb94e1ca72b1ed8f063ca9fef',NULL,'gate: make test exited 2',1795633649316,1795633649318,5,'feature',0,'failed');
CREATE TABLE follow_journal(
  landing INTEGER NOT NULL,
  path BLOB NOT NULL,
  old_mode INTEGER,
  old_id TEXT,
  new_mode INTEGER,
  new_id TEXT,
  PRIMARY KEY(landing, path)
) WITHOUT ROWID;
CREATE TABLE gate_results(
  tree TEXT NOT NULL,
  command TEXT NOT NULL,
  environment TEXT NOT NULL,
  passed INTEGER NOT NULL,
  status TEXT NOT NULL,
  seconds REAL NOT NULL,
  log TEXT NOT NULL,
  at INTEGER NOT NULL, cold INTEGER NOT NULL DEFAULT 0, reds INTEGER NOT NULL DEFAULT 0, flaky INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY(tree, command, environment)
) WITHOUT ROWID;
INSERT INTO gate_results VALUES('0b9326294bbb79e21f49a397fc9fe33a742a5c19','make test','',1,'exited 0',0.024000000000000000499,'/home/ruth/app/.git/lanekeeper/logs/gate/1795633648733-0b93262.log',1795633648760,1,0,0);
INSERT INTO gate_results VALUES('3c7406211250b1ceb94e1ca72b1ed8f063ca9fef','make test','',0,'exited 2',0.024000000000000000499,'/home/ruth/app/.git/lanekeeper/logs/gate/1795633649177-3c74062-cold.log',1795633649204,1,2,0);
INSERT INTO gate_results VALUES('9365259dab2bce0ed17c25c79bd106eb954bd356','make test','',0,'exited 2',0.021000000000000001304,'/home/ruth/app/.git/lanekeeper/logs/gate/1795633648799-9365259-cold.log',1795633648822,1,2,0);
INSERT INTO gate_results VALUES('bc8f82d36e7c0b7e67622eae020069e1e2b8537d','make test','',1,'exited 0',0.017999999999999998639,'/home/ruth/app/.git/lanekeeper/logs/gate/1795633648699-bc8f82d.log',1795633648721,1,0,0);
INSERT INTO gate_results VALUES('bd24d60415c7fd9c0ba5b02869c40f553f80dcc3','make test','',1,'exited 0',0.021000000000000001304,'/home/ruth/app/.git/lanekeeper/logs/gate/1795633649043-bd24d60.log',1795633649066,1,0,0);
CREATE TABLE waits(feature TEXT PRIMARY KEY NOT NULL, attempt INTEGER NOT NULL,
  since INTEGER NOT NULL, must_yield_to TEXT) WITHOUT ROWID;
CREATE TABLE yields(feature TEXT NOT NULL, other TEXT NOT NULL, to_younger INTEGER NOT NULL,
  at INTEGER NOT NULL, PRIMARY KEY(feature, other, at)) WITHOUT ROWID;
CREATE TABLE undo_requests(
  position INTEGER PRIMARY KEY AUTOINCREMENT,
  feature TEXT NOT NULL UNIQUE,
  commit_id TEXT NOT NULL,
  previous TEXT NOT NULL,
  requested_at INTEGER NOT NULL
);
CREATE TABLE sessions(agent TEXT PRIMARY KEY NOT NULL, started_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE agent_reports(feature TEXT NOT NULL, number INTEGER NOT NULL, agent TEXT NOT NULL,
  session TEXT, model TEXT, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL, cost_usd REAL, edits TEXT NOT NULL, limit_kind TEXT,
  error_key TEXT, work_key TEXT, PRIMARY KEY(feature, number)) WITHOUT ROWID;
INSERT INTO agent_reports VALUES('1',1,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'0b9326294bbb79e21f49a397fc9fe33a742a5c19');
INSERT INTO agent_reports VALUES('2',1,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'bd24d60415c7fd9c0ba5b02869c40f553f80dcc3');
INSERT INTO agent_reports VALUES('3',1,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'90964f908854f45e84ea3ab016d16c0d42bebb5e');
INSERT INTO agent_reports VALUES('3',2,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'9365259dab2bce0ed17c25c79bd106eb954bd356');
INSERT INTO agent_reports VALUES('3',3,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'3c7406211250b1ceb94e1ca72b1ed8f063ca9fef');
INSERT INTO agent_reports VALUES('4',1,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'27449dbeb71320e4ef4e4eefff5a3f49617cfdb2');
CREATE TABLE agent_pauses(agent TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL, until INTEGER,
  count INTEGER NOT NULL, detail TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE cost_reservations(feature TEXT PRIMARY KEY NOT NULL, participant TEXT NOT NULL,
  usd REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE target_moves(seq INTEGER PRIMARY KEY, old BLOB, new BLOB, at INTEGER NOT NULL,
  by TEXT NOT NULL);
INSERT INTO target_moves VALUES(1,X'843f9f6440ed4a03699eb4a5cd374a2e0aa11343',X'14459b1c6281a6f9b9bd9541fa6355a37228e79d',1795633648851,'landing');
INSERT INTO target_moves VALUES(2,X'14459b1c6281a6f9b9bd9541fa6355a37228e79d',X'1c638c85f8af131feda4f013d519cdc66f67fa95',1795633649095,'landing');
CREATE TABLE reviews(id INTEGER PRIMARY KEY AUTOINCREMENT, feature TEXT NOT NULL,
  attempt INTEGER NOT NULL, verdict TEXT NOT NULL, tip TEXT NOT NULL, base TEXT NOT NULL,
  digest TEXT NOT NULL, person TEXT NOT NULL, text TEXT NOT NULL, comments TEXT NOT NULL,
  withdrawn INTEGER NOT NULL DEFAULT 0, at INTEGER NOT NULL);
INSERT INTO reviews VALUES(1,'4',1,'changes_requested','cb182dbed3e4324c28d157da8ea073920fd1a090','843f9f6440ed4a03699eb4a5cd374a2e0aa11343','a946266a562cf30ce0ff243cfeeea648c37d1e84','Ruth <ruth@example.org>','another way','[]',0,1795633649474);
CREATE TABLE review_looks(feature TEXT NOT NULL, person TEXT NOT NULL, tip TEXT NOT NULL,
  base TEXT NOT NULL, digest TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY(feature, person)) WITHOUT ROWID;
CREATE TABLE attempt_starts(feature TEXT NOT NULL, number INTEGER NOT NULL, tip TEXT NOT NULL,
  PRIMARY KEY(feature, number)) WITHOUT ROWID;
INSERT INTO attempt_starts VALUES('1',1,'843f9f6440ed4a03699eb4a5cd374a2e0aa11343');
INSERT INTO attempt_starts VALUES('2',1,'14459b1c6281a6f9b9bd9541fa6355a37228e79d');
INSERT INTO attempt_starts VALUES('3',1,'843f9f6440ed4a03699eb4a5cd374a2e0aa11343');
INSERT INTO attempt_starts VALUES('3',2,'d1e84c4196539616ea760648b33105640369e3cc');
INSERT INTO attempt_starts VALUES('3',3,'5ff27fe97c095ce296dba4f15a3639aa6f036daf');
INSERT INTO attempt_starts VALUES('4',1,'843f9f6440ed4a03699eb4a5cd374a2e0aa11343');
CREATE UNIQUE INDEX claims_exclusive ON claims(path, subtree) WHERE mode = 'exclusive';
CREATE UNIQUE INDEX claims_one_per_owner ON claims(path, subtree, owner_kind, owner);
CREATE INDEX claims_by_owner ON claims(owner_kind, owner);
CREATE INDEX claims_by_lease ON claims(expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX features_by_state ON features(state);
CREATE INDEX dependencies_reverse ON dependencies(depends_on);
CREATE UNIQUE INDEX attempts_one_running ON attempts(feature) WHERE state = 'running';
CREATE UNIQUE INDEX attempts_one_per_slot ON attempts(slot) WHERE state = 'running' AND slot_held = 1;
CREATE INDEX landings_open ON landings(phase) WHERE ended_at IS NULL;
CREATE INDEX landings_by_feature ON landings(feature);
CREATE INDEX landings_outcome ON landings(id) WHERE outcome IS NOT NULL;
CREATE INDEX target_moves_by_new ON target_moves(new);
CREATE INDEX reviews_by_feature ON reviews(feature);
COMMIT;
PRAGMA user_version = 1;
