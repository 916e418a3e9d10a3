/// The ports that a lane's programs may listen on.
enum LanePorts {
  /// Below those that systems give out by themselves: Linux begins at 32,768.
  private static let all = 20_000..<32_760
  private static let perLane = 10

  /// Ten ports that are the same each time for a lane of a repository.
  ///
  /// Lanes of one repository never share any, up to 1,276 of them. Those of two repositories begin at different
  /// places, by a hash of where the repositories are, so that they rarely do.
  static func of(lane: Int, repository: String) -> ClosedRange<Int> {
    // FNV-1a: the same in every process, which Swift's own hashes are not.
    let hash = repository.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) {
      ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3
    }
    let places = all.count / perLane
    let place = (Int(hash % UInt64(places)) + lane) % places
    let first = all.lowerBound + place * perLane
    return first...(first + perLane - 1)
  }
}
