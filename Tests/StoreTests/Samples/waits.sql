-- A state file as the program of commit 5b3d2d6 left it after a run with features that landed, failed, waited and were sent back.
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
INSERT INTO grdb_migrations VALUES('ready features in the order in which they are given');
INSERT INTO grdb_migrations VALUES('stacking: what stands on an unlanded branch');
INSERT INTO grdb_migrations VALUES('waits end with who waits');
CREATE TABLE meta(key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES('adopted','yes');
INSERT INTO meta VALUES('budget_since','1795633760413');
INSERT INTO meta VALUES('claims.humans','warn');
INSERT INTO meta VALUES('claims.policy','auto');
INSERT INTO meta VALUES('paths.naming','');
INSERT INTO meta VALUES('schedule.stack','0');
INSERT INTO meta VALUES('target','refs/heads/main');
INSERT INTO meta VALUES('target.known','3632647418ed39914728c00f5cca404418bcfbff');
INSERT INTO meta VALUES('target.known_at','1795633761261');
INSERT INTO meta VALUES('target.seen:refs/heads/main','3632647418ed39914728c00f5cca404418bcfbff');
CREATE TABLE lanes(number INTEGER PRIMARY KEY, path TEXT NOT NULL, feature TEXT, agent TEXT,
  branch TEXT, base BLOB, state TEXT NOT NULL);
INSERT INTO lanes VALUES(1,'/home/ruth/app.lanes/1',NULL,NULL,NULL,NULL,'free');
INSERT INTO lanes VALUES(2,'/home/ruth/app.lanes/2',NULL,NULL,NULL,NULL,'free');
INSERT INTO lanes VALUES(3,'/home/ruth/app.lanes/3',NULL,NULL,NULL,NULL,'free');
INSERT INTO lanes VALUES(4,'/home/ruth/app.lanes/4',NULL,NULL,NULL,NULL,'free');
CREATE TABLE claims(id INTEGER PRIMARY KEY, path BLOB NOT NULL, subtree INTEGER NOT NULL,
  mode TEXT NOT NULL, owner_kind TEXT NOT NULL, owner TEXT NOT NULL, agent TEXT,
  generation INTEGER NOT NULL, acquired_at INTEGER NOT NULL, expires_at INTEGER,
  pinned INTEGER NOT NULL DEFAULT 0, spelled BLOB);
INSERT INTO claims VALUES(1,X'68656c64',1,'exclusive','person','local',NULL,1,1795633760328,NULL,0,NULL);
INSERT INTO claims VALUES(3,X'7372632f6634',0,'exclusive','feature','4','agent-2',3,1795633760618,NULL,1,NULL);
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
INSERT INTO refusals VALUES('7',X'68656c64',1,'held',NULL,1795633760596,'exclusive');
CREATE TABLE events(seq INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL,
  type TEXT NOT NULL, feature TEXT, agent TEXT, data TEXT NOT NULL DEFAULT '{}');
INSERT INTO events VALUES(1,1795633760328,'claims_granted',NULL,NULL,'{"generation":1,"paths":["held/"]}');
INSERT INTO events VALUES(2,1795633760413,'run_started',NULL,NULL,'{"models":["opus","haiku"],"parallel":3,"participant":"25750-2042622799","pid":25750,"preset":"balanced"}');
INSERT INTO events VALUES(3,1795633760424,'feature_ready','1',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(4,1795633760424,'feature_ready','3',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(5,1795633760424,'feature_ready','4',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(6,1795633760424,'feature_ready','7',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(7,1795633760504,'claims_granted','1','agent-1','{"generation":2,"paths":["src/f1"]}');
INSERT INTO events VALUES(8,1795633760504,'feature_running','1','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(9,1795633760504,'attempt_started','1','agent-1','{"attempt":1,"lane":1,"model":"opus","reason":"category backend"}');
INSERT INTO events VALUES(10,1795633760545,'feature_running','4','agent-2','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(11,1795633760545,'attempt_started','4','agent-2','{"attempt":1,"lane":2,"model":"opus","reason":"category frontend"}');
INSERT INTO events VALUES(12,1795633760562,'feature_running','3','agent-3','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(13,1795633760562,'attempt_started','3','agent-3','{"attempt":1,"lane":3,"model":"opus","reason":"category backend"}');
INSERT INTO events VALUES(14,1795633760596,'claim_refused','7',NULL,'{"paths":["held/"],"reasons":["held"]}');
INSERT INTO events VALUES(15,1795633760596,'feature_waiting','7',NULL,'{"detail":"held/","from":"ready","to":"waiting","waiting_for":"person:local"}');
INSERT INTO events VALUES(16,1795633760618,'claims_granted','4','agent-2','{"paths":["src/f4"],"generation":3}');
INSERT INTO events VALUES(17,1795633760622,'attempt_completed','1','agent-1','{"attempt":1,"detail":"","seconds":0.118}');
INSERT INTO events VALUES(18,1795633760626,'feature_completed','1','agent-1','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(19,1795633760626,'feature_queued','1','agent-1','{"from":"completed","to":"queued"}');
INSERT INTO events VALUES(20,1795633760633,'attempt_completed','4','agent-2','{"attempt":1,"detail":"","seconds":0.089}');
INSERT INTO events VALUES(21,1795633760633,'feature_completed','4','agent-2','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(22,1795633760634,'feature_in_review','4','agent-2','{"from":"completed","to":"in_review"}');
INSERT INTO events VALUES(23,1795633760669,'claims_granted','3','agent-3','{"paths":["src/three"],"generation":4}');
INSERT INTO events VALUES(24,1795633760679,'feature_landing','1',NULL,'{"from":"queued","to":"landing"}');
INSERT INTO events VALUES(25,1795633760679,'landing_started','1',NULL,'{"chain":1,"kind":"feature","landing":1}');
INSERT INTO events VALUES(26,1795633760692,'attempt_completed','3','agent-3','{"attempt":1,"detail":"","seconds":0.13}');
INSERT INTO events VALUES(27,1795633760692,'feature_completed','3','agent-3','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(28,1795633760692,'feature_queued','3','agent-3','{"from":"completed","to":"queued"}');
INSERT INTO events VALUES(29,1795633760724,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1795633760706-fb72c84.log","passed":true,"seconds":0.014,"status":"exited 0","tree":"fb72c84a81b596d0f33b8a00f9c7073ea4754c1c"}');
INSERT INTO events VALUES(30,1795633760744,'landing_follow','1',NULL,'{"landing":1}');
INSERT INTO events VALUES(31,1795633760748,'landing_swap','1',NULL,'{"landing":1}');
INSERT INTO events VALUES(32,1795633760767,'feature_landed','1',NULL,'{"detail":"1f2621f400aaed32ee46c54cdd6919500bb4fdc6","from":"landing","to":"landed"}');
INSERT INTO events VALUES(33,1795633760767,'claims_released','1',NULL,'{"count":1}');
INSERT INTO events VALUES(34,1795633760768,'feature_ready','2',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(35,1795633760778,'feature_running','2','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(36,1795633760778,'attempt_started','2','agent-1','{"attempt":1,"lane":1,"model":"opus","reason":"category backend"}');
INSERT INTO events VALUES(37,1795633760819,'feature_landing','3',NULL,'{"from":"queued","to":"landing"}');
INSERT INTO events VALUES(38,1795633760819,'landing_started','3',NULL,'{"chain":2,"kind":"feature","landing":2}');
INSERT INTO events VALUES(39,1795633760838,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1795633760830-a7d631e.log","passed":false,"seconds":0.006,"status":"exited 2","tree":"a7d631e927c6251652a19dd9566ef5946d1f645c"}');
INSERT INTO events VALUES(40,1795633760845,'claims_granted','2','agent-1','{"paths":["src/f2"],"generation":5}');
INSERT INTO events VALUES(41,1795633760864,'attempt_completed','2','agent-1','{"attempt":1,"detail":"","seconds":0.086}');
INSERT INTO events VALUES(42,1795633760865,'feature_completed','2','agent-1','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(43,1795633760865,'feature_queued','2','agent-1','{"from":"completed","to":"queued"}');
INSERT INTO events VALUES(44,1795633760882,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1795633760871-a7d631e-cold.log","passed":false,"seconds":0.009,"status":"exited 2","tree":"a7d631e927c6251652a19dd9566ef5946d1f645c"}');
INSERT INTO events VALUES(45,1795633760882,'feature_gate_failed','3',NULL,'{"detail":"gate: make test exited 2","from":"landing","to":"gate_failed"}');
INSERT INTO events VALUES(46,1795633760883,'feature_ready','3',NULL,'{"detail":"gate: make test exited 2","from":"gate_failed","to":"ready"}');
INSERT INTO events VALUES(47,1795633760887,'feature_running','3','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(48,1795633760887,'attempt_started','3','agent-1','{"attempt":2,"lane":3,"model":"opus","reason":"after a failed attempt with opus"}');
INSERT INTO events VALUES(49,1795633760896,'feature_landing','2',NULL,'{"from":"queued","to":"landing"}');
INSERT INTO events VALUES(50,1795633760896,'landing_started','2',NULL,'{"chain":3,"kind":"feature","landing":3}');
INSERT INTO events VALUES(51,1795633760918,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1795633760907-0ccdd96.log","passed":true,"seconds":0.01,"status":"exited 0","tree":"0ccdd96532cde4a1ef2a97761aa902bd173fd5cf"}');
INSERT INTO events VALUES(52,1795633760933,'landing_follow','2',NULL,'{"landing":3}');
INSERT INTO events VALUES(53,1795633760937,'landing_swap','2',NULL,'{"landing":3}');
INSERT INTO events VALUES(54,1795633760943,'feature_landed','2',NULL,'{"detail":"3632647418ed39914728c00f5cca404418bcfbff","from":"landing","to":"landed"}');
INSERT INTO events VALUES(55,1795633760943,'claims_released','2',NULL,'{"count":1}');
INSERT INTO events VALUES(56,1795633760956,'lane_synced','3','agent-1','{"commit":"d60a2bb95baca3f805f53a38c83a630f07b44dc7","target":"1f2621f400aaed32ee46c54cdd6919500bb4fdc6"}');
INSERT INTO events VALUES(57,1795633760994,'attempt_completed','3','agent-1','{"attempt":2,"detail":"","seconds":0.107}');
INSERT INTO events VALUES(58,1795633760995,'feature_completed','3','agent-1','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(59,1795633760995,'feature_queued','3','agent-1','{"from":"completed","to":"queued"}');
INSERT INTO events VALUES(60,1795633761018,'feature_landing','3',NULL,'{"from":"queued","to":"landing"}');
INSERT INTO events VALUES(61,1795633761018,'landing_started','3',NULL,'{"chain":4,"kind":"feature","landing":4}');
INSERT INTO events VALUES(62,1795633761073,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1795633761036-6db32d9.log","passed":false,"seconds":0.033,"status":"exited 2","tree":"6db32d904286f4e032e5939999db6638192f7ed9"}');
INSERT INTO events VALUES(63,1795633761107,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1795633761084-6db32d9-cold.log","passed":false,"seconds":0.02,"status":"exited 2","tree":"6db32d904286f4e032e5939999db6638192f7ed9"}');
INSERT INTO events VALUES(64,1795633761107,'feature_gate_failed','3',NULL,'{"detail":"gate: make test exited 2","from":"landing","to":"gate_failed"}');
INSERT INTO events VALUES(65,1795633761107,'feature_ready','3',NULL,'{"detail":"gate: make test exited 2","from":"gate_failed","to":"ready"}');
INSERT INTO events VALUES(66,1795633761111,'feature_running','3','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(67,1795633761111,'attempt_started','3','agent-1','{"attempt":3,"lane":3,"model":"opus","reason":"after a failed attempt with opus"}');
INSERT INTO events VALUES(68,1795633761203,'lane_synced','3','agent-1','{"commit":"d3c8b10a4b63c5bcf042ae7c282748014a956e9a","target":"3632647418ed39914728c00f5cca404418bcfbff"}');
INSERT INTO events VALUES(69,1795633761255,'attempt_completed','3','agent-1','{"attempt":3,"detail":"","seconds":0.144}');
INSERT INTO events VALUES(70,1795633761255,'feature_completed','3','agent-1','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(71,1795633761255,'feature_queued','3','agent-1','{"from":"completed","to":"queued"}');
INSERT INTO events VALUES(72,1795633761282,'feature_landing','3',NULL,'{"from":"queued","to":"landing"}');
INSERT INTO events VALUES(73,1795633761282,'landing_started','3',NULL,'{"chain":5,"kind":"feature","landing":5}');
INSERT INTO events VALUES(74,1795633761283,'feature_gate_failed','3',NULL,'{"detail":"gate: make test exited 2","from":"landing","to":"gate_failed"}');
INSERT INTO events VALUES(75,1795633761284,'feature_failed','3',NULL,'{"detail":"gate: make test exited 2","from":"gate_failed","to":"failed"}');
INSERT INTO events VALUES(76,1795633761284,'claims_released','3',NULL,'{"count":1}');
INSERT INTO events VALUES(77,1795633761284,'feature_blocked','6',NULL,'{"detail":"a dependency failed or was abandoned","from":"pending","to":"blocked"}');
INSERT INTO events VALUES(78,1795633761295,'run_ended',NULL,NULL,'{"participant":"25750-2042622799","state":"finished"}');
INSERT INTO events VALUES(79,1795633761464,'review_changes_requested','4',NULL,'{"person":"Ruth <ruth@example.org>","tip":"7e72ac8759163d27747aa97d463a572bf743ea95"}');
INSERT INTO events VALUES(80,1795633761464,'feature_changes_requested','4',NULL,'{"detail":"by Ruth <ruth@example.org>","from":"in_review","to":"changes_requested"}');
INSERT INTO events VALUES(81,1795633761464,'feature_ready','4',NULL,'{"from":"changes_requested","to":"ready"}');
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
INSERT INTO features VALUES('1',0,'One','backend','','[]','["src/f1"]',0,NULL,NULL,1,'landed',NULL,'refs/heads/lane/1-one','6204084aebe329e4846d23ad3c1cb2218028c640',1,0,'opus',0,NULL,'1f2621f400aaed32ee46c54cdd6919500bb4fdc6',1795633760767);
INSERT INTO features VALUES('2',1,'Two','backend','','["it works"]','[]',0,NULL,NULL,1,'landed',NULL,'refs/heads/lane/2-two','a00fd7681bbe90707bda49b1ea75a6f4274fa420',1,0,'opus',0,NULL,'3632647418ed39914728c00f5cca404418bcfbff',1795633760943);
INSERT INTO features VALUES('3',2,'Three','backend','','[]','[]',0,NULL,NULL,1,'failed',NULL,'refs/heads/lane/3-three','d3c8b10a4b63c5bcf042ae7c282748014a956e9a',3,3,'opus',1,replace('The gate `make test` exited 2 on your work merged with the target. Its log ends:\n\nsrc/three:1:BUG\nmake: *** [Makefile:2: test] Error 1','\n',char(10)),NULL,1795633761283);
INSERT INTO features VALUES('4',3,'Four','frontend','','[]','[]',0,NULL,NULL,1,'ready',NULL,'refs/heads/lane/4-four','7e72ac8759163d27747aa97d463a572bf743ea95',1,0,'opus',0,replace('Ruth <ruth@example.org> looked at the branch and asks for changes:\n\nanother way','\n',char(10)),NULL,1795633761464);
INSERT INTO features VALUES('6',4,'Six','backend','','[]','[]',0,NULL,NULL,1,'blocked',NULL,NULL,NULL,0,0,NULL,0,NULL,NULL,1795633761284);
INSERT INTO features VALUES('7',5,'Seven','backend','','[]','["held/"]',0,NULL,NULL,1,'waiting','person:local',NULL,NULL,0,0,NULL,0,NULL,NULL,1795633760596);
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
INSERT INTO attempts VALUES('1',1,'25750-2042622799',1,0,'agent-1',1,'opus','opus','category backend','25750-2042622799-1-1','c3131ee77f65e0aa64d00294148be00618c8da85','6204084aebe329e4846d23ad3c1cb2218028c640','completed',NULL,0.0,1795633760504,1795633760622,83738508,'697092cf-421f-4aa5-a72f-e015d5029d56');
INSERT INTO attempts VALUES('2',1,'25750-2042622799',1,0,'agent-1',1,'opus','opus','category backend','25750-2042622799-2-1','1f2621f400aaed32ee46c54cdd6919500bb4fdc6','a00fd7681bbe90707bda49b1ea75a6f4274fa420','completed',NULL,0.0,1795633760778,1795633760864,83738725,'697092cf-421f-4aa5-a72f-e015d5029d56');
INSERT INTO attempts VALUES('3',1,'25750-2042622799',3,0,'agent-3',3,'opus','opus','category backend','25750-2042622799-3-1','c3131ee77f65e0aa64d00294148be00618c8da85','a825ba4ea5b2f10b7dbd6b2cc7fb0609220728fb','completed',NULL,0.0,1795633760562,1795633760692,83738508,'697092cf-421f-4aa5-a72f-e015d5029d56');
INSERT INTO attempts VALUES('3',2,'25750-2042622799',1,0,'agent-1',3,'opus','opus','after a failed attempt with opus','25750-2042622799-3-2','c3131ee77f65e0aa64d00294148be00618c8da85','d60a2bb95baca3f805f53a38c83a630f07b44dc7','completed',NULL,0.0,1795633760887,1795633760994,83738914,'697092cf-421f-4aa5-a72f-e015d5029d56');
INSERT INTO attempts VALUES('3',3,'25750-2042622799',1,0,'agent-1',3,'opus','opus','after a failed attempt with opus','25750-2042622799-3-3','1f2621f400aaed32ee46c54cdd6919500bb4fdc6','d3c8b10a4b63c5bcf042ae7c282748014a956e9a','completed',NULL,0.0,1795633761111,1795633761255,83739057,'697092cf-421f-4aa5-a72f-e015d5029d56');
INSERT INTO attempts VALUES('4',1,'25750-2042622799',2,0,'agent-2',2,'opus','opus','category frontend','25750-2042622799-4-1','c3131ee77f65e0aa64d00294148be00618c8da85','7e72ac8759163d27747aa97d463a572bf743ea95','completed',NULL,0.0,1795633760544,1795633760633,83738508,'697092cf-421f-4aa5-a72f-e015d5029d56');
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
INSERT INTO participants VALUES('25750-2042622799','run',25750,'finished',3,'balanced','["opus","haiku"]',1795633760413,1795633761295);
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
INSERT INTO landings VALUES(1,'1','done','6204084aebe329e4846d23ad3c1cb2218028c640','c3131ee77f65e0aa64d00294148be00618c8da85','c3131ee77f65e0aa64d00294148be00618c8da85','1f2621f400aaed32ee46c54cdd6919500bb4fdc6','fb72c84a81b596d0f33b8a00f9c7073ea4754c1c','/home/ruth/app/.git/lanekeeper/logs/gate/1795633760706-fb72c84.log',NULL,1795633760679,1795633760767,1,'feature',0,'passed');
INSERT INTO landings VALUES(2,'3','stopped','a825ba4ea5b2f10b7dbd6b2cc7fb0609220728fb','c3131ee77f65e0aa64d00294148be00618c8da85','1f2621f400aaed32ee46c54cdd6919500bb4fdc6','5fe97aa7b9d70db91e0fae0c5ff368c7d73fe2fa','a7d631e927c6251652a19dd9566ef5946d1f645c','/home/ruth/app/.git/lanekeeper/logs/gate/1795633760871-a7d631e-cold.log','gate: make test exited 2',1795633760819,1795633760882,2,'feature',0,'failed');
INSERT INTO landings VALUES(3,'2','done','a00fd7681bbe90707bda49b1ea75a6f4274fa420','1f2621f400aaed32ee46c54cdd6919500bb4fdc6','1f2621f400aaed32ee46c54cdd6919500bb4fdc6','3632647418ed39914728c00f5cca404418bcfbff','0ccdd96532cde4a1ef2a97761aa902bd173fd5cf','/home/ruth/app/.git/lanekeeper/logs/gate/1795633760907-0ccdd96.log',NULL,1795633760896,1795633760943,3,'feature',0,'passed');
INSERT INTO landings VALUES(4,'3','stopped','d60a2bb95baca3f805f53a38c83a630f07b44dc7','1f2621f400aaed32ee46c54cdd6919500bb4fdc6','3632647418ed39914728c00f5cca404418bcfbff','ef50de1a77637ff1b5ebd0a7564e3fac8029c211','6db32d904286f4e032e5939999db6638192f7ed9','/home/ruth/app/.git/lanekeeper/logs/gate/1795633761084-6db32d9-cold.log','gate: make test exited 2',1795633761018,1795633761107,4,'feature',0,'failed');
INSERT INTO landings VALUES(5,'3','stopped','d3c8b10a4b63c5bcf042ae7c282748014a956e9a','3632647418ed39914728c00f5cca404418bcfbff','3632647418ed39914728c00f5cca404418bcfbff','239a452fb2c400dfe85c088825a1475408eb0eef','6db32d904286f4e032e5939999db6638192f7ed9',NULL,'gate: make test exited 2',1795633761282,1795633761283,5,'feature',0,'failed');
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
INSERT INTO gate_results VALUES('0ccdd96532cde4a1ef2a97761aa902bd173fd5cf','make test','',1,'exited 0',0.010000000000000000208,'/home/ruth/app/.git/lanekeeper/logs/gate/1795633760907-0ccdd96.log',1795633760918,1,0,0);
INSERT INTO gate_results VALUES('6db32d904286f4e032e5939999db6638192f7ed9','make test','',0,'exited 2',0.020000000000000000416,'/home/ruth/app/.git/lanekeeper/logs/gate/1795633761084-6db32d9-cold.log',1795633761107,1,2,0);
INSERT INTO gate_results VALUES('a7d631e927c6251652a19dd9566ef5946d1f645c','make test','',0,'exited 2',0.0089999999999999993199,'/home/ruth/app/.git/lanekeeper/logs/gate/1795633760871-a7d631e-cold.log',1795633760882,1,2,0);
INSERT INTO gate_results VALUES('fb72c84a81b596d0f33b8a00f9c7073ea4754c1c','make test','',1,'exited 0',0.014000000000000000291,'/home/ruth/app/.git/lanekeeper/logs/gate/1795633760706-fb72c84.log',1795633760724,1,0,0);
CREATE TABLE waits(feature TEXT PRIMARY KEY NOT NULL, attempt INTEGER NOT NULL,
  since INTEGER NOT NULL, must_yield_to TEXT, seen INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
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
INSERT INTO agent_reports VALUES('1',1,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'fb72c84a81b596d0f33b8a00f9c7073ea4754c1c');
INSERT INTO agent_reports VALUES('2',1,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'0ccdd96532cde4a1ef2a97761aa902bd173fd5cf');
INSERT INTO agent_reports VALUES('3',1,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'a7c3600238642ec1e9550dc6939f6893c6c1dea4');
INSERT INTO agent_reports VALUES('3',2,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'a7d631e927c6251652a19dd9566ef5946d1f645c');
INSERT INTO agent_reports VALUES('3',3,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'6db32d904286f4e032e5939999db6638192f7ed9');
INSERT INTO agent_reports VALUES('4',1,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'6ed76e4b11f7e1df5913c14b7922438f72967200');
CREATE TABLE agent_pauses(agent TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL, until INTEGER,
  count INTEGER NOT NULL, detail TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE cost_reservations(feature TEXT PRIMARY KEY NOT NULL, participant TEXT NOT NULL,
  usd REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE target_moves(seq INTEGER PRIMARY KEY, old BLOB, new BLOB, at INTEGER NOT NULL,
  by TEXT NOT NULL);
INSERT INTO target_moves VALUES(1,X'c3131ee77f65e0aa64d00294148be00618c8da85',X'1f2621f400aaed32ee46c54cdd6919500bb4fdc6',1795633760750,'landing');
INSERT INTO target_moves VALUES(2,X'1f2621f400aaed32ee46c54cdd6919500bb4fdc6',X'3632647418ed39914728c00f5cca404418bcfbff',1795633760938,'landing');
CREATE TABLE reviews(id INTEGER PRIMARY KEY AUTOINCREMENT, feature TEXT NOT NULL,
  attempt INTEGER NOT NULL, verdict TEXT NOT NULL, tip TEXT NOT NULL, base TEXT NOT NULL,
  digest TEXT NOT NULL, person TEXT NOT NULL, text TEXT NOT NULL, comments TEXT NOT NULL,
  withdrawn INTEGER NOT NULL DEFAULT 0, at INTEGER NOT NULL);
INSERT INTO reviews VALUES(1,'4',1,'changes_requested','7e72ac8759163d27747aa97d463a572bf743ea95','c3131ee77f65e0aa64d00294148be00618c8da85','a946266a562cf30ce0ff243cfeeea648c37d1e84','Ruth <ruth@example.org>','another way','[]',0,1795633761464);
CREATE TABLE review_looks(feature TEXT NOT NULL, person TEXT NOT NULL, tip TEXT NOT NULL,
  base TEXT NOT NULL, digest TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY(feature, person)) WITHOUT ROWID;
CREATE TABLE attempt_starts(feature TEXT NOT NULL, number INTEGER NOT NULL, tip TEXT NOT NULL,
  PRIMARY KEY(feature, number)) WITHOUT ROWID;
INSERT INTO attempt_starts VALUES('1',1,'c3131ee77f65e0aa64d00294148be00618c8da85');
INSERT INTO attempt_starts VALUES('2',1,'1f2621f400aaed32ee46c54cdd6919500bb4fdc6');
INSERT INTO attempt_starts VALUES('3',1,'c3131ee77f65e0aa64d00294148be00618c8da85');
INSERT INTO attempt_starts VALUES('3',2,'d60a2bb95baca3f805f53a38c83a630f07b44dc7');
INSERT INTO attempt_starts VALUES('3',3,'d3c8b10a4b63c5bcf042ae7c282748014a956e9a');
INSERT INTO attempt_starts VALUES('4',1,'c3131ee77f65e0aa64d00294148be00618c8da85');
CREATE TABLE stacks(feature TEXT PRIMARY KEY NOT NULL, onto TEXT NOT NULL,
  branch TEXT NOT NULL, landed INTEGER NOT NULL DEFAULT 0, moved_tip TEXT, moved_onto TEXT)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS "yields"(feature TEXT NOT NULL, other TEXT NOT NULL, at INTEGER NOT NULL,
  to_younger INTEGER NOT NULL, PRIMARY KEY(feature, other, at)) WITHOUT ROWID;
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
CREATE INDEX features_ready ON features(rework IS NULL, priority DESC, position)
WHERE state = 'ready' AND in_backlog = 1;
CREATE INDEX stacks_by_base ON stacks(onto);
COMMIT;
PRAGMA user_version = 1;
