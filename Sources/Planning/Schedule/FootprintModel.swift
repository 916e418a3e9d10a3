import Foundation

/// Foretells which files a feature will touch, from the repository's history.
///
/// Grows by one change at a time, so that it can be measured on a history without looking ahead.
package struct FootprintModel: Sendable {
  private struct Change: Sendable {
    var files: [Int]
    var length: Double
  }

  private struct File: Sendable {
    var path: String
    var isPresent = true
    /// The changes that touched it, oldest first.
    var changes: [Int] = []
    /// The number of its changes, the last ones weighing most.
    var heat = 0.0
    var heatAt = 0
    var symbols: [String] = []
    /// The words of its path, the last component's first.
    var names: [Int] = []
    /// The words of all changes that touched it, with how often.
    var words: [Int: Double] = [:]
  }

  private var wordNumbers: [String: Int] = [:]
  private var wordChanges: [[(change: Int, times: Double)]] = []
  private var wordPaths: [Int] = []
  private var changes: [Change] = []
  private var files: [File] = []
  private var fileNumbers: [String: Int] = [:]
  private var symbolFiles: [String: Set<Int>] = [:]
  private var baseNames: [String: Set<Int>] = [:]
  private var presentCount = 0

  /// After so many changes a change counts half.
  private static let halfLife = 60.0

  package init() {}

  package init(_ history: [HistoryChange]) {
    for change in history { add(change) }
  }

  /// The number of known changes.
  package var changeCount: Int { changes.count }

  // MARK: learning

  /// Learns from the next change.
  package mutating func add(_ change: HistoryChange) {
    let number = changes.count
    var counts: [Int: Double] = [:]
    for word in FeatureWords.words(change.text) { counts[self.word(word), default: 0] += 1 }
    var touched: [Int] = []
    for item in change.files {
      let file = self.file(item.path)
      if files[file].isPresent != item.isPresent {
        files[file].isPresent = item.isPresent
        presentCount += item.isPresent ? 1 : -1
      }
      if !item.isPresent {
        setSymbols(file, [])
      } else if let symbols = item.symbols {
        setSymbols(file, symbols)
      }
      touched.append(file)
    }
    // A change of very many files, such as a reformatting, tells nothing of where words lead.
    guard touched.count <= 40 else { return }
    for (word, times) in counts { wordChanges[word].append((number, 1 + log(times))) }
    let length = counts.reduce(0.0) { sum, item in
      let weight = (1 + log(item.value)) * rarity(item.key)
      return sum + weight * weight
    }
    changes.append(Change(files: touched, length: max(length, 1e-9).squareRoot()))
    for file in touched {
      files[file].changes.append(number)
      files[file].heat = heat(file) + 1
      files[file].heatAt = number
      for (word, times) in counts { files[file].words[word, default: 0] += times }
    }
  }

  /// Makes a file known that no change of the history touched.
  package mutating func add(path: String, symbols: [String]? = nil) {
    let file = self.file(path)
    if !files[file].isPresent {
      files[file].isPresent = true
      presentCount += 1
    }
    if let symbols { setSymbols(file, symbols) }
  }

  private mutating func word(_ text: String) -> Int {
    if let number = wordNumbers[text] { return number }
    let number = wordChanges.count
    wordNumbers[text] = number
    wordChanges.append([])
    wordPaths.append(0)
    return number
  }

  private mutating func file(_ path: String) -> Int {
    if let number = fileNumbers[path] { return number }
    let number = files.count
    fileNumbers[path] = number
    var file = File(path: path)
    var seen: Set<Int> = []
    for part in path.split(separator: "/").reversed() {
      for text in FeatureWords.expand(String(part)) {
        let word = self.word(text)
        if seen.insert(word).inserted {
          file.names.append(word)
          wordPaths[word] += 1
        }
      }
    }
    files.append(file)
    presentCount += 1
    for name in Self.names(of: path) { baseNames[name, default: []].insert(number) }
    return number
  }

  /// The ways in which people name a file: with and without its ending.
  private static func names(of path: String) -> [String] {
    let base = path.split(separator: "/").last.map(String.init) ?? path
    let stem = base.split(separator: ".").first.map(String.init) ?? base
    return Set([path, base, stem].map { $0.lowercased() }).filter { $0.utf8.count > 2 }.sorted()
  }

  private mutating func setSymbols(_ file: Int, _ symbols: [String]) {
    for symbol in files[file].symbols { symbolFiles[symbol]?.remove(file) }
    files[file].symbols = symbols
    for symbol in symbols { symbolFiles[symbol, default: []].insert(file) }
  }

  private func rarity(_ word: Int) -> Double {
    log(1 + Double(changes.count + 1) / Double(wordChanges[word].count + 1))
  }

  private func heat(_ file: Int) -> Double {
    files[file].heat * exp2(-Double(changes.count - files[file].heatAt) / Self.halfLife)
  }

  // MARK: foretelling

  /// The evidence for a file, each from 0 to 1 or a logarithm.
  package struct Evidence: Sendable, Equatable {
    package static let names = [
      "alike", "recent", "often", "words", "path", "named", "symbol", "together", "last",
    ]
    package var values = Array(repeating: 0.0, count: 9)

    /// The share of the likeness to past changes that touched the file.
    package var alike: Double { values[0] }
    package var path: Double { values[4] }
    package var named: Double { values[5] }
    package var symbol: Double { values[6] }
    package var together: Double { values[7] }
  }

  package struct Candidate: Sendable {
    package var path: String
    package var evidence: Evidence
    /// From 0 to 1.
    package var likelihood: Double
    /// The evidence, as text for people.
    package var reason: String
  }

  /// Returns the files that a feature is likely to touch, the likeliest first.
  package func candidates(_ text: String, limit: Int = 10) -> [Candidate] {
    let found = evidence(text)
    let scored = found.map { file, item in
      (file: file, item: item, score: FootprintWeights.score(item.evidence))
    }.sorted { ($1.score, files[$0.file].path) < ($0.score, files[$1.file].path) }
    return scored.prefix(limit).map { file, item, score in
      Candidate(
        path: files[file].path, evidence: item.evidence, likelihood: 1 / (1 + exp(-score)),
        reason: reason(file, item))
    }
  }

  /// Returns the evidence for every file that has some, for measuring and fitting.
  package func allEvidence(_ text: String) -> [(path: String, evidence: Evidence)] {
    evidence(text).map { (files[$0.key].path, $0.value.evidence) }
  }

  private struct Found {
    var evidence = Evidence()
    var symbolName: String?
    var likeChange: Int?
    var likeness = 0.0
    var partner: Int?
  }

  private func evidence(_ text: String) -> [Int: Found] {
    guard presentCount > 0 else { return [:] }
    var found: [Int: Found] = [:]
    let tokens = FeatureWords.tokens(text)
    var counts: [Int: Double] = [:]
    for token in tokens {
      for word in FeatureWords.expand(token) {
        if let number = wordNumbers[word] { counts[number, default: 0] += 1 }
      }
    }
    var query: [(word: Int, weight: Double)] = []
    for (word, times) in counts { query.append((word, (1 + log(times)) * rarity(word))) }
    query.sort { $0.word < $1.word }
    let length = max(1e-9, query.reduce(0) { $0 + $1.weight * $1.weight }.squareRoot())

    // Changes whose texts are alike.
    var products: [Int: Double] = [:]
    for (word, weight) in query {
      let rare = rarity(word)
      for (change, times) in wordChanges[word] {
        products[change, default: 0] += weight * times * rare
      }
    }
    var alike = products.map { change, product -> (change: Int, likeness: Double) in
      let cosine = product / (length * changes[change].length)
      let age = Double(self.changes.count - change)
      return (change, cosine * (0.3 + 0.7 * exp2(-age / 400)))
    }
    alike.sort { ($1.likeness, $1.change) < ($0.likeness, $0.change) }
    alike = Array(alike.prefix(40))
    var total = 0.15
    for (change, likeness) in alike {
      let weight = likeness * likeness
      total += weight
      for file in self.changes[change].files where files[file].isPresent {
        var item = found[file] ?? Found()
        item.evidence.values[0] += weight / Double(self.changes[change].files.count).squareRoot()
        if likeness > item.likeness {
          item.likeness = likeness
          item.likeChange = change
        }
        found[file] = item
      }
    }
    for file in found.keys { found[file]?.evidence.values[0] /= total }

    // Names in the text.
    for token in Set(tokens) {
      let lower = token.lowercased()
      for name in [lower, lower.split(separator: "/").last.map(String.init) ?? lower] {
        for file in baseNames[name] ?? [] where files[file].isPresent {
          let isWhole = lower == files[file].path.lowercased()
          let isFile = name.contains(".") || isWhole
          let share = (isFile ? 1 : 0.4) / Double(baseNames[name]!.count)
          var item = found[file] ?? Found()
          item.evidence.values[5] = max(item.evidence.values[5], isWhole ? 1 : share)
          found[file] = item
        }
      }
      if token.utf8.count >= 4, let definers = symbolFiles[token] {
        let strength = (isCompound(token) ? 1 : 0.5) / Double(definers.count)
        for file in definers where files[file].isPresent {
          var item = found[file] ?? Found()
          if strength > item.evidence.values[6] {
            item.evidence.values[6] = strength
            item.symbolName = token
          }
          found[file] = item
        }
      }
    }
    // Files that change often are always possible.
    let hottest = files.indices.filter { files[$0].isPresent && !files[$0].changes.isEmpty }
      .map { ($0, heat($0)) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(30)
    for (file, _) in hottest where found[file] == nil { found[file] = Found() }
    // Words of paths.
    if files.count <= 20_000 {
      for file in files.indices where files[file].isPresent {
        let share = pathShare(file, counts)
        if share > 0.2 || found[file] != nil {
          var item = found[file] ?? Found()
          item.evidence.values[4] = share
          found[file] = item
        }
      }
    }
    for file in found.keys {
      let own = files[file]
      found[file]?.evidence.values[1] = log(0.02 + heat(file) / (1.443 * Self.halfLife))
      found[file]?.evidence.values[2] =
        log(0.005 + Double(own.changes.count) / Double(max(1, changes.count)))
      found[file]?.evidence.values[3] = wordLikeness(file, query, length)
      found[file]?.evidence.values[8] =
        own.changes.last.map { 1 / (1 + Double(changes.count - 1 - $0) / 5) } ?? 0
    }
    addTogether(&found)
    return found
  }

  private func isCompound(_ token: String) -> Bool {
    token.contains("_") || token.dropFirst().contains { $0.isUppercase }
  }

  private func pathShare(_ file: Int, _ counts: [Int: Double]) -> Double {
    var hit = 0.0
    var all = 0.0
    let count = Double(files.count)
    for (place, word) in files[file].names.enumerated() {
      let weight = log(1 + count / Double(wordPaths[word] + 1)) / Double(1 + place)
      all += weight
      if counts[word] != nil { hit += weight }
    }
    return all > 0 ? hit / all : 0
  }

  private func wordLikeness(
    _ file: Int, _ query: [(word: Int, weight: Double)], _ length: Double
  ) -> Double {
    let words = files[file].words
    guard !words.isEmpty else { return 0 }
    var product = 0.0
    for (word, weight) in query {
      if let times = words[word] { product += weight * (1 + log(times)) * rarity(word) }
    }
    guard product > 0 else { return 0 }
    // Long histories hold nearly every word; the square root of their size evens that out.
    return product / (length * Double(words.count).squareRoot() * 4)
  }

  /// Files that changed together with the likeliest ones.
  private func addTogether(_ found: inout [Int: Found]) {
    let first = found.map { ($0.key, FootprintWeights.score($0.value.evidence)) }
      .sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(5)
    for (file, score) in first {
      let likelihood = 1 / (1 + exp(-score))
      var together: [Int: Double] = [:]
      var total = 2.0
      for change in files[file].changes.suffix(200) {
        let weight = exp2(-Double(changes.count - change) / 300)
        total += weight
        for other in changes[change].files where other != file && files[other].isPresent {
          together[other, default: 0] += weight
        }
      }
      for (other, weight) in together {
        let value = likelihood * weight / total
        guard value > 0.02 else { continue }
        var item = found[other] ?? Found()
        if value > item.evidence.values[7] {
          item.evidence.values[7] = value
          item.partner = file
        }
        if found[other] == nil {
          item.evidence.values[1] = log(0.02 + heat(other) / (1.443 * Self.halfLife))
          item.evidence.values[2] =
            log(0.005 + Double(files[other].changes.count) / Double(max(1, changes.count)))
        }
        found[other] = item
      }
    }
  }

  private func reason(_ file: Int, _ item: Found) -> String {
    if item.evidence.named >= 0.4 { return "the text names it" }
    if let symbol = item.symbolName, item.evidence.symbol >= 0.3 { return "it defines `\(symbol)`" }
    if item.evidence.path > 0.5 { return "its path has the text's words" }
    if item.evidence.alike > 0.15 { return "changes with such words touched it" }
    if let partner = item.partner, item.evidence.together > 0.15 {
      return "it changes together with \(files[partner].path)"
    }
    return "it changes often"
  }

  // MARK: baselines

  /// Returns the files that changed most often, the plainest guess there is.
  package func mostChanged(limit: Int) -> [String] {
    files.indices.filter { files[$0].isPresent }
      .sorted { (files[$1].changes.count, $0) < (files[$0].changes.count, $1) }
      .prefix(limit).map { files[$0].path }
  }

  /// Returns the files whose past texts are most like this one: the cosine of TF-IDF vectors, each
  /// file being the document of all texts of its changes.
  package func wordsOnly(_ text: String, limit: Int) -> [String] {
    let present = files.indices.filter { files[$0].isPresent && !files[$0].words.isEmpty }
    var documents: [Int: Int] = [:]
    for file in present { for word in files[file].words.keys { documents[word, default: 0] += 1 } }
    func weight(_ word: Int, _ times: Double) -> Double {
      times * (log(Double(1 + present.count) / Double(1 + (documents[word] ?? 0))) + 1)
    }
    var counts: [Int: Double] = [:]
    for word in FeatureWords.words(text) {
      if let number = wordNumbers[word] { counts[number, default: 0] += 1 }
    }
    let scored = present.map { file -> (file: Int, score: Double) in
      var product = 0.0
      var length = 0.0
      for (word, times) in files[file].words {
        let own = weight(word, times)
        length += own * own
        if let other = counts[word] { product += own * weight(word, other) }
      }
      return (file, length > 0 ? product / length.squareRoot() : 0)
    }
    return scored.sorted { ($1.score, files[$0.file].path) < ($0.score, files[$1.file].path) }
      .prefix(limit).map { files[$0.file].path }
  }
}

/// The weight of each kind of evidence: a logistic regression over three public histories.
enum FootprintWeights {
  static let bias = -3.41
  static let weights = [6.3, 0.53, 0.02, 3.56, 2.15, 2.0, 1.83, 0.0, 1.99]

  static func score(_ evidence: FootprintModel.Evidence) -> Double {
    zip(weights, evidence.values).reduce(bias) { $0 + $1.0 * $1.1 }
  }
}
