import Foundation

/// The words of a backlog: how telling each is, and which features hold it.
struct TermIndex {
  /// A word of one feature.
  struct Entry {
    let word: Int32
    /// The share of the feature's whole that the word makes up, as a unit vector.
    let unit: Double
    /// The weighted count.
    let value: Double
    let isInTitle: Bool
    /// The feature's share among all that speak of the word, titles first.
    let made: Double
  }

  struct Holder {
    let feature: Int32
    let unit: Double
    let value: Double
    let isInTitle: Bool
    let made: Double
  }

  /// By feature, then word.
  private(set) var entries: [[Entry]] = []
  /// By word, then feature.
  private(set) var holders: [[Holder]] = []
  /// The weight of a word: rare in this backlog, and rare in others.
  private(set) var weights: [Double] = []
  /// By feature, the weights of its title's words and of all its words.
  private(set) var titleSums: [Double] = []
  private(set) var usedSums: [Double] = []
  private(set) var numbers: [String: Int32]
  /// By word, how much all features speak of it.
  private var madeSums: [Double]

  init(_ texts: [FeatureText], common: [String: Double]) {
    var numbers: [String: Int32] = [:]
    var stems: [String] = []
    var found: [[(word: Int32, title: Int, body: Int)]] = []
    for text in texts {
      var words: [(word: Int32, title: Int, body: Int)] = []
      func number(_ stem: String) -> Int32 {
        if let known = numbers[stem] { return known }
        let new = Int32(stems.count)
        numbers[stem] = new
        stems.append(stem)
        return new
      }
      for (stem, count) in text.title {
        words.append((number(stem), count, text.body[stem] ?? 0))
      }
      for (stem, count) in text.body where text.title[stem] == nil {
        words.append((number(stem), 0, count))
      }
      // Sums must not depend on the order of a dictionary.
      found.append(words.sorted { stems[Int($0.word)] < stems[Int($1.word)] })
    }
    let count = Double(texts.count)
    var frequency = Array(repeating: 0.0, count: stems.count)
    var madeSums = Array(repeating: 0.0, count: stems.count)
    for words in found {
      for word in words {
        frequency[Int(word.word)] += 1
        madeSums[Int(word.word)] += Self.made(word)
      }
    }
    weights = stems.indices.map {
      Self.weight(stems[$0], frequency: frequency[$0], count: count, common)
    }
    self.numbers = numbers
    self.madeSums = madeSums
    holders = Array(repeating: [], count: stems.count)
    for words in found { take(words) }
  }

  private static func weight(
    _ stem: String, frequency: Double, count: Double, _ common: [String: Double]
  ) -> Double {
    let here = max(log((count + 1) / (frequency + 0.5)), 0.05)
    let elsewhere = log(1 / ((common[stem] ?? 0) + 0.04)) / log(25)
    return here * max(elsewhere, 0.02)
  }

  private static func made(_ word: (word: Int32, title: Int, body: Int)) -> Double {
    (word.title > 0 ? 3 : 0) + Double(min(word.body, 3)) / 3
  }

  /// Takes the words of the next feature.
  private mutating func take(_ words: [(word: Int32, title: Int, body: Int)]) {
    let feature = entries.count
    let values = words.map {
      log1p(Double(3 * $0.title + $0.body)) * weights[Int($0.word)]
    }
    let norm = max(values.reduce(0) { $0 + $1 * $1 }.squareRoot(), 1e-9)
    var entries: [Entry] = []
    var titleSum = 0.0
    var usedSum = 0.0
    for (word, value) in zip(words, values) {
      let index = Int(word.word)
      let entry = Entry(
        word: word.word, unit: value / norm, value: value, isInTitle: word.title > 0,
        made: Self.made(word) / max(madeSums[index], 1e-9))
      entries.append(entry)
      holders[index].append(
        Holder(
          feature: Int32(feature), unit: entry.unit, value: value, isInTitle: entry.isInTitle,
          made: entry.made))
      usedSum += weights[index]
      if word.title > 0 { titleSum += weights[index] }
    }
    self.entries.append(entries)
    titleSums.append(max(titleSum, 1e-6))
    usedSums.append(max(usedSum, 1e-6))
  }
}
