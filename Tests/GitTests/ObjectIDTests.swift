import Foundation
import TestSupport
import Testing

@testable import Git

@Suite(.bounded) struct ObjectIDTests {
  @Test func readsAndWritesHexadecimalDigits() throws {
    let hex = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    let id = try #require(ObjectID(hex: hex))
    #expect(id.hex == hex)
    #expect(id.short == "4b825dc")
    #expect(id.bytes.first == 0x4b)
    #expect(ObjectID(hex: hex.uppercased()) == id)
    #expect(ObjectID(bytes: id.bytes) == id)
  }

  @Test(arguments: [
    "", "4b825dc", "4b825dc642cb6eb9a060e54bf8d69288fbee490g",
    "4b825dc642cb6eb9a060e54bf8d69288fbee49040", "4b825dc642cb6eb9a060e54bf8d69288fbee490400",
  ])
  func refusesWhatIsNoID(_ text: String) { #expect(ObjectID(hex: text) == nil) }

  @Test func sortsByBytesAndSurvivesJSON() throws {
    let one = ObjectID(bytes: [UInt8](repeating: 1, count: 20))
    #expect(ObjectID.zero < one)
    let data = try JSONEncoder().encode([one, .zero])
    #expect(try JSONDecoder().decode([ObjectID].self, from: data) == [one, .zero])
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([ObjectID].self, from: Data("[\"x\"]".utf8))
    }
  }
}
