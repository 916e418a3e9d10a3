import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

// lanekeeper-ask: one HTTP request. It comes as a JSON object on standard input, so that no key stands in
// arguments or an environment, and what came back goes as one to standard output. A program of its
// own, since an HTTP client would slow the start of the others.

/// What is to be sent.
struct Question: Decodable {
  var url: URL
  var headers: [String: String]
  var body: String
  var seconds: Double
  /// Bytes of the answer, at most.
  var limit: Int
}

/// What came of it.
struct Answer: Encodable {
  var status: Int?
  var body: String?
  /// Why there is no answer.
  var failure: String?
}

/// Sends one request, follows no redirection and keeps nothing.
final class Sender: NSObject, URLSessionDataDelegate, @unchecked Sendable {
  private let limit: Int
  private let done = DispatchSemaphore(value: 0)
  private var status: Int?
  private var body = Data()
  private var failure: String?

  init(limit: Int) { self.limit = limit }

  /// Sends and waits. Everything of the delegate is called on one queue, which ends before this returns.
  func send(_ question: Question) -> Answer {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = question.seconds
    configuration.timeoutIntervalForResource = question.seconds
    configuration.httpShouldSetCookies = false
    configuration.urlCache = nil
    let session = URLSession(configuration: configuration, delegate: self, delegateQueue: nil)
    var request = URLRequest(url: question.url)
    request.httpMethod = "POST"
    request.httpBody = Data(question.body.utf8)
    for (name, value) in question.headers { request.setValue(value, forHTTPHeaderField: name) }
    session.dataTask(with: request).resume()
    done.wait()
    if let failure { return Answer(failure: failure) }
    return Answer(status: status, body: String(decoding: body, as: UTF8.self))
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask,
    willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
    completionHandler: @escaping (URLRequest?) -> Void
  ) {
    // The key is for one host alone.
    completionHandler(nil)
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
  ) {
    status = (response as? HTTPURLResponse)?.statusCode
    completionHandler(.allow)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    guard failure == nil else { return }
    body += data
    if body.count > limit {
      failure = "the answer is longer than \(limit) bytes"
      dataTask.cancel()
    }
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
  ) {
    if let error, failure == nil { failure = (error as NSError).localizedDescription }
    done.signal()
  }
}

let answer: Answer
do {
  let input = FileHandle.standardInput.readDataToEndOfFile()
  let question = try JSONDecoder().decode(Question.self, from: input)
  answer = Sender(limit: question.limit).send(question)
} catch {
  answer = Answer(failure: "the request can't be read")
}
FileHandle.standardOutput.write(try JSONEncoder().encode(answer))
