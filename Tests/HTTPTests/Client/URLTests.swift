import HTTP
import Testing

@Suite struct URLTests {
    @Test func splitsIntoParts() throws {
        let url = try URL("HTTPS://ann:pw@[::1]:8080/a/b?q=1#f")
        #expect(url.scheme == "https")
        #expect(url.userInfo == "ann:pw")
        #expect(url.authority == "[::1]:8080")
        #expect(url.host == "[::1]")
        #expect(url.target == "/a/b?q=1#f")
        #expect("\(url)" == "https://ann:xxxxx@[::1]:8080/a/b?q=1#f")
    }

    @Test(arguments: [
        ("http://host", "http", "host"), ("localhost:9090", "localhost", ""), ("/path", "", ""), ("", "", ""),
        ("http://", "http", ""),
        ("unix:///var/run/docker.sock", "unix", ""), ("http://a:9090/?x=a:b@c", "http", "a"),
    ])
    func takesWhatGoTakes(text: String, scheme: String, host: String) throws {
        let url = try URL(text)
        #expect(url.scheme == scheme)
        #expect(url.host == host)
    }

    @Test(arguments: [
        "://invalid", "1.2.3.4:9090", "http://a b/", "http://a:port/", "http://[::1", "http://a\n", "http://[::1]x",
    ])
    func refusesWhatGoRefuses(text: String) { #expect(throws: URLError.self) { _ = try URL(text) } }
}
