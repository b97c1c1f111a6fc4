import Network
import Testing

@testable import ImpactNotifier

/// What commands print with.
@Suite struct `What commands print` {
    @Test func `stands in columns under a header, a line a row, whatever a stranger wrote`() {
        let table = TextTable(["STATE", "NOTE"], [["queued", "two\nlines"], ["uncertain", ""]])
        #expect(table.lines == ["STATE      NOTE", "queued     two lines", "uncertain  "])
    }

    @Test(arguments: [
        (-5, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (172_799, "47 h"),
        (172_800, "2 days"),
    ]) func `says how long something is in words`(seconds: Int, words: String) {
        #expect(Duration.seconds(seconds).inWords == words)
    }

    @Test func `names the word that was meant, or else those that there are`() {
        let known = ["queued", "sending"]
        #expect(
            Suggestion.objection(to: "queud", as: "state", among: known)
                == "there is no state 'queud'; did you mean 'queued'?"
        )
        #expect(
            Suggestion.objection(to: "asleep", as: "state", among: known)
                == "there is no state 'asleep'; there are queued, sending"
        )
        #expect(
            Suggestion.objection(to: "asleep", as: "state", among: known, listedBy: "look there")
                == "there is no state 'asleep'; look there"
        )
    }

    @Test(arguments: [
        (["chek"], "there is no command 'chek'; did you mean 'check'?"),
        (["--config", "x.yaml", "jobs", "sho"], "there is no command 'sho'; did you mean 'show'?"),
        (["--instance=two", "rules", "tri"], "there is no command 'tri'; did you mean 'try'?"),
    ]) func `names the command that was meant`(arguments: [String], clause: String) {
        #expect(UnknownCommand.sentence(about: arguments)?.contains(clause) == true)
    }

    @Test(arguments: [
        [], ["jobs"], ["jobs", "list", "whatever"], ["--verbose", "chek"], ["jobs", "--state", "queud"],
        ["help", "chek"],
        ["--config"],
    ]) func `says nothing of commands where none is unknown`(arguments: [String]) {
        #expect(UnknownCommand.sentence(about: arguments) == nil)
    }
}
