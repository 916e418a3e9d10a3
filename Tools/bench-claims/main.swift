import Foundation
import Model
import Store

// bench-claims: claims per second at the store's own interface.
//
//   bench-claims files DIRECTORY ROUNDS COUNT    the store and SQLite itself in turns, JSON
//   bench-claims prepare FILE FEATURES           a state file with so many ready features
//   bench-claims features FILE WORKER            starts attempts until no feature is left; ids, one a line
//   bench-claims take FILE WORKER AT             takes features as a session from a time in milliseconds on;
//                                                when it began and ended, and ids
//   bench-claims fight FILE WORKER PATHS         claims so many paths, whoever is first; the paths it got

func milliseconds() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

func seconds(_ body: () throws -> Void) rethrows -> Double {
  let start = ContinuousClock.now
  try body()
  let elapsed = ContinuousClock.now - start
  return Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
}

func path(_ round: Int, _ number: Int) -> String { "src\(round)/file\(number).swift" }

func files(_ directory: String, rounds: Int, count: Int) throws {
  var ours: [Double] = []
  var raw: [Double] = []
  let policies = PathPolicies([])
  for round in 0..<rounds {
    // Each in a file of its own, so that both begin with an empty table; who begins, changes.
    func store() throws {
      let store = try Store(path: "\(directory)/ours-\(round).sqlite")
      let owner = ClaimOwner.feature("1")
      let requests = try (0..<count).map {
        [ClaimRequest(path: try ClaimPath(normalising: path(round, $0)), mode: .exclusive)]
      }
      ours.append(
        Double(count)
          / (try seconds {
            for request in requests {
              guard
                case .granted = try store.claim(
                  request, owner: owner, agent: nil, policies: policies)
              else { fatalError("refused") }
            }
          }))
      try store.close()
    }
    func sqlite() throws {
      let file = "\(directory)/raw-\(round).sqlite"
      try Store(path: file).close()
      let plain = RawClaims(file)
      let paths = (0..<count).map { path(round, $0) }
      raw.append(
        Double(count)
          / seconds { for path in paths { plain.claim(path, feature: "1", now: milliseconds()) } })
    }
    if round % 2 == 0 {
      try store()
      try sqlite()
    } else {
      try sqlite()
      try store()
    }
  }
  let data = try JSONSerialization.data(withJSONObject: ["ours": ours, "raw": raw])
  print(String(decoding: data, as: UTF8.self))
}

func prepare(_ file: String, features: Int) throws {
  let store = try Store(path: file)
  try store.takeOver(
    (1...features).map {
      Feature(id: "\($0)", title: "Feature \($0)", category: "backend")
    })
  try store.close()
}

func features(_ file: String, worker: String) throws {
  let store = try Store(path: file)
  var got: [String] = []
  while let next = try store.features(in: [.ready]).first {
    // As a run does: whoever is second is told so and looks again.
    let lane = try store.addLane { "lane-\($0)" }
    let start = try store.startAttempt(
      AttemptRequest(
        feature: next.id, participant: worker, lane: lane.number,
        branch: "refs/heads/lane/\(next.id)", tier: .haiku, modelName: "haiku", choice: "",
        mark: worker, claims: [], policies: PathPolicies([]))
    ) { String(repeating: "a", count: 40) }
    if case .started = start { got.append(next.id) }
  }
  print(got.joined(separator: "\n"))
}

func take(_ file: String, worker: String, at start: Int64) throws {
  let store = try Store(path: file)
  var got: [String] = []
  usleep(UInt32(max(0, start - milliseconds()) * 1000))
  let begin = Date().timeIntervalSince1970
  while true {
    let taken = try store.claimFeatures(
      1, agent: worker, policies: PathPolicies([]), requests: { _ in [] },
      base: { String(repeating: "a", count: 40) })
    guard let next = taken.first else { break }
    got.append(next.id)
  }
  print((["\(begin)", "\(Date().timeIntervalSince1970)"] + got).joined(separator: "\n"))
}

func fight(_ file: String, worker: String, paths: Int) throws {
  let store = try Store(path: file)
  let owner = ClaimOwner(kind: .session, id: worker)
  var got: [String] = []
  for number in 0..<paths {
    let request = ClaimRequest(
      path: try ClaimPath(normalising: "d\(number % 10)/f\(number)"), mode: .exclusive)
    if case .granted = try store.claim(
      [request], owner: owner, agent: worker, policies: PathPolicies([]),
      expiresAt: milliseconds() + 900_000)
    {
      got.append(request.path.description)
    }
  }
  print(got.joined(separator: "\n"))
}

let words = CommandLine.arguments
switch words.dropFirst().first {
case "files" where words.count == 5:
  try files(words[2], rounds: Int(words[3]) ?? 5, count: Int(words[4]) ?? 2000)
case "prepare" where words.count == 4: try prepare(words[2], features: Int(words[3]) ?? 500)
case "features" where words.count == 4: try features(words[2], worker: words[3])
case "take" where words.count == 5:
  try take(words[2], worker: words[3], at: Int64(words[4]) ?? 0)
case "fight" where words.count == 5:
  try fight(words[2], worker: words[3], paths: Int(words[4]) ?? 1000)
default:
  print("usage: bench-claims files|prepare|features|take|fight …")
  exit(64)
}
