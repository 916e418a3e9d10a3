-- A state file as the program of commit 10cffc3 left it when its last process was killed: features that landed, failed, were reviewed, taken back and
-- interrupted in several ways, and that wait for a person's claim, a limit, a login, a budget and a slot; a session has one of them.
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
INSERT INTO grdb_migrations VALUES('slots: named things that few can use at a time');
INSERT INTO grdb_migrations VALUES('budget: which attempts count');
CREATE TABLE meta(key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES('adopted','yes');
INSERT INTO meta VALUES('backlog_stamp','2237259 1180 1796106234.197040606');
INSERT INTO meta VALUES('claims.humans','warn');
INSERT INTO meta VALUES('claims.policy','auto');
INSERT INTO meta VALUES('clock','cb27a44c-bedc-40ac-8116-02ab128c681c 1796064420776');
INSERT INTO meta VALUES('control_at','1796106241864');
INSERT INTO meta VALUES('paths.naming','');
INSERT INTO meta VALUES('schedule.stack','0');
INSERT INTO meta VALUES('stop_attempt:11','1');
INSERT INTO meta VALUES('target','refs/heads/main');
INSERT INTO meta VALUES('target.known','c7cae67bf028464b0b6f58cd852f61f2a89c826b');
INSERT INTO meta VALUES('target.known_at','1796106253064');
INSERT INTO meta VALUES('target.seen:refs/heads/main','c7cae67bf028464b0b6f58cd852f61f2a89c826b');
CREATE TABLE lanes(number INTEGER PRIMARY KEY, path TEXT NOT NULL, feature TEXT, agent TEXT,
  branch TEXT, base BLOB, state TEXT NOT NULL);
INSERT INTO lanes VALUES(1,'/home/ruth/app.lanes/1','14','agent-1','refs/heads/lane/14-fourteen',X'c7cae67bf028464b0b6f58cd852f61f2a89c826b','assigned');
INSERT INTO lanes VALUES(2,'/home/ruth/app.lanes/2',NULL,NULL,NULL,NULL,'free');
CREATE TABLE claims(id INTEGER PRIMARY KEY, path BLOB NOT NULL, subtree INTEGER NOT NULL,
  mode TEXT NOT NULL, owner_kind TEXT NOT NULL, owner TEXT NOT NULL, agent TEXT,
  generation INTEGER NOT NULL, acquired_at INTEGER NOT NULL, expires_at INTEGER,
  pinned INTEGER NOT NULL DEFAULT 0, spelled BLOB);
INSERT INTO claims VALUES(1,X'68656c64',1,'exclusive','person','local',NULL,1,1796106234350,NULL,0,NULL);
INSERT INTO claims VALUES(3,X'7372632f663132',0,'exclusive','feature','12','agent-1',7,1796106238439,NULL,1,NULL);
INSERT INTO claims VALUES(4,X'6e696e652e747874',0,'exclusive','feature','9','agent-1',8,1796106239285,NULL,1,NULL);
INSERT INTO claims VALUES(5,X'656c6576656e2e747874',0,'exclusive','feature','11','agent-1',9,1796106240348,NULL,1,NULL);
INSERT INTO claims VALUES(6,X'7369787465656e2e747874',0,'exclusive','feature','16','agent-1',10,1796106242154,NULL,1,NULL);
INSERT INTO claims VALUES(7,X'6e6f7465732f73657373696f6e2e6d64',0,'exclusive','session','helper','helper',16,1796106253064,1796107153059,0,NULL);
CREATE TABLE counters(name TEXT PRIMARY KEY NOT NULL, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO counters VALUES('generation',16);
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
INSERT INTO refusals VALUES('5',X'68656c64',1,'held',NULL,1796106238810,'exclusive');
CREATE TABLE events(seq INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL,
  type TEXT NOT NULL, feature TEXT, agent TEXT, data TEXT NOT NULL DEFAULT '{}');
INSERT INTO events VALUES(1,1796106234350,'claims_granted',NULL,NULL,'{"generation":1,"paths":["held/"]}');
INSERT INTO events VALUES(2,1796106234611,'run_started',NULL,NULL,'{"models":["opus","haiku"],"parallel":3,"participant":"12972-1830588240","pid":12972,"preset":"balanced"}');
INSERT INTO events VALUES(3,1796106234643,'feature_ready','1',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(4,1796106234643,'feature_ready','3',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(5,1796106234643,'feature_ready','4',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(6,1796106234643,'feature_ready','5',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(7,1796106234643,'feature_ready','7',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(8,1796106234643,'feature_ready','8',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(9,1796106234643,'feature_ready','9',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(10,1796106234643,'feature_ready','10',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(11,1796106234643,'feature_ready','11',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(12,1796106234643,'feature_ready','12',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(13,1796106234643,'feature_ready','14',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(14,1796106234643,'feature_ready','15',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(15,1796106234643,'feature_ready','16',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(16,1796106234643,'feature_ready','17',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(17,1796106234643,'feature_ready','18',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(18,1796106234643,'feature_ready','19',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(19,1796106234643,'feature_ready','20',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(20,1796106234643,'feature_ready','21',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(21,1796106234680,'claims_granted','1','agent-1','{"generation":2,"paths":["src/f1"]}');
INSERT INTO events VALUES(22,1796106234680,'feature_running','1','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(23,1796106234680,'attempt_started','1','agent-1','{"attempt":1,"lane":1,"model":"opus","reason":"category backend"}');
INSERT INTO events VALUES(24,1796106234811,'attempt_completed','1','agent-1','{"attempt":1,"detail":"","seconds":0.131}');
INSERT INTO events VALUES(25,1796106234811,'feature_completed','1','agent-1','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(26,1796106234811,'feature_queued','1','agent-1','{"from":"completed","to":"queued"}');
INSERT INTO events VALUES(27,1796106234868,'feature_landing','1',NULL,'{"from":"queued","to":"landing"}');
INSERT INTO events VALUES(28,1796106234868,'landing_started','1',NULL,'{"chain":1,"kind":"feature","landing":1}');
INSERT INTO events VALUES(29,1796106234923,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1796106234892-d2a7b3a.log","passed":true,"seconds":0.028,"status":"exited 0","tree":"d2a7b3aafd7b80b033e3a1edb22f76a5a5212ebf"}');
INSERT INTO events VALUES(30,1796106234938,'landing_follow','1',NULL,'{"landing":1}');
INSERT INTO events VALUES(31,1796106234941,'landing_swap','1',NULL,'{"landing":1}');
INSERT INTO events VALUES(32,1796106234956,'feature_landed','1',NULL,'{"detail":"1ac6c8d06bcb2bc82be3459cc8b9db8966504592","from":"landing","to":"landed"}');
INSERT INTO events VALUES(33,1796106234956,'claims_released','1',NULL,'{"count":1}');
INSERT INTO events VALUES(34,1796106234956,'feature_ready','2',NULL,'{"from":"pending","to":"ready"}');
INSERT INTO events VALUES(35,1796106235005,'run_ended',NULL,NULL,'{"participant":"12972-1830588240","state":"finished"}');
INSERT INTO events VALUES(36,1796106235178,'run_started',NULL,NULL,'{"models":["opus","haiku"],"parallel":3,"participant":"13018-634427064","pid":13018,"preset":"balanced"}');
INSERT INTO events VALUES(37,1796106235224,'feature_running','2','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(38,1796106235224,'attempt_started','2','agent-1','{"attempt":1,"lane":1,"model":"opus","reason":"category backend"}');
INSERT INTO events VALUES(39,1796106235335,'claims_granted','2','agent-1','{"paths":["src/f2"],"generation":3}');
INSERT INTO events VALUES(40,1796106235355,'attempt_completed','2','agent-1','{"attempt":1,"detail":"","seconds":0.131}');
INSERT INTO events VALUES(41,1796106235355,'feature_completed','2','agent-1','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(42,1796106235355,'feature_queued','2','agent-1','{"from":"completed","to":"queued"}');
INSERT INTO events VALUES(43,1796106235393,'feature_landing','2',NULL,'{"from":"queued","to":"landing"}');
INSERT INTO events VALUES(44,1796106235393,'landing_started','2',NULL,'{"chain":2,"kind":"feature","landing":2}');
INSERT INTO events VALUES(45,1796106235445,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1796106235437-a209dba.log","passed":true,"seconds":0.006,"status":"exited 0","tree":"a209dba7d50573043081d7cf96412ead6d99fa60"}');
INSERT INTO events VALUES(46,1796106235455,'landing_follow','2',NULL,'{"landing":2}');
INSERT INTO events VALUES(47,1796106235458,'landing_swap','2',NULL,'{"landing":2}');
INSERT INTO events VALUES(48,1796106235476,'feature_landed','2',NULL,'{"detail":"4a582473453f73802357ba00f794dabaf83a73ec","from":"landing","to":"landed"}');
INSERT INTO events VALUES(49,1796106235476,'claims_released','2',NULL,'{"count":1}');
INSERT INTO events VALUES(50,1796106235530,'run_ended',NULL,NULL,'{"participant":"13018-634427064","state":"finished"}');
INSERT INTO events VALUES(51,1796106235803,'run_started',NULL,NULL,'{"models":["opus","haiku"],"parallel":3,"participant":"13062-393835317","pid":13062,"preset":"balanced"}');
INSERT INTO events VALUES(52,1796106235866,'feature_running','3','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(53,1796106235866,'attempt_started','3','agent-1','{"attempt":1,"lane":1,"model":"opus","reason":"category backend"}');
INSERT INTO events VALUES(54,1796106235977,'claims_granted','3','agent-1','{"paths":["three.txt"],"generation":4}');
INSERT INTO events VALUES(55,1796106235998,'attempt_completed','3','agent-1','{"attempt":1,"detail":"","seconds":0.132}');
INSERT INTO events VALUES(56,1796106235998,'feature_completed','3','agent-1','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(57,1796106235998,'feature_queued','3','agent-1','{"from":"completed","to":"queued"}');
INSERT INTO events VALUES(58,1796106236048,'feature_landing','3',NULL,'{"from":"queued","to":"landing"}');
INSERT INTO events VALUES(59,1796106236048,'landing_started','3',NULL,'{"chain":3,"kind":"feature","landing":3}');
INSERT INTO events VALUES(60,1796106236096,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1796106236063-0a10a18.log","passed":false,"seconds":0.025,"status":"exited 2","tree":"0a10a180bebf5dfa6bdbc5eacae2681664db0b66"}');
INSERT INTO events VALUES(61,1796106236167,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1796106236143-0a10a18-cold.log","passed":false,"seconds":0.022,"status":"exited 2","tree":"0a10a180bebf5dfa6bdbc5eacae2681664db0b66"}');
INSERT INTO events VALUES(62,1796106236168,'feature_gate_failed','3',NULL,'{"detail":"gate: make test exited 2","from":"landing","to":"gate_failed"}');
INSERT INTO events VALUES(63,1796106236168,'feature_ready','3',NULL,'{"detail":"gate: make test exited 2","from":"gate_failed","to":"ready"}');
INSERT INTO events VALUES(64,1796106236171,'feature_running','3','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(65,1796106236171,'attempt_started','3','agent-1','{"attempt":2,"lane":1,"model":"opus","reason":"after a failed attempt with opus"}');
INSERT INTO events VALUES(66,1796106236249,'attempt_completed','3','agent-1','{"attempt":2,"detail":"","seconds":0.078}');
INSERT INTO events VALUES(67,1796106236249,'feature_completed','3','agent-1','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(68,1796106236249,'feature_queued','3','agent-1','{"from":"completed","to":"queued"}');
INSERT INTO events VALUES(69,1796106236303,'feature_landing','3',NULL,'{"from":"queued","to":"landing"}');
INSERT INTO events VALUES(70,1796106236303,'landing_started','3',NULL,'{"chain":4,"kind":"feature","landing":4}');
INSERT INTO events VALUES(71,1796106236354,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1796106236333-89411d4.log","passed":false,"seconds":0.018,"status":"exited 2","tree":"89411d4a69e443de904dcf16852700516bed603a"}');
INSERT INTO events VALUES(72,1796106236378,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1796106236360-89411d4-cold.log","passed":false,"seconds":0.016,"status":"exited 2","tree":"89411d4a69e443de904dcf16852700516bed603a"}');
INSERT INTO events VALUES(73,1796106236379,'feature_gate_failed','3',NULL,'{"detail":"gate: make test exited 2","from":"landing","to":"gate_failed"}');
INSERT INTO events VALUES(74,1796106236379,'feature_ready','3',NULL,'{"detail":"gate: make test exited 2","from":"gate_failed","to":"ready"}');
INSERT INTO events VALUES(75,1796106236382,'feature_running','3','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(76,1796106236382,'attempt_started','3','agent-1','{"attempt":3,"lane":1,"model":"opus","reason":"after a failed attempt with opus"}');
INSERT INTO events VALUES(77,1796106236523,'attempt_completed','3','agent-1','{"attempt":3,"detail":"","seconds":0.141}');
INSERT INTO events VALUES(78,1796106236523,'feature_completed','3','agent-1','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(79,1796106236523,'feature_queued','3','agent-1','{"from":"completed","to":"queued"}');
INSERT INTO events VALUES(80,1796106236572,'feature_landing','3',NULL,'{"from":"queued","to":"landing"}');
INSERT INTO events VALUES(81,1796106236572,'landing_started','3',NULL,'{"chain":5,"kind":"feature","landing":5}');
INSERT INTO events VALUES(82,1796106236632,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1796106236592-48ee10f.log","passed":false,"seconds":0.034,"status":"exited 2","tree":"48ee10fedf1da2e2e49230f5f968b907c2205378"}');
INSERT INTO events VALUES(83,1796106236668,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1796106236644-48ee10f-cold.log","passed":false,"seconds":0.02,"status":"exited 2","tree":"48ee10fedf1da2e2e49230f5f968b907c2205378"}');
INSERT INTO events VALUES(84,1796106236669,'feature_gate_failed','3',NULL,'{"detail":"gate: make test exited 2","from":"landing","to":"gate_failed"}');
INSERT INTO events VALUES(85,1796106236669,'feature_failed','3',NULL,'{"detail":"gate: make test exited 2","from":"gate_failed","to":"failed"}');
INSERT INTO events VALUES(86,1796106236669,'claims_released','3',NULL,'{"count":1}');
INSERT INTO events VALUES(87,1796106236669,'feature_blocked','6',NULL,'{"detail":"a dependency failed or was abandoned","from":"pending","to":"blocked"}');
INSERT INTO events VALUES(88,1796106236692,'run_ended',NULL,NULL,'{"participant":"13062-393835317","state":"finished"}');
INSERT INTO events VALUES(89,1796106236961,'run_started',NULL,NULL,'{"models":["opus","haiku"],"parallel":3,"participant":"13188-3492846138","pid":13188,"preset":"balanced"}');
INSERT INTO events VALUES(90,1796106236987,'feature_running','4','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(91,1796106236987,'attempt_started','4','agent-1','{"attempt":1,"lane":1,"model":"opus","reason":"the fallback model"}');
INSERT INTO events VALUES(92,1796106237127,'claims_granted','4','agent-1','{"paths":["src/f4"],"generation":5}');
INSERT INTO events VALUES(93,1796106237148,'attempt_completed','4','agent-1','{"attempt":1,"detail":"","seconds":0.161}');
INSERT INTO events VALUES(94,1796106237148,'feature_completed','4','agent-1','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(95,1796106237148,'feature_in_review','4','agent-1','{"from":"completed","to":"in_review"}');
INSERT INTO events VALUES(96,1796106237176,'run_ended',NULL,NULL,'{"participant":"13188-3492846138","state":"finished"}');
INSERT INTO events VALUES(97,1796106237429,'review_approved','4',NULL,'{"person":"Ruth <ruth@example.org>","tip":"bcbf50170d0847dab07b6aeb38371aec798d0570"}');
INSERT INTO events VALUES(98,1796106237429,'feature_approved','4',NULL,'{"detail":"by Ruth <ruth@example.org>","from":"in_review","to":"approved"}');
INSERT INTO events VALUES(99,1796106237429,'feature_queued','4',NULL,'{"from":"approved","to":"queued"}');
INSERT INTO events VALUES(100,1796106237608,'feature_landing','4',NULL,'{"from":"queued","to":"landing"}');
INSERT INTO events VALUES(101,1796106237608,'landing_started','4',NULL,'{"chain":6,"kind":"feature","landing":6}');
INSERT INTO events VALUES(102,1796106237670,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1796106237627-9137008.log","passed":true,"seconds":0.041,"status":"exited 0","tree":"913700874856c7a92a32dfd73b5ee2c519efd4f3"}');
INSERT INTO events VALUES(103,1796106237696,'landing_follow','4',NULL,'{"landing":6}');
INSERT INTO events VALUES(104,1796106237708,'landing_swap','4',NULL,'{"landing":6}');
INSERT INTO events VALUES(105,1796106237744,'feature_landed','4',NULL,'{"detail":"b28b9108904b8cab10f8fff9981dd5fce27ac302","from":"landing","to":"landed"}');
INSERT INTO events VALUES(106,1796106237744,'claims_released','4',NULL,'{"count":1}');
INSERT INTO events VALUES(107,1796106237903,'run_started',NULL,NULL,'{"models":["opus","haiku"],"parallel":3,"participant":"13248-1112782239","pid":13248,"preset":"balanced"}');
INSERT INTO events VALUES(108,1796106237937,'feature_running','10','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(109,1796106237937,'attempt_started','10','agent-1','{"attempt":1,"lane":1,"model":"opus","reason":"the fallback model"}');
INSERT INTO events VALUES(110,1796106238043,'claims_granted','10','agent-1','{"paths":["src/f10"],"generation":6}');
INSERT INTO events VALUES(111,1796106238073,'attempt_completed','10','agent-1','{"attempt":1,"detail":"","seconds":0.136}');
INSERT INTO events VALUES(112,1796106238073,'feature_completed','10','agent-1','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(113,1796106238073,'feature_in_review','10','agent-1','{"from":"completed","to":"in_review"}');
INSERT INTO events VALUES(114,1796106238112,'run_ended',NULL,NULL,'{"participant":"13248-1112782239","state":"finished"}');
INSERT INTO events VALUES(115,1796106238299,'run_started',NULL,NULL,'{"models":["opus","haiku"],"parallel":3,"participant":"13274-1079315011","pid":13274,"preset":"balanced"}');
INSERT INTO events VALUES(116,1796106238339,'feature_running','12','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(117,1796106238339,'attempt_started','12','agent-1','{"attempt":1,"lane":1,"model":"opus","reason":"the fallback model"}');
INSERT INTO events VALUES(118,1796106238439,'claims_granted','12','agent-1','{"paths":["src/f12"],"generation":7}');
INSERT INTO events VALUES(119,1796106238466,'attempt_completed','12','agent-1','{"attempt":1,"detail":"","seconds":0.127}');
INSERT INTO events VALUES(120,1796106238466,'feature_completed','12','agent-1','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(121,1796106238466,'feature_in_review','12','agent-1','{"from":"completed","to":"in_review"}');
INSERT INTO events VALUES(122,1796106238518,'run_ended',NULL,NULL,'{"participant":"13274-1079315011","state":"finished"}');
INSERT INTO events VALUES(123,1796106238757,'run_started',NULL,NULL,'{"models":["opus","haiku"],"parallel":3,"participant":"13299-1674761723","pid":13299,"preset":"balanced"}');
INSERT INTO events VALUES(124,1796106238810,'claim_refused','5',NULL,'{"paths":["held/"],"reasons":["held"]}');
INSERT INTO events VALUES(125,1796106238810,'feature_waiting','5',NULL,'{"detail":"held/","from":"ready","to":"waiting","waiting_for":"person:local"}');
INSERT INTO events VALUES(126,1796106238853,'run_ended',NULL,NULL,'{"participant":"13299-1674761723","state":"finished"}');
INSERT INTO events VALUES(127,1796106239108,'run_started',NULL,NULL,'{"models":["opus","haiku"],"parallel":3,"participant":"13314-1133615847","pid":13314,"preset":"balanced"}');
INSERT INTO events VALUES(128,1796106239139,'feature_running','9','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(129,1796106239139,'attempt_started','9','agent-1','{"attempt":1,"lane":1,"model":"opus","reason":"category backend"}');
INSERT INTO events VALUES(130,1796106239285,'claims_granted','9','agent-1','{"paths":["nine.txt"],"generation":8}');
INSERT INTO events VALUES(131,1796106239369,'attempt_interrupted','9','agent-1','{"attempt":1,"detail":"the agent asks to be run again later","seconds":0.23}');
INSERT INTO events VALUES(132,1796106239369,'feature_ready','9','agent-1','{"detail":"the agent asks to be run again later","from":"running","to":"ready"}');
INSERT INTO events VALUES(133,1796106239613,'control',NULL,NULL,'{"word":"stop-now"}');
INSERT INTO events VALUES(134,1796106239641,'run_ended',NULL,NULL,'{"participant":"13314-1133615847","state":"stopped"}');
INSERT INTO events VALUES(135,1796106239755,'run_started',NULL,NULL,'{"models":["opus","haiku"],"parallel":3,"participant":"13368-787000030","pid":13368,"preset":"balanced"}');
INSERT INTO events VALUES(136,1796106239775,'feature_running','11','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(137,1796106239775,'attempt_started','11','agent-1','{"attempt":1,"lane":1,"model":"opus","reason":"category backend"}');
INSERT INTO events VALUES(138,1796106239939,'stop_asked','11',NULL,'{"attempt":1}');
INSERT INTO events VALUES(139,1796106240311,'output','11','agent-1','{"attempt":1,"offset":11}');
INSERT INTO events VALUES(140,1796106240348,'claims_granted','11','agent-1','{"paths":["eleven.txt"],"generation":9}');
INSERT INTO events VALUES(141,1796106240372,'attempt_interrupted','11','agent-1','{"attempt":1,"detail":"a person stopped the agent","seconds":0.597}');
INSERT INTO events VALUES(142,1796106240372,'feature_ready','11','agent-1','{"detail":"a person stopped the agent","from":"running","to":"ready"}');
INSERT INTO events VALUES(143,1796106241104,'control',NULL,NULL,'{"word":"stop-now"}');
INSERT INTO events VALUES(144,1796106241279,'run_ended',NULL,NULL,'{"participant":"13368-787000030","state":"stopped"}');
INSERT INTO events VALUES(145,1796106241526,'run_started',NULL,NULL,'{"models":["opus","haiku"],"parallel":3,"participant":"13410-2705530253","pid":13410,"preset":"balanced"}');
INSERT INTO events VALUES(146,1796106241616,'feature_running','16','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(147,1796106241616,'attempt_started','16','agent-1','{"attempt":1,"lane":1,"model":"opus","reason":"category backend"}');
INSERT INTO events VALUES(148,1796106241865,'control',NULL,NULL,'{"word":"stop-now"}');
INSERT INTO events VALUES(149,1796106242154,'claims_granted','16','agent-1','{"paths":["sixteen.txt"],"generation":10}');
INSERT INTO events VALUES(150,1796106242185,'attempt_interrupted','16','agent-1','{"attempt":1,"detail":"stopped","seconds":0.569}');
INSERT INTO events VALUES(151,1796106242185,'feature_ready','16','agent-1','{"detail":"stopped","from":"running","to":"ready"}');
INSERT INTO events VALUES(152,1796106242220,'run_ended',NULL,NULL,'{"participant":"13410-2705530253","state":"stopped"}');
INSERT INTO events VALUES(153,1796106242404,'run_started',NULL,NULL,'{"models":["opus","haiku"],"parallel":3,"participant":"13448-3252661769","pid":13448,"preset":"balanced"}');
INSERT INTO events VALUES(154,1796106242459,'feature_running','17','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(155,1796106242459,'attempt_started','17','agent-1','{"attempt":1,"lane":1,"model":"opus","reason":"category backend"}');
INSERT INTO events VALUES(156,1796106242680,'output','17','agent-1','{"attempt":1,"offset":7}');
INSERT INTO events VALUES(157,1796106242714,'claims_granted','17','agent-1','{"paths":["seventeen.txt"],"generation":11}');
INSERT INTO events VALUES(158,1796106242754,'attempt_interrupted','17','agent-1','{"attempt":1,"detail":"the guard was killed","seconds":0.295}');
INSERT INTO events VALUES(159,1796106242754,'feature_ready','17','agent-1','{"detail":"the guard was killed","from":"running","to":"ready"}');
INSERT INTO events VALUES(160,1796106242788,'feature_running','17','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(161,1796106242788,'attempt_started','17','agent-1','{"attempt":2,"lane":1,"model":"opus","reason":"category backend"}');
INSERT INTO events VALUES(162,1796106242889,'claims_granted','17','agent-1','{"paths":["src/f17"],"generation":12}');
INSERT INTO events VALUES(163,1796106242929,'attempt_completed','17','agent-1','{"attempt":2,"detail":"","seconds":0.141}');
INSERT INTO events VALUES(164,1796106242929,'feature_completed','17','agent-1','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(165,1796106242929,'feature_queued','17','agent-1','{"from":"completed","to":"queued"}');
INSERT INTO events VALUES(166,1796106243000,'feature_landing','17',NULL,'{"from":"queued","to":"landing"}');
INSERT INTO events VALUES(167,1796106243000,'landing_started','17',NULL,'{"chain":7,"kind":"feature","landing":7}');
INSERT INTO events VALUES(168,1796106243042,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1796106243011-f263680.log","passed":true,"seconds":0.025,"status":"exited 0","tree":"f263680ac8adba882e3cf32203df9d8ef5b93dff"}');
INSERT INTO events VALUES(169,1796106243062,'landing_follow','17',NULL,'{"landing":7}');
INSERT INTO events VALUES(170,1796106243072,'landing_swap','17',NULL,'{"landing":7}');
INSERT INTO events VALUES(171,1796106243108,'feature_landed','17',NULL,'{"detail":"01cef1c1421b05d4544592b305efd57eec7893fa","from":"landing","to":"landed"}');
INSERT INTO events VALUES(172,1796106243108,'claims_released','17',NULL,'{"count":2}');
INSERT INTO events VALUES(173,1796106243158,'run_ended',NULL,NULL,'{"participant":"13448-3252661769","state":"finished"}');
INSERT INTO events VALUES(174,1796106244986,'run_started',NULL,NULL,'{"models":["opus","haiku"],"parallel":3,"participant":"13555-1912232460","pid":13555,"preset":"balanced"}');
INSERT INTO events VALUES(175,1796106245002,'feature_running','18','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(176,1796106245002,'attempt_started','18','agent-1','{"attempt":1,"lane":1,"model":"opus","reason":"category backend"}');
INSERT INTO events VALUES(177,1796106245083,'claims_granted','18','agent-1','{"paths":["src/f18"],"generation":13}');
INSERT INTO events VALUES(178,1796106245100,'attempt_completed','18','agent-1','{"attempt":1,"detail":"","seconds":0.098}');
INSERT INTO events VALUES(179,1796106245100,'feature_completed','18','agent-1','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(180,1796106245100,'feature_queued','18','agent-1','{"from":"completed","to":"queued"}');
INSERT INTO events VALUES(181,1796106245157,'feature_landing','18',NULL,'{"from":"queued","to":"landing"}');
INSERT INTO events VALUES(182,1796106245157,'landing_started','18',NULL,'{"chain":8,"kind":"feature","landing":8}');
INSERT INTO events VALUES(183,1796106245225,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1796106245198-1e0f76e.log","passed":true,"seconds":0.023,"status":"exited 0","tree":"1e0f76eb91d0803c22088f93a555d7024e3221ee"}');
INSERT INTO events VALUES(184,1796106245248,'landing_follow','18',NULL,'{"landing":8}');
INSERT INTO events VALUES(185,1796106245272,'landing_swap','18',NULL,'{"landing":8}');
INSERT INTO events VALUES(186,1796106245292,'feature_landed','18',NULL,'{"detail":"cf501482d32ddf80779358125948790ab7034940","from":"landing","to":"landed"}');
INSERT INTO events VALUES(187,1796106245292,'claims_released','18',NULL,'{"count":1}');
INSERT INTO events VALUES(188,1796106245406,'run_ended',NULL,NULL,'{"participant":"13555-1912232460","state":"finished"}');
INSERT INTO events VALUES(189,1796106245590,'undo_requested','2',NULL,'{}');
INSERT INTO events VALUES(190,1796106245647,'claims_granted','2',NULL,'{"generation":14,"paths":["src/f2"]}');
INSERT INTO events VALUES(191,1796106245661,'landing_started','2',NULL,'{"chain":9,"kind":"undo","landing":9}');
INSERT INTO events VALUES(192,1796106245750,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1796106245704-2d85dc2.log","passed":true,"seconds":0.03,"status":"exited 0","tree":"2d85dc279c0c08b1083aa408a77c735bd668732d"}');
INSERT INTO events VALUES(193,1796106245758,'landing_follow','2',NULL,'{"landing":9}');
INSERT INTO events VALUES(194,1796106245761,'landing_swap','2',NULL,'{"landing":9}');
INSERT INTO events VALUES(195,1796106245784,'feature_undone','2',NULL,'{"detail":"reverted by 762280df7c8615d3d2f1c328ffc2cbb14c0c5a8a","from":"landed","to":"undone"}');
INSERT INTO events VALUES(196,1796106245784,'claims_released','2',NULL,'{"count":1}');
INSERT INTO events VALUES(197,1796106246173,'review_changes_requested','10',NULL,'{"person":"Ruth <ruth@example.org>","tip":"527e64119511ad39c36daefde448f1f6115f3c66"}');
INSERT INTO events VALUES(198,1796106246173,'feature_changes_requested','10',NULL,'{"detail":"by Ruth <ruth@example.org>","from":"in_review","to":"changes_requested"}');
INSERT INTO events VALUES(199,1796106246173,'feature_ready','10',NULL,'{"from":"changes_requested","to":"ready"}');
INSERT INTO events VALUES(200,1796106246544,'run_started',NULL,NULL,'{"models":["opus","haiku"],"parallel":3,"participant":"13684-1376603157","pid":13684,"preset":"balanced"}');
INSERT INTO events VALUES(201,1796106246588,'feature_running','20','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(202,1796106246588,'attempt_started','20','agent-1','{"attempt":1,"lane":1,"model":"opus","reason":"category backend"}');
INSERT INTO events VALUES(203,1796106246684,'agent_result','20','agent-1','{"attempt":1,"offset":0}');
INSERT INTO events VALUES(204,1796106246684,'output','20','agent-1','{"attempt":1,"offset":24}');
INSERT INTO events VALUES(205,1796106246701,'claims_granted','20','agent-1','{"paths":["src/f20"],"generation":15}');
INSERT INTO events VALUES(206,1796106246731,'attempt_completed','20','agent-1','{"attempt":1,"detail":"","seconds":0.143}');
INSERT INTO events VALUES(207,1796106246731,'feature_completed','20','agent-1','{"from":"running","to":"completed"}');
INSERT INTO events VALUES(208,1796106246731,'feature_queued','20','agent-1','{"from":"completed","to":"queued"}');
INSERT INTO events VALUES(209,1796106246775,'feature_landing','20',NULL,'{"from":"queued","to":"landing"}');
INSERT INTO events VALUES(210,1796106246775,'landing_started','20',NULL,'{"chain":10,"kind":"feature","landing":10}');
INSERT INTO events VALUES(211,1796106246868,'gate_ended',NULL,NULL,'{"cold":true,"flaky":false,"log":"/home/ruth/app/.git/lanekeeper/logs/gate/1796106246829-038fed4.log","passed":true,"seconds":0.031,"status":"exited 0","tree":"038fed4076a3727886ad5835e3ceba319398841a"}');
INSERT INTO events VALUES(212,1796106246879,'landing_follow','20',NULL,'{"landing":10}');
INSERT INTO events VALUES(213,1796106246904,'landing_swap','20',NULL,'{"landing":10}');
INSERT INTO events VALUES(214,1796106246924,'feature_landed','20',NULL,'{"detail":"c7cae67bf028464b0b6f58cd852f61f2a89c826b","from":"landing","to":"landed"}');
INSERT INTO events VALUES(215,1796106246924,'claims_released','20',NULL,'{"count":1}');
INSERT INTO events VALUES(216,1796106246969,'run_ended',NULL,NULL,'{"participant":"13684-1376603157","state":"finished"}');
INSERT INTO events VALUES(217,1796106247271,'work_started',NULL,NULL,'{"models":["opus","haiku"],"parallel":1,"participant":"13748-4276911723","pid":13748,"preset":"balanced"}');
INSERT INTO events VALUES(218,1796106247321,'feature_waiting','21',NULL,'{"detail":"limits.max_cost_usd is 1.00: 2.00 is spent, and an attempt usually costs 2.00","from":"ready","to":"waiting","waiting_for":"budget"}');
INSERT INTO events VALUES(219,1796106247340,'run_ended',NULL,NULL,'{"participant":"13748-4276911723","state":"finished"}');
INSERT INTO events VALUES(220,1796106247655,'work_started',NULL,NULL,'{"models":["opus","haiku"],"parallel":1,"participant":"13762-1375203263","pid":13762,"preset":"balanced"}');
INSERT INTO events VALUES(221,1796106247750,'feature_running','7','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(222,1796106247750,'attempt_started','7','agent-1','{"attempt":1,"lane":1,"model":"opus","reason":"category backend"}');
INSERT INTO events VALUES(223,1796106247962,'agent_edit','7','agent-1','{"attempt":1,"offset":0,"path":"seven.txt"}');
INSERT INTO events VALUES(224,1796106247963,'output','7','agent-1','{"attempt":1,"offset":81}');
INSERT INTO events VALUES(225,1796106248004,'agent_paused',NULL,NULL,'{"detail":"usage limit reached","limit":"usage","program":"paid","until_ms":1796106268170}');
INSERT INTO events VALUES(226,1796106248005,'attempt_interrupted','7','agent-1','{"attempt":1,"detail":"met the usage limit: usage limit reached","seconds":0.255}');
INSERT INTO events VALUES(227,1796106248005,'feature_ready','7','agent-1','{"detail":"met the usage limit: usage limit reached","from":"running","to":"ready"}');
INSERT INTO events VALUES(228,1796106248083,'feature_waiting','7',NULL,'{"detail":"usage limit reached","from":"ready","to":"waiting","waiting_for":"limit:2026-12-01T06:24:28Z"}');
INSERT INTO events VALUES(229,1796106251397,'run_stopping',NULL,NULL,'{"participant":"13762-1375203263"}');
INSERT INTO events VALUES(230,1796106251400,'run_ended',NULL,NULL,'{"participant":"13762-1375203263","state":"stopped"}');
INSERT INTO events VALUES(231,1796106251702,'work_started',NULL,NULL,'{"models":["opus","haiku"],"parallel":1,"participant":"13798-1462898314","pid":13798,"preset":"balanced"}');
INSERT INTO events VALUES(232,1796106251792,'feature_running','8','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(233,1796106251792,'attempt_started','8','agent-1','{"attempt":1,"lane":1,"model":"opus","reason":"category backend"}');
INSERT INTO events VALUES(234,1796106251908,'output','8','agent-1','{"attempt":1,"offset":33}');
INSERT INTO events VALUES(235,1796106251928,'agent_paused',NULL,NULL,'{"detail":"exit status 41","limit":"login","program":"guest"}');
INSERT INTO events VALUES(236,1796106251929,'attempt_interrupted','8','agent-1','{"attempt":1,"detail":"met a login: exit status 41","seconds":0.137}');
INSERT INTO events VALUES(237,1796106251929,'feature_ready','8','agent-1','{"detail":"met a login: exit status 41","from":"running","to":"ready"}');
INSERT INTO events VALUES(238,1796106251975,'feature_waiting','8',NULL,'{"detail":"exit status 41","from":"ready","to":"waiting","waiting_for":"limit"}');
INSERT INTO events VALUES(239,1796106252022,'run_ended',NULL,NULL,'{"participant":"13798-1462898314","state":"finished"}');
INSERT INTO events VALUES(240,1796106253031,'feature_running','10','helper','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(241,1796106253031,'attempt_started','10','helper','{"attempt":2,"session":"helper"}');
INSERT INTO events VALUES(242,1796106253031,'feature_running','9','helper','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(243,1796106253031,'attempt_started','9','helper','{"attempt":2,"session":"helper"}');
INSERT INTO events VALUES(244,1796106253057,'attempt_interrupted','10','helper','{"attempt":2,"detail":"handed back"}');
INSERT INTO events VALUES(245,1796106253057,'feature_ready','10','helper','{"detail":"handed back","from":"running","to":"ready"}');
INSERT INTO events VALUES(246,1796106253057,'claims_released','10',NULL,'{"count":1}');
INSERT INTO events VALUES(247,1796106253064,'claims_granted',NULL,'helper','{"generation":16,"paths":["notes/session.md"]}');
INSERT INTO events VALUES(248,1796106253363,'work_started',NULL,NULL,'{"models":["opus","haiku"],"parallel":1,"participant":"13860-4227473441","pid":13860,"preset":"balanced"}');
INSERT INTO events VALUES(249,1796106253467,'feature_running','14','agent-1','{"from":"ready","to":"running"}');
INSERT INTO events VALUES(250,1796106253467,'attempt_started','14','agent-1','{"attempt":1,"lane":1,"model":"opus","reason":"category backend"}');
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
, slots TEXT NOT NULL DEFAULT '[]') WITHOUT ROWID;
INSERT INTO features VALUES('1',0,'One','backend','','[]','["src/f1"]',0,NULL,NULL,1,'landed',NULL,'refs/heads/lane/1-one','5e73e329f0695210a51073571e165537cd63fac0',1,0,'opus',0,NULL,'1ac6c8d06bcb2bc82be3459cc8b9db8966504592',1796106234956,'[]');
INSERT INTO features VALUES('10',9,'Ten','careful','','[]','[]',0,NULL,NULL,1,'ready',NULL,'refs/heads/lane/10-ten','527e64119511ad39c36daefde448f1f6115f3c66',2,0,'opus',0,replace('Ruth <ruth@example.org> looked at the branch and asks for changes:\n\nsay why','\n',char(10)),NULL,1796106253057,'[]');
INSERT INTO features VALUES('11',10,'Eleven','backend','','[]','[]',0,NULL,NULL,1,'ready',NULL,'refs/heads/lane/11-eleven','6ae41ebf06f28c96de84a33fcd3ba467d62ca405',1,0,'opus',0,NULL,NULL,1796106240372,'[]');
INSERT INTO features VALUES('12',11,'Twelve','careful','','[]','[]',0,NULL,NULL,1,'in_review',NULL,'refs/heads/lane/12-twelve','49157b7d84189b26764a6cdc86f9798f43f8ba3b',1,0,'opus',0,NULL,NULL,1796106238466,'[]');
INSERT INTO features VALUES('13',12,'Thirteen','backend','','[]','[]',0,NULL,NULL,1,'pending',NULL,NULL,NULL,0,0,NULL,0,NULL,NULL,1796106234643,'[]');
INSERT INTO features VALUES('14',13,'Fourteen','backend','','[]','[]',0,NULL,NULL,1,'running',NULL,'refs/heads/lane/14-fourteen',NULL,1,0,'opus',0,NULL,NULL,1796106253467,'["browser"]');
INSERT INTO features VALUES('15',14,'Fifteen','backend','','[]','[]',0,NULL,NULL,1,'ready',NULL,NULL,NULL,0,0,NULL,0,NULL,NULL,1796106234643,'["browser"]');
INSERT INTO features VALUES('16',15,'Sixteen','backend','','[]','[]',0,NULL,NULL,1,'ready',NULL,'refs/heads/lane/16-sixteen','15d54348d1ba61fd0076e22bda48b926bd7b595c',1,0,'opus',0,NULL,NULL,1796106242185,'[]');
INSERT INTO features VALUES('17',16,'Seventeen','backend','','[]','[]',0,NULL,NULL,1,'landed',NULL,'refs/heads/lane/17-seventeen','bd4af770baf0932b2a463fbfb1a2ea60c18ae053',2,0,'opus',0,NULL,'01cef1c1421b05d4544592b305efd57eec7893fa',1796106243108,'[]');
INSERT INTO features VALUES('18',17,'Eighteen','backend','','[]','[]',0,NULL,NULL,1,'landed',NULL,'refs/heads/lane/18-eighteen','f94c5ff2023354ed44b2549b47ce8e5a4d0da137',1,0,'opus',0,NULL,'cf501482d32ddf80779358125948790ab7034940',1796106245292,'[]');
INSERT INTO features VALUES('19',18,'Nineteen','backend','','[]','[]',0,NULL,NULL,1,'ready',NULL,NULL,NULL,0,0,NULL,0,NULL,NULL,1796106234643,'[]');
INSERT INTO features VALUES('2',1,'Two','backend','','["it works"]','[]',0,NULL,NULL,1,'undone',NULL,'refs/heads/lane/2-two','7a74a0d2d946fc681e83694202adfc2caafa22c8',1,0,'opus',0,NULL,'4a582473453f73802357ba00f794dabaf83a73ec',1796106245784,'[]');
INSERT INTO features VALUES('20',19,'Twenty','backend','','[]','[]',0,NULL,'paid',1,'landed',NULL,'refs/heads/lane/20-twenty','344e01e44e7d03fc23b667aefcbfb4ef7a19f721',1,0,'opus',0,NULL,'c7cae67bf028464b0b6f58cd852f61f2a89c826b',1796106246924,'[]');
INSERT INTO features VALUES('21',20,'Twenty-one','backend','','[]','[]',0,NULL,'paid',1,'waiting','budget',NULL,NULL,0,0,NULL,0,NULL,NULL,1796106247321,'[]');
INSERT INTO features VALUES('3',2,'Three','backend','','[]','[]',0,NULL,NULL,1,'failed',NULL,'refs/heads/lane/3-three','df3c4597641afb007e95ae8c92e3a83ef8b5e4e7',3,3,'opus',1,replace('The gate `make test` exited 2 on your work merged with the target. Its log ends:\n\nmake: *** [Makefile:2: test] Error 1','\n',char(10)),NULL,1796106236669,'[]');
INSERT INTO features VALUES('4',3,'Four','careful','','[]','[]',0,NULL,NULL,1,'landed',NULL,'refs/heads/lane/4-four','bcbf50170d0847dab07b6aeb38371aec798d0570',1,0,'opus',0,NULL,'b28b9108904b8cab10f8fff9981dd5fce27ac302',1796106237744,'[]');
INSERT INTO features VALUES('5',4,'Five','backend','','[]','["held/"]',0,NULL,NULL,1,'waiting','person:local',NULL,NULL,0,0,NULL,0,NULL,NULL,1796106238810,'[]');
INSERT INTO features VALUES('6',5,'Six','backend','','[]','[]',0,NULL,NULL,1,'blocked',NULL,NULL,NULL,0,0,NULL,0,NULL,NULL,1796106236669,'[]');
INSERT INTO features VALUES('7',6,'Seven','backend','','[]','[]',0,NULL,'paid',1,'waiting','limit:2026-12-01T06:24:28Z','refs/heads/lane/7-seven','c7cae67bf028464b0b6f58cd852f61f2a89c826b',1,0,'opus',0,NULL,NULL,1796106248083,'[]');
INSERT INTO features VALUES('8',7,'Eight','backend','','[]','[]',0,NULL,'paid',1,'waiting','limit','refs/heads/lane/8-eight','c7cae67bf028464b0b6f58cd852f61f2a89c826b',1,0,'opus',0,NULL,NULL,1796106251975,'[]');
INSERT INTO features VALUES('9',8,'Nine','backend','','[]','[]',0,NULL,NULL,1,'running',NULL,'refs/heads/lane/9-nine','55096e037087d0bbfbc1570ffbc99920411a9584',2,0,'opus',0,NULL,NULL,1796106253031,'[]');
CREATE TABLE dependencies(
  feature TEXT NOT NULL,
  depends_on TEXT NOT NULL,
  source TEXT NOT NULL,
  confidence REAL,
  reason TEXT,
  PRIMARY KEY(feature, depends_on)
) WITHOUT ROWID;
INSERT INTO dependencies VALUES('13','12','declared',NULL,NULL);
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
  boot_id TEXT, in_budget INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY(feature, number)
) WITHOUT ROWID;
INSERT INTO attempts VALUES('1',1,'12972-1830588240',1,0,'agent-1',1,'opus','opus','category backend','12972-1830588240-1-1','4b8e3496f460bbc8def14d7bd66d04c702f439ba','5e73e329f0695210a51073571e165537cd63fac0','completed',NULL,0.0,1796106234680,1796106234811,41813907,'cb27a44c-bedc-40ac-8116-02ab128c681c',0);
INSERT INTO attempts VALUES('10',1,'13248-1112782239',1,0,'agent-1',1,'opus','opus','the fallback model','13248-1112782239-10-1','b28b9108904b8cab10f8fff9981dd5fce27ac302','527e64119511ad39c36daefde448f1f6115f3c66','completed',NULL,0.0,1796106237937,1796106238073,41817163,'cb27a44c-bedc-40ac-8116-02ab128c681c',0);
INSERT INTO attempts VALUES('10',2,'session:helper',0,0,'helper',0,'session','session','taken by a session','session-10-2','c7cae67bf028464b0b6f58cd852f61f2a89c826b',NULL,'interrupted','handed back',0.0,1796106253031,1796106253057,NULL,NULL,1);
INSERT INTO attempts VALUES('11',1,'13368-787000030',1,0,'agent-1',1,'opus','opus','category backend','13368-787000030-11-1','b28b9108904b8cab10f8fff9981dd5fce27ac302','6ae41ebf06f28c96de84a33fcd3ba467d62ca405','interrupted','a person stopped the agent',0.0,1796106239775,1796106240372,41819498,'cb27a44c-bedc-40ac-8116-02ab128c681c',0);
INSERT INTO attempts VALUES('12',1,'13274-1079315011',1,0,'agent-1',1,'opus','opus','the fallback model','13274-1079315011-12-1','b28b9108904b8cab10f8fff9981dd5fce27ac302','49157b7d84189b26764a6cdc86f9798f43f8ba3b','completed',NULL,0.0,1796106238339,1796106238466,41817572,'cb27a44c-bedc-40ac-8116-02ab128c681c',0);
INSERT INTO attempts VALUES('14',1,'13860-4227473441',1,1,'agent-1',1,'opus','opus','category backend','13860-4227473441-14-1','c7cae67bf028464b0b6f58cd852f61f2a89c826b',NULL,'running',NULL,0.0,1796106253467,NULL,41833193,'cb27a44c-bedc-40ac-8116-02ab128c681c',1);
INSERT INTO attempts VALUES('16',1,'13410-2705530253',1,0,'agent-1',1,'opus','opus','category backend','13410-2705530253-16-1','b28b9108904b8cab10f8fff9981dd5fce27ac302','15d54348d1ba61fd0076e22bda48b926bd7b595c','interrupted','stopped',0.0,1796106241616,1796106242185,41821326,'cb27a44c-bedc-40ac-8116-02ab128c681c',0);
INSERT INTO attempts VALUES('17',1,'13448-3252661769',1,0,'agent-1',1,'opus','opus','category backend','13448-3252661769-17-1','b28b9108904b8cab10f8fff9981dd5fce27ac302','0e3265a5f95abf476e589445f817c12e411c8b01','interrupted','the guard was killed',0.0,1796106242459,1796106242754,41821684,'cb27a44c-bedc-40ac-8116-02ab128c681c',0);
INSERT INTO attempts VALUES('17',2,'13448-3252661769',1,0,'agent-1',1,'opus','opus','category backend','13448-3252661769-17-2','b28b9108904b8cab10f8fff9981dd5fce27ac302','bd4af770baf0932b2a463fbfb1a2ea60c18ae053','completed',NULL,0.0,1796106242788,1796106242929,41822014,'cb27a44c-bedc-40ac-8116-02ab128c681c',0);
INSERT INTO attempts VALUES('18',1,'13555-1912232460',1,0,'agent-1',1,'opus','opus','category backend','13555-1912232460-18-1','01cef1c1421b05d4544592b305efd57eec7893fa','f94c5ff2023354ed44b2549b47ce8e5a4d0da137','completed',NULL,0.0,1796106245002,1796106245100,41824227,'cb27a44c-bedc-40ac-8116-02ab128c681c',0);
INSERT INTO attempts VALUES('2',1,'13018-634427064',1,0,'agent-1',1,'opus','opus','category backend','13018-634427064-2-1','1ac6c8d06bcb2bc82be3459cc8b9db8966504592','7a74a0d2d946fc681e83694202adfc2caafa22c8','completed',NULL,0.0,1796106235224,1796106235355,41814450,'cb27a44c-bedc-40ac-8116-02ab128c681c',0);
INSERT INTO attempts VALUES('20',1,'13684-1376603157',1,0,'agent-1',1,'opus','big','category backend','13684-1376603157-20-1','762280df7c8615d3d2f1c328ffc2cbb14c0c5a8a','344e01e44e7d03fc23b667aefcbfb4ef7a19f721','completed',NULL,2.0,1796106246588,1796106246731,41825814,'cb27a44c-bedc-40ac-8116-02ab128c681c',1);
INSERT INTO attempts VALUES('3',1,'13062-393835317',1,0,'agent-1',1,'opus','opus','category backend','13062-393835317-3-1','4a582473453f73802357ba00f794dabaf83a73ec','72f2e834523ce441fd9177acf93810368d63152a','completed',NULL,0.0,1796106235866,1796106235998,41815091,'cb27a44c-bedc-40ac-8116-02ab128c681c',0);
INSERT INTO attempts VALUES('3',2,'13062-393835317',1,0,'agent-1',1,'opus','opus','after a failed attempt with opus','13062-393835317-3-2','4a582473453f73802357ba00f794dabaf83a73ec','fd4f55ae236c1b3d338cdba374460cdb23d722c9','completed',NULL,0.0,1796106236171,1796106236249,41815397,'cb27a44c-bedc-40ac-8116-02ab128c681c',0);
INSERT INTO attempts VALUES('3',3,'13062-393835317',1,0,'agent-1',1,'opus','opus','after a failed attempt with opus','13062-393835317-3-3','4a582473453f73802357ba00f794dabaf83a73ec','df3c4597641afb007e95ae8c92e3a83ef8b5e4e7','completed',NULL,0.0,1796106236382,1796106236523,41815608,'cb27a44c-bedc-40ac-8116-02ab128c681c',0);
INSERT INTO attempts VALUES('4',1,'13188-3492846138',1,0,'agent-1',1,'opus','opus','the fallback model','13188-3492846138-4-1','4a582473453f73802357ba00f794dabaf83a73ec','bcbf50170d0847dab07b6aeb38371aec798d0570','completed',NULL,0.0,1796106236987,1796106237148,41816217,'cb27a44c-bedc-40ac-8116-02ab128c681c',0);
INSERT INTO attempts VALUES('7',1,'13762-1375203263',1,0,'agent-1',1,'opus','big','category backend','13762-1375203263-7-1','c7cae67bf028464b0b6f58cd852f61f2a89c826b','c7cae67bf028464b0b6f58cd852f61f2a89c826b','interrupted','met the usage limit: usage limit reached',0.0,1796106247750,1796106248005,41826992,'cb27a44c-bedc-40ac-8116-02ab128c681c',1);
INSERT INTO attempts VALUES('8',1,'13798-1462898314',1,0,'agent-1',1,'opus','big','category backend','13798-1462898314-8-1','c7cae67bf028464b0b6f58cd852f61f2a89c826b','c7cae67bf028464b0b6f58cd852f61f2a89c826b','interrupted','met a login: exit status 41',0.0,1796106251792,1796106251929,41831018,'cb27a44c-bedc-40ac-8116-02ab128c681c',1);
INSERT INTO attempts VALUES('9',1,'13314-1133615847',1,0,'agent-1',1,'opus','opus','category backend','13314-1133615847-9-1','b28b9108904b8cab10f8fff9981dd5fce27ac302','55096e037087d0bbfbc1570ffbc99920411a9584','interrupted','the agent asks to be run again later',0.0,1796106239139,1796106239369,41818369,'cb27a44c-bedc-40ac-8116-02ab128c681c',0);
INSERT INTO attempts VALUES('9',2,'session:helper',0,0,'helper',0,'session','session','taken by a session','session-9-2','c7cae67bf028464b0b6f58cd852f61f2a89c826b',NULL,'running',NULL,0.0,1796106253031,NULL,NULL,NULL,1);
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
INSERT INTO participants VALUES('12972-1830588240','run',12972,'finished',3,'balanced','["opus","haiku"]',1796106234611,1796106235005);
INSERT INTO participants VALUES('13018-634427064','run',13018,'finished',3,'balanced','["opus","haiku"]',1796106235178,1796106235530);
INSERT INTO participants VALUES('13062-393835317','run',13062,'finished',3,'balanced','["opus","haiku"]',1796106235803,1796106236692);
INSERT INTO participants VALUES('13188-3492846138','run',13188,'finished',3,'balanced','["opus","haiku"]',1796106236961,1796106237176);
INSERT INTO participants VALUES('13248-1112782239','run',13248,'finished',3,'balanced','["opus","haiku"]',1796106237903,1796106238112);
INSERT INTO participants VALUES('13274-1079315011','run',13274,'finished',3,'balanced','["opus","haiku"]',1796106238299,1796106238518);
INSERT INTO participants VALUES('13299-1674761723','run',13299,'finished',3,'balanced','["opus","haiku"]',1796106238757,1796106238853);
INSERT INTO participants VALUES('13314-1133615847','run',13314,'stopped',3,'balanced','["opus","haiku"]',1796106239108,1796106239641);
INSERT INTO participants VALUES('13368-787000030','run',13368,'stopped',3,'balanced','["opus","haiku"]',1796106239755,1796106241279);
INSERT INTO participants VALUES('13410-2705530253','run',13410,'stopped',3,'balanced','["opus","haiku"]',1796106241526,1796106242220);
INSERT INTO participants VALUES('13448-3252661769','run',13448,'finished',3,'balanced','["opus","haiku"]',1796106242404,1796106243158);
INSERT INTO participants VALUES('13555-1912232460','run',13555,'finished',3,'balanced','["opus","haiku"]',1796106244986,1796106245406);
INSERT INTO participants VALUES('13684-1376603157','run',13684,'finished',3,'balanced','["opus","haiku"]',1796106246544,1796106246969);
INSERT INTO participants VALUES('13748-4276911723','work',13748,'finished',1,'balanced','["opus","haiku"]',1796106247271,1796106247340);
INSERT INTO participants VALUES('13762-1375203263','work',13762,'stopped',1,'balanced','["opus","haiku"]',1796106247655,1796106251400);
INSERT INTO participants VALUES('13798-1462898314','work',13798,'finished',1,'balanced','["opus","haiku"]',1796106251702,1796106252022);
INSERT INTO participants VALUES('13860-4227473441','work',13860,'running',1,'balanced','["opus","haiku"]',1796106253363,NULL);
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
INSERT INTO landings VALUES(1,'1','done','5e73e329f0695210a51073571e165537cd63fac0','4b8e3496f460bbc8def14d7bd66d04c702f439ba','4b8e3496f460bbc8def14d7bd66d04c702f439ba','1ac6c8d06bcb2bc82be3459cc8b9db8966504592','d2a7b3aafd7b80b033e3a1edb22f76a5a5212ebf','/home/ruth/app/.git/lanekeeper/logs/gate/1796106234892-d2a7b3a.log',NULL,1796106234868,1796106234956,1,'feature',0,'passed');
INSERT INTO landings VALUES(2,'2','done','7a74a0d2d946fc681e83694202adfc2caafa22c8','1ac6c8d06bcb2bc82be3459cc8b9db8966504592','1ac6c8d06bcb2bc82be3459cc8b9db8966504592','4a582473453f73802357ba00f794dabaf83a73ec','a209dba7d50573043081d7cf96412ead6d99fa60','/home/ruth/app/.git/lanekeeper/logs/gate/1796106235437-a209dba.log',NULL,1796106235393,1796106235476,2,'feature',0,'passed');
INSERT INTO landings VALUES(3,'3','stopped','72f2e834523ce441fd9177acf93810368d63152a','4a582473453f73802357ba00f794dabaf83a73ec','4a582473453f73802357ba00f794dabaf83a73ec','a24c60dac01944fc05ce78a3571c6ec77f978a74','0a10a180bebf5dfa6bdbc5eacae2681664db0b66','/home/ruth/app/.git/lanekeeper/logs/gate/1796106236143-0a10a18-cold.log','gate: make test exited 2',1796106236048,1796106236168,3,'feature',0,'failed');
INSERT INTO landings VALUES(4,'3','stopped','fd4f55ae236c1b3d338cdba374460cdb23d722c9','4a582473453f73802357ba00f794dabaf83a73ec','4a582473453f73802357ba00f794dabaf83a73ec','a57edf11207f678da54192d226487c73cc40edc7','89411d4a69e443de904dcf16852700516bed603a','/home/ruth/app/.git/lanekeeper/logs/gate/1796106236360-89411d4-cold.log','gate: make test exited 2',1796106236303,1796106236379,4,'feature',0,'failed');
INSERT INTO landings VALUES(5,'3','stopped','df3c4597641afb007e95ae8c92e3a83ef8b5e4e7','4a582473453f73802357ba00f794dabaf83a73ec','4a582473453f73802357ba00f794dabaf83a73ec','08de5f5e49d082ea4464a3030dde301907e3a424','48ee10fedf1da2e2e49230f5f968b907c2205378','/home/ruth/app/.git/lanekeeper/logs/gate/1796106236644-48ee10f-cold.log','gate: make test exited 2',1796106236572,1796106236669,5,'feature',0,'failed');
INSERT INTO landings VALUES(6,'4','done','bcbf50170d0847dab07b6aeb38371aec798d0570','4a582473453f73802357ba00f794dabaf83a73ec','4a582473453f73802357ba00f794dabaf83a73ec','b28b9108904b8cab10f8fff9981dd5fce27ac302','913700874856c7a92a32dfd73b5ee2c519efd4f3','/home/ruth/app/.git/lanekeeper/logs/gate/1796106237627-9137008.log',NULL,1796106237608,1796106237744,6,'feature',0,'passed');
INSERT INTO landings VALUES(7,'17','done','bd4af770baf0932b2a463fbfb1a2ea60c18ae053','b28b9108904b8cab10f8fff9981dd5fce27ac302','b28b9108904b8cab10f8fff9981dd5fce27ac302','01cef1c1421b05d4544592b305efd57eec7893fa','f263680ac8adba882e3cf32203df9d8ef5b93dff','/home/ruth/app/.git/lanekeeper/logs/gate/1796106243011-f263680.log',NULL,1796106243000,1796106243108,7,'feature',0,'passed');
INSERT INTO landings VALUES(8,'18','done','f94c5ff2023354ed44b2549b47ce8e5a4d0da137','01cef1c1421b05d4544592b305efd57eec7893fa','01cef1c1421b05d4544592b305efd57eec7893fa','cf501482d32ddf80779358125948790ab7034940','1e0f76eb91d0803c22088f93a555d7024e3221ee','/home/ruth/app/.git/lanekeeper/logs/gate/1796106245198-1e0f76e.log',NULL,1796106245157,1796106245292,8,'feature',0,'passed');
INSERT INTO landings VALUES(9,'2','done','4a582473453f73802357ba00f794dabaf83a73ec','1ac6c8d06bcb2bc82be3459cc8b9db8966504592','cf501482d32ddf80779358125948790ab7034940','762280df7c8615d3d2f1c328ffc2cbb14c0c5a8a','2d85dc279c0c08b1083aa408a77c735bd668732d','/home/ruth/app/.git/lanekeeper/logs/gate/1796106245704-2d85dc2.log',NULL,1796106245661,1796106245784,9,'undo',0,NULL);
INSERT INTO landings VALUES(10,'20','done','344e01e44e7d03fc23b667aefcbfb4ef7a19f721','762280df7c8615d3d2f1c328ffc2cbb14c0c5a8a','762280df7c8615d3d2f1c328ffc2cbb14c0c5a8a','c7cae67bf028464b0b6f58cd852f61f2a89c826b','038fed4076a3727886ad5835e3ceba319398841a','/home/ruth/app/.git/lanekeeper/logs/gate/1796106246829-038fed4.log',NULL,1796106246775,1796106246924,10,'feature',0,'passed');
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
INSERT INTO gate_results VALUES('038fed4076a3727886ad5835e3ceba319398841a','make test','',1,'exited 0',0.030999999999999999777,'/home/ruth/app/.git/lanekeeper/logs/gate/1796106246829-038fed4.log',1796106246868,1,0,0);
INSERT INTO gate_results VALUES('0a10a180bebf5dfa6bdbc5eacae2681664db0b66','make test','',0,'exited 2',0.021999999999999998723,'/home/ruth/app/.git/lanekeeper/logs/gate/1796106236143-0a10a18-cold.log',1796106236167,1,2,0);
INSERT INTO gate_results VALUES('1e0f76eb91d0803c22088f93a555d7024e3221ee','make test','',1,'exited 0',0.022999999999999999611,'/home/ruth/app/.git/lanekeeper/logs/gate/1796106245198-1e0f76e.log',1796106245225,1,0,0);
INSERT INTO gate_results VALUES('2d85dc279c0c08b1083aa408a77c735bd668732d','make test','',1,'exited 0',0.029999999999999998889,'/home/ruth/app/.git/lanekeeper/logs/gate/1796106245704-2d85dc2.log',1796106245750,1,0,0);
INSERT INTO gate_results VALUES('48ee10fedf1da2e2e49230f5f968b907c2205378','make test','',0,'exited 2',0.020000000000000000416,'/home/ruth/app/.git/lanekeeper/logs/gate/1796106236644-48ee10f-cold.log',1796106236668,1,2,0);
INSERT INTO gate_results VALUES('89411d4a69e443de904dcf16852700516bed603a','make test','',0,'exited 2',0.016000000000000000333,'/home/ruth/app/.git/lanekeeper/logs/gate/1796106236360-89411d4-cold.log',1796106236378,1,2,0);
INSERT INTO gate_results VALUES('913700874856c7a92a32dfd73b5ee2c519efd4f3','make test','',1,'exited 0',0.04100000000000000172,'/home/ruth/app/.git/lanekeeper/logs/gate/1796106237627-9137008.log',1796106237670,1,0,0);
INSERT INTO gate_results VALUES('a209dba7d50573043081d7cf96412ead6d99fa60','make test','',1,'exited 0',0.0060000000000000001249,'/home/ruth/app/.git/lanekeeper/logs/gate/1796106235437-a209dba.log',1796106235445,1,0,0);
INSERT INTO gate_results VALUES('d2a7b3aafd7b80b033e3a1edb22f76a5a5212ebf','make test','',1,'exited 0',0.028000000000000000582,'/home/ruth/app/.git/lanekeeper/logs/gate/1796106234892-d2a7b3a.log',1796106234923,1,0,0);
INSERT INTO gate_results VALUES('f263680ac8adba882e3cf32203df9d8ef5b93dff','make test','',1,'exited 0',0.025000000000000001387,'/home/ruth/app/.git/lanekeeper/logs/gate/1796106243011-f263680.log',1796106243042,1,0,0);
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
INSERT INTO sessions VALUES('helper',1796106253025,1796107153058);
CREATE TABLE agent_reports(feature TEXT NOT NULL, number INTEGER NOT NULL, agent TEXT NOT NULL,
  session TEXT, model TEXT, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL, cost_usd REAL, edits TEXT NOT NULL, limit_kind TEXT,
  error_key TEXT, work_key TEXT, PRIMARY KEY(feature, number)) WITHOUT ROWID;
INSERT INTO agent_reports VALUES('1',1,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'d2a7b3aafd7b80b033e3a1edb22f76a5a5212ebf');
INSERT INTO agent_reports VALUES('10',1,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'53690b629a2fdfd5fb7078c6e7db0bc39018cbf9');
INSERT INTO agent_reports VALUES('11',1,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'5d8bcd4ccc055b8a015234159bddf2c51ab7462d');
INSERT INTO agent_reports VALUES('12',1,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'e4443c76e705e07da09ece613a3bfc6202067eaa');
INSERT INTO agent_reports VALUES('14',1,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,NULL);
INSERT INTO agent_reports VALUES('16',1,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'94f723a69033c0f59874deef7de9e763fc84e4cc');
INSERT INTO agent_reports VALUES('17',1,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'14a4f1ac9aaf72f17e2d226a60b3be0fb714c67a');
INSERT INTO agent_reports VALUES('17',2,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'f263680ac8adba882e3cf32203df9d8ef5b93dff');
INSERT INTO agent_reports VALUES('18',1,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'1e0f76eb91d0803c22088f93a555d7024e3221ee');
INSERT INTO agent_reports VALUES('2',1,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'a209dba7d50573043081d7cf96412ead6d99fa60');
INSERT INTO agent_reports VALUES('20',1,'paid',NULL,NULL,0,0,0,2.0,'[]',NULL,NULL,'038fed4076a3727886ad5835e3ceba319398841a');
INSERT INTO agent_reports VALUES('3',1,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'0a10a180bebf5dfa6bdbc5eacae2681664db0b66');
INSERT INTO agent_reports VALUES('3',2,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'89411d4a69e443de904dcf16852700516bed603a');
INSERT INTO agent_reports VALUES('3',3,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'48ee10fedf1da2e2e49230f5f968b907c2205378');
INSERT INTO agent_reports VALUES('4',1,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'913700874856c7a92a32dfd73b5ee2c519efd4f3');
INSERT INTO agent_reports VALUES('7',1,'paid',NULL,NULL,0,0,0,NULL,'["seven.txt"]','usage',NULL,NULL);
INSERT INTO agent_reports VALUES('8',1,'guest',NULL,NULL,0,0,0,NULL,'[]','login',NULL,NULL);
INSERT INTO agent_reports VALUES('9',1,'command',NULL,NULL,0,0,0,NULL,'[]',NULL,NULL,'6f71c3dbf20e8fbb8a4aed9446aa7381cb1f5c65');
CREATE TABLE agent_pauses(agent TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL, until INTEGER,
  count INTEGER NOT NULL, detail TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO agent_pauses VALUES('guest','login',NULL,1,'exit status 41');
INSERT INTO agent_pauses VALUES('paid','usage',1796106268170,1,'usage limit reached');
CREATE TABLE cost_reservations(feature TEXT PRIMARY KEY NOT NULL, participant TEXT NOT NULL,
  usd REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE target_moves(seq INTEGER PRIMARY KEY, old BLOB, new BLOB, at INTEGER NOT NULL,
  by TEXT NOT NULL);
INSERT INTO target_moves VALUES(1,X'4b8e3496f460bbc8def14d7bd66d04c702f439ba',X'1ac6c8d06bcb2bc82be3459cc8b9db8966504592',1796106234942,'landing');
INSERT INTO target_moves VALUES(2,X'1ac6c8d06bcb2bc82be3459cc8b9db8966504592',X'4a582473453f73802357ba00f794dabaf83a73ec',1796106235460,'landing');
INSERT INTO target_moves VALUES(3,X'4a582473453f73802357ba00f794dabaf83a73ec',X'b28b9108904b8cab10f8fff9981dd5fce27ac302',1796106237716,'landing');
INSERT INTO target_moves VALUES(4,X'b28b9108904b8cab10f8fff9981dd5fce27ac302',X'01cef1c1421b05d4544592b305efd57eec7893fa',1796106243080,'landing');
INSERT INTO target_moves VALUES(5,X'01cef1c1421b05d4544592b305efd57eec7893fa',X'cf501482d32ddf80779358125948790ab7034940',1796106245288,'landing');
INSERT INTO target_moves VALUES(6,X'cf501482d32ddf80779358125948790ab7034940',X'762280df7c8615d3d2f1c328ffc2cbb14c0c5a8a',1796106245762,'landing');
INSERT INTO target_moves VALUES(7,X'762280df7c8615d3d2f1c328ffc2cbb14c0c5a8a',X'c7cae67bf028464b0b6f58cd852f61f2a89c826b',1796106246905,'landing');
CREATE TABLE reviews(id INTEGER PRIMARY KEY AUTOINCREMENT, feature TEXT NOT NULL,
  attempt INTEGER NOT NULL, verdict TEXT NOT NULL, tip TEXT NOT NULL, base TEXT NOT NULL,
  digest TEXT NOT NULL, person TEXT NOT NULL, text TEXT NOT NULL, comments TEXT NOT NULL,
  withdrawn INTEGER NOT NULL DEFAULT 0, at INTEGER NOT NULL);
INSERT INTO reviews VALUES(1,'4',1,'approved','bcbf50170d0847dab07b6aeb38371aec798d0570','4a582473453f73802357ba00f794dabaf83a73ec','149bfef5a3b6ae4e7e1f842ca5e645cc54d09b46','Ruth <ruth@example.org>','','[]',0,1796106237429);
INSERT INTO reviews VALUES(2,'10',1,'changes_requested','527e64119511ad39c36daefde448f1f6115f3c66','b28b9108904b8cab10f8fff9981dd5fce27ac302','abe7c26c317a92d906142069d6ab25d4e3cf44d6','Ruth <ruth@example.org>','say why','[]',0,1796106246173);
CREATE TABLE review_looks(feature TEXT NOT NULL, person TEXT NOT NULL, tip TEXT NOT NULL,
  base TEXT NOT NULL, digest TEXT NOT NULL, at INTEGER NOT NULL,
  PRIMARY KEY(feature, person)) WITHOUT ROWID;
INSERT INTO review_looks VALUES('4','Ruth <ruth@example.org>','bcbf50170d0847dab07b6aeb38371aec798d0570','4a582473453f73802357ba00f794dabaf83a73ec','149bfef5a3b6ae4e7e1f842ca5e645cc54d09b46',1796106237429);
CREATE TABLE attempt_starts(feature TEXT NOT NULL, number INTEGER NOT NULL, tip TEXT NOT NULL,
  PRIMARY KEY(feature, number)) WITHOUT ROWID;
INSERT INTO attempt_starts VALUES('1',1,'4b8e3496f460bbc8def14d7bd66d04c702f439ba');
INSERT INTO attempt_starts VALUES('10',1,'b28b9108904b8cab10f8fff9981dd5fce27ac302');
INSERT INTO attempt_starts VALUES('11',1,'b28b9108904b8cab10f8fff9981dd5fce27ac302');
INSERT INTO attempt_starts VALUES('12',1,'b28b9108904b8cab10f8fff9981dd5fce27ac302');
INSERT INTO attempt_starts VALUES('14',1,'c7cae67bf028464b0b6f58cd852f61f2a89c826b');
INSERT INTO attempt_starts VALUES('16',1,'b28b9108904b8cab10f8fff9981dd5fce27ac302');
INSERT INTO attempt_starts VALUES('17',1,'b28b9108904b8cab10f8fff9981dd5fce27ac302');
INSERT INTO attempt_starts VALUES('17',2,'0e3265a5f95abf476e589445f817c12e411c8b01');
INSERT INTO attempt_starts VALUES('18',1,'01cef1c1421b05d4544592b305efd57eec7893fa');
INSERT INTO attempt_starts VALUES('2',1,'1ac6c8d06bcb2bc82be3459cc8b9db8966504592');
INSERT INTO attempt_starts VALUES('20',1,'762280df7c8615d3d2f1c328ffc2cbb14c0c5a8a');
INSERT INTO attempt_starts VALUES('3',1,'4a582473453f73802357ba00f794dabaf83a73ec');
INSERT INTO attempt_starts VALUES('3',2,'72f2e834523ce441fd9177acf93810368d63152a');
INSERT INTO attempt_starts VALUES('3',3,'fd4f55ae236c1b3d338cdba374460cdb23d722c9');
INSERT INTO attempt_starts VALUES('4',1,'4a582473453f73802357ba00f794dabaf83a73ec');
INSERT INTO attempt_starts VALUES('7',1,'c7cae67bf028464b0b6f58cd852f61f2a89c826b');
INSERT INTO attempt_starts VALUES('8',1,'c7cae67bf028464b0b6f58cd852f61f2a89c826b');
INSERT INTO attempt_starts VALUES('9',1,'b28b9108904b8cab10f8fff9981dd5fce27ac302');
CREATE TABLE stacks(feature TEXT PRIMARY KEY NOT NULL, onto TEXT NOT NULL,
  branch TEXT NOT NULL, landed INTEGER NOT NULL DEFAULT 0, moved_tip TEXT, moved_onto TEXT)
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS "yields"(feature TEXT NOT NULL, other TEXT NOT NULL, at INTEGER NOT NULL,
  to_younger INTEGER NOT NULL, PRIMARY KEY(feature, other, at)) WITHOUT ROWID;
CREATE TABLE slots(name TEXT PRIMARY KEY NOT NULL, capacity INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO slots VALUES('browser',1);
CREATE TABLE slot_holds(name TEXT NOT NULL, number INTEGER NOT NULL CHECK(number > 0),
  feature TEXT, attempt INTEGER, room TEXT, since INTEGER NOT NULL,
  PRIMARY KEY(name, number)) WITHOUT ROWID;
INSERT INTO slot_holds VALUES('browser',1,'14',1,NULL,1796106253467);
CREATE TABLE slot_waits(room TEXT PRIMARY KEY NOT NULL, names TEXT NOT NULL,
  seen INTEGER NOT NULL) WITHOUT ROWID;
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
