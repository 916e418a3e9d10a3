import Foundation

/// Expected gate runs of n features that each fail with probability p, independently of one another,
/// where the whole chain of b is settled before the next one begins. Confirmations are not counted.
package enum GateFormula {
  /// One after the other: one run each.
  package static func serial(_ n: Int) -> Double { Double(n) }

  /// Chains of b, bisected; a half whose other half is green is not asked again.
  ///
  /// U(1) = 1, F(1) = 0, U(b) = 1 + (1 - q^b) F(b), and with h = floor(b / 2), r = b - h:
  /// F(b) = 1 + q^h (1 - q^r) / (1 - q^b) F(r) + (1 - q^h) / (1 - q^b) (F(h) + U(r)).
  package static func batch(_ n: Int, window b: Int, rate p: Double) -> Double {
    if p == 0 { return (Double(n) / Double(b)).rounded(.up) }
    let q = 1 - p
    var u = [0.0, 1.0]
    var f = [0.0, 0.0]
    if b > 1 {
      for size in 2...b {
        let (half, rest) = (size / 2, size - size / 2)
        let red = 1 - pow(q, Double(size))
        let early = 1 - pow(q, Double(half))
        let late = pow(q, Double(half)) * (1 - pow(q, Double(rest)))
        f.append(1 + late / red * f[rest] + early / red * (f[half] + u[rest]))
        u.append(1 + red * f[size])
      }
    }
    return Double(n) / Double(b) * u[b]
  }
}
