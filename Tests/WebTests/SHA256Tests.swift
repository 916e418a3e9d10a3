import TestSupport
import Testing

@testable import Web

@Suite(.bounded) struct SHA256Tests {
  @Test func givesTheDigestsOfTheStandard() {
    #expect(
      SHA256.hex([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(
      SHA256.hex(Array("abc".utf8))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      SHA256.hex(Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8))
        == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
  }

  /// The padding takes one block or two, by the length of the rest.
  @Test func agreesWithSha256sumAtEveryLengthOfTheLastBlock() throws {
    let place = try TemporaryDirectory()
    var digests: [String] = []
    for length in 0..<130 {
      let text = String((0..<length).map { Character(Unicode.Scalar(UInt8(33 + $0 % 90))) })
      try place.write("\(1000 + length)", text)
      digests.append(SHA256.hex(Array(text.utf8)))
    }
    let program = try TestProgram.run(
      ["sh", "-c", "sha256sum 1*"], directory: place.path,
      environment: TestProgram.environment(home: place.path))
    #expect(program.text.split(separator: "\n").map { String($0.prefix(64)) } == digests)
  }
}
