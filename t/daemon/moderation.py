# SPDX-License-Identifier: MIT
"""Moderation: every command by hand, an audit that nobody gets around, bans, approval, reports, the public log, the feed."""

import json
import subprocess
import xml.etree.ElementTree as ElementTree

from case import PoolCase
from testing import initialsdb, main, require

FREE = {"IP_RATE_ENABLE": "false"}
ATOM = "{http://www.w3.org/2005/Atom}"


class ModerationCase(PoolCase):
    def setUp(self) -> None:
        self.sql("delete from board.ban; delete from board.refused_word; update board.mode set hold = false;"
                 "truncate board.held, board.report; update board.mode set hold = false")
        super().setUp()
        self.pool_ = self.pool(**FREE)
        self.alice, self.bob = self.poster(self.pool_, "192.0.2.1"), self.poster(self.pool_, "192.0.2.2")
        self.audit_start = int(self.sql("select coalesce(max(n), 0) from board.audit"))

    def run_command(self, *words: str, status: int = 0, **env: str) -> str:
        done = subprocess.run([initialsdb(), *words], env=self.pool_.env | {"LOGNAME": "moderator"} | env,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, status, done.stderr + done.stdout)
        return done.stdout if status in (0, 4) else done.stderr

    def rows(self, *words: str, status: int = 0) -> list[dict]:
        return [json.loads(line) for line in self.run_command(*words, "--json", status=status).splitlines()]

    def audit(self) -> list[list[str]]:
        text = self.sql(f"select who, action, coalesce(message_id::text, ''), coalesce(reason, '') from board.audit"
                        f" where n > {self.audit_start} order by n")
        return [line.split("|") for line in text.splitlines()]

    def id_of(self, answer) -> int:
        self.assertEqual(answer.status, 201, answer.body)
        return answer.json()["id"]

    def status(self, number: int) -> int:
        return self.pool_.request(f"/api/listings/{number}").status

    def count(self) -> int:
        return self.pool_.request("/api/listings/count").json()["count"]


class Hiding(ModerationCase):
    def test_b49_hide_and_unhide_by_number_with_a_reason(self) -> None:
        number = self.id_of(self.alice.post("an address that is nobody's business"))
        self.assertEqual(self.rows("hide", str(number), "--reason", "private"), [{"chosen": 1, "hidden": 1}])
        self.assertEqual((self.status(number), self.count()), (410, 0))
        self.assertEqual(self.rows("unhide", str(number), "--reason", "it was their own"), [{"shown": 1}])
        self.assertEqual((self.status(number), self.count()), (200, 1))
        self.assertEqual(self.audit(), [["initialsdb_owner moderator", "hide", str(number), "private"],
                                        ["initialsdb_owner moderator", "unhide", str(number), "it was their own"]])

    def test_dry_run_shows_what_would_be_hit_and_touches_nothing(self) -> None:
        numbers = [self.id_of(self.alice.post(text)) for text in ("casino one", "garden", "Casino two")]
        would = self.rows("hide", "--search", "casino", "--dry-run")
        self.assertEqual([row["id"] for row in would], [numbers[0], numbers[2]])
        self.assertEqual([self.status(n) for n in numbers], [200] * 3)
        self.assertEqual(self.rows("hide", "--search", "casino", "--reason", "advertising"), [{"chosen": 2, "hidden": 2}])
        self.assertEqual([self.status(n) for n in numbers], [410, 200, 410])

    def test_hide_by_network_of_a_message_and_by_time(self) -> None:
        mine = [self.id_of(self.alice.post(f"a {n}")) for n in range(3)]
        other = self.id_of(self.bob.post("b"))
        self.sql(f"alter table board.message disable trigger refuse_edit;"
                 f"update board.message set created_at = '2001-01-01' where id = {mine[0]};"
                 f"alter table board.message enable always trigger refuse_edit")
        self.assertEqual(self.rows("hide", "--network-of", str(mine[1]), "--since", "2002-01-01", "--reason", "flood"),
                         [{"chosen": 2, "hidden": 2}])
        self.assertEqual([self.status(n) for n in [*mine, other]], [200, 410, 410, 200])
        self.assertEqual(self.rows("hide", "--until", "2001-06-01T00:00:00Z", "--reason", "old"), [{"chosen": 1, "hidden": 1}])

    def test_nothing_chosen_is_told_by_the_exit_status(self) -> None:
        self.run_command("hide", "999999", "--reason", "x", status=4)
        self.run_command("hide", "--search", "nothing like this", "--reason", "x", status=4)
        self.run_command("show", "999999", status=4)

    def test_words_that_make_no_sense_are_refused_with_the_usage(self) -> None:
        for words in (["hide"], ["hide", "1"], ["hide", "--reason", "x"], ["hide", "--search"], ["hide", "--since", "yesterday"],
                      ["hide", "1", "--what"], ["ban", "192.0.2.1"], ["ban", "--reason", "x"], ["ban", "garbage", "--reason", "x"],
                      ["ban", "192.0.2.0/24", "--reason", "x"], ["hold", "maybe"], ["refuse"], ["unban", "first"]):
            with self.subTest(words):
                self.assertTrue(self.run_command(*words, status=2))
        self.assertEqual(self.audit(), [])

    def test_every_command_has_help_with_an_example(self) -> None:
        for name in "hide unhide approve list show log reports ban unban bans hold refuse allow words".split():
            help_text = self.run_command(name, "--help")
            self.assertIn(f"Usage: initialsdb {name}", help_text)
            self.assertIn("Example:", help_text)

    def test_list_show_and_log_tell_what_happened(self) -> None:
        number = self.id_of(self.alice.post("two\nlines"))
        self.run_command("hide", str(number), "--reason", "because")
        self.assertEqual([row["id"] for row in self.rows("list", "--hidden", "--search", "lines")], [number])
        self.assertEqual(self.run_command("list", status=4), "")
        shown = self.rows("show", str(number))[0]
        self.assertEqual((shown["place"], shown["body"]), ("hidden", "two\nlines"))
        self.assertIn("hide by initialsdb_owner moderator: because", shown["history"])
        self.assertEqual(self.rows("log", "--limit", "1")[0]["action"], "hide")
        self.assertIn("body: two\n    lines\n", self.run_command("show", str(number)))

    def test_terminal_obeys_no_message(self) -> None:
        self.sql("insert into board.message (body) values (E'from the origin \\x1b[2J \\u009b2J')")
        self.assertIn("body: from the origin  [2J  2J\n", self.run_command("list"))


class Audit(ModerationCase):
    """Whoever does it, in whatever way: there is a line about it, or it does not happen."""

    def psql(self, statement: str, user: str) -> subprocess.CompletedProcess:
        argv = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", self.cluster.url("initialsdb", user), "-c", statement]
        return subprocess.run(argv, capture_output=True, text=True, check=False)

    def test_changes_by_hand_are_audited_for_every_role(self) -> None:
        for user in ("initialsdb_owner", "postgres"):
            numbers = [self.id_of(self.alice.post(f"{user} {n}")) for n in range(4)]
            statements = [
                (f"select board.hide(array[{numbers[0]}])", "hide"),
                (f"with gone as (delete from board.message where id = {numbers[1]} returning *) insert into board.hidden"
                 f" (id, created_at, body, network) select id, created_at, body, network from gone", "hide"),
                (f"delete from board.message where id = {numbers[2]}", "delete"),
                (f"delete from board.hidden where id = {numbers[1]}", "delete"),
                (f"set session_replication_role = replica; delete from board.message where id = {numbers[3]}" if user == "postgres"
                 else f"delete from board.message where id = {numbers[3]}", "delete"),
            ]
            for statement, action in statements:
                with self.subTest(user=user, statement=statement):
                    before = len(self.audit())
                    self.assertEqual(self.psql(statement, user).returncode, 0)
                    after = self.audit()
                    self.assertEqual(len(after), before + 1)
                    self.assertEqual((after[-1][0], after[-1][1]), (user, action))
        self.assertEqual(self.psql("truncate board.message", "postgres").returncode, 0)
        self.assertEqual(self.audit()[-1][1:], ["truncate", "", "message"])

    def test_messages_are_never_edited(self) -> None:
        number = self.id_of(self.alice.post("as it was"))
        for user in ("initialsdb_owner", "postgres"):
            done = self.psql(f"update board.message set body = 'otherwise' where id = {number}", user)
            self.assertIn("messages are never edited", done.stderr)
        self.run_command("hide", str(number), "--reason", "x")
        self.assertNotEqual(self.psql(f"update board.hidden set body = 'otherwise' where id = {number}", "postgres").returncode, 0)
        self.assertEqual(self.psql("update board.hidden set network = null", "initialsdb_owner").returncode, 0)

    def test_audit_is_never_changed(self) -> None:
        self.id_of(self.alice.post("a"))
        self.run_command("hide", "--search", "a", "--reason", "x")
        for user in ("initialsdb_owner", "postgres"):
            for statement in ("update board.audit set reason = 'y'", "delete from board.audit", "truncate board.audit"):
                self.assertIn("never changed", self.psql(statement, user).stderr)

    def test_application_role_can_do_none_of_it(self) -> None:
        for statement in ("select board.hide(array[1])", "insert into board.hidden values (1)", "select * from board.audit",
                          "select board.approve(array[1])", "update board.mode set hold = false"):
            self.assertIn("permission denied", self.psql(statement, "initialsdb").stderr)


class Bans(ModerationCase):
    def test_ban_of_a_message_s_network_refuses_its_posts_only(self) -> None:
        number = self.id_of(self.alice.post("flood"))
        ban = self.rows("ban", "--network-of", str(number), "--reason", "flooding", "--hours", "2")[0]
        error = self.refused(self.alice.post("more"), 403, "BANNED")
        self.assertRegex(error["message"], r"^Posts from your network are refused until .* UTC: flooding$")
        self.assertEqual(self.poster(self.pool_, "192.0.2.1").ask("GET", "/api/listings/count", b"", {}).status, 200, "reading is free")
        self.assertEqual(self.bob.post("innocent").status, 201)
        self.assertEqual(self.rows("bans")[0]["label"], f"the network of message {number}")
        self.assertEqual(self.rows("unban", str(ban["n"])), [{"ended": 1}])
        self.assertEqual(self.alice.post("again").status, 201)
        self.assertEqual([row[1] for row in self.audit()], ["ban", "unban"])

    def test_ban_of_an_address_and_of_wider_networks(self) -> None:
        v6 = [self.poster(self.pool_, address) for address in ("2001:db8:1:1::1", "2001:db8:1:ff::1", "2001:db8:2::1")]
        self.alice.puzzle()  # somebody has been here today
        for word, poster, spared in (("192.0.2.1", self.alice, self.bob), ("2001:db8:1:1::/64", v6[0], v6[1]),
                                     ("2001:db8:1::/48", v6[1], v6[2])):
            self.rows("ban", word, "--reason", "test")
            self.refused(poster.post("x"), 403, "BANNED")
            self.assertEqual(spared.post("y").status, 201)
        self.assertNotIn("192.0.2.1", self.sql("select string_agg(b::text, '') from board.ban as b"))

    def test_ban_holds_the_next_day_and_ends_in_time(self) -> None:
        number = self.id_of(self.alice.post("flood"))
        self.rows("ban", "--network-of", str(number), "--reason", "flooding", "--hours", "48")
        self.pool_.stop()
        self.sql("update board.network_key set day = day - 1")
        self.pool_.start()
        self.refused(self.alice.post("a new day, a new digest"), 403, "BANNED")
        self.sql("update board.ban set expires_at = clock_timestamp()")
        self.assertEqual(self.alice.post("free again").status, 201)

    def test_refused_words(self) -> None:
        self.assertEqual(self.rows("refuse", "Free Casino"), [{"word": "free casino"}])
        self.refused(self.alice.post("the best FREE casino!"), 422, "TEXT_REFUSED")
        self.assertEqual(self.alice.post("casino, free").status, 201)
        self.assertEqual(self.rows("words"), [{"word": "free casino"}])
        self.rows("allow", "free casino")
        self.assertEqual(self.alice.post("free casino").status, 201)


class Approval(ModerationCase):
    def test_held_messages_wait_unseen_until_approved(self) -> None:
        self.assertEqual(self.rows("hold", "on"), [{"hold": "on", "waiting": 0}])
        proof = self.alice.proof()
        held = self.alice.post("waits", proof)
        self.assertEqual((held.status, held.headers["Location"]), (202, None))
        number = held.json()["id"]
        self.assertEqual(held.json(), {"id": number, "held": True})
        self.assertEqual(self.alice.post("waits", proof).json(), held.json(), "a retry says the same")
        self.assertEqual((self.status(number), self.count()), (404, 0))
        self.assertEqual([row["id"] for row in self.rows("list", "--held")], [number])
        self.assertEqual(self.rows("approve", str(number)), [{"approved": 1}])
        self.assertEqual((self.status(number), self.count()), (200, 1))
        self.assertEqual(self.alice.post("waits", proof).status, 200)
        self.rows("hold", "off")
        self.assertEqual(self.alice.post("at once").status, 201)
        self.assertEqual([row[1] for row in self.audit()], ["hold on", "approve", "hold off"])

    def test_held_messages_can_be_hidden_unseen(self) -> None:
        self.rows("hold", "on")
        number = self.alice.post("spam").json()["id"]
        self.assertEqual(self.rows("hide", str(number), "--reason", "spam"), [{"chosen": 1, "hidden": 1}])
        self.assertEqual((self.status(number), self.count()), (410, 0))
        self.assertEqual([row[1] for row in self.audit()], ["hold on", "hide"])


class Reports(ModerationCase):
    def report(self, poster, number: int, reason: str | None = None, proof=None):
        body = b"" if reason is None else json.dumps({"reason": reason}).encode()
        headers = {"Content-Type": "application/json"} if body else {}
        return poster.ask("POST", f"/api/listings/{number}/report", body, headers | (poster.proof() if proof is None else proof))

    def test_reports_count_once_for_each_network(self) -> None:
        number = self.id_of(self.alice.post("doubtful"))
        other = self.id_of(self.alice.post("fine"))
        for reason in (None, "private address", "private address"):
            self.assertEqual(self.report(self.bob, number, reason).status, 202)
        self.assertEqual(self.report(self.alice, number).json(), {"reported": True})
        reports = self.rows("reports")
        self.assertEqual([(row["id"], row["reports"], row["reasons"]) for row in reports], [(number, 2, "private address")])
        self.assertNotEqual(number, other)

    def test_report_needs_a_proof_and_spends_it_once(self) -> None:
        first, second = (self.id_of(self.alice.post(text)) for text in ("one", "two"))
        self.refused(self.report(self.bob, first, proof={}), 403, "POW_REQUIRED")
        proof = self.bob.proof()
        self.assertEqual(self.report(self.bob, first, "x", proof).status, 202)
        self.assertEqual(self.report(self.bob, first, "x", proof).status, 202, "a retry")
        self.refused(self.report(self.bob, second, "x", proof), 409, "POW_SPENT")
        self.refused(self.bob.post("with a report's proof", proof), 409, "POW_SPENT")

    def test_report_about_nothing_or_with_a_bad_reason(self) -> None:
        number = self.id_of(self.alice.post("one"))
        self.refused(self.report(self.bob, 999999), 404, "NOT_FOUND")
        self.refused(self.report(self.bob, number, "x" * 256), 400, "INVALID_INPUT")
        self.refused(self.report(self.bob, number, "a\u202eb"), 400, "INVALID_INPUT")
        self.run_command("hide", str(number), "--reason", "x")
        self.refused(self.report(self.bob, number), 410, "HIDDEN")
        self.assertEqual(self.run_command("reports", status=4), "")


class PublicLog(ModerationCase):
    def test_log_lists_actions_without_texts_and_pages_like_a_search(self) -> None:
        numbers = [self.id_of(self.alice.post(f"secret {n}")) for n in range(5)]
        for number in numbers:
            self.run_command("hide", str(number), "--reason", f"reason {number}")
        seen, path = [], "/api/log?limit=2"
        for _ in range(3):
            answer = self.pool_.request(path)
            self.assertNotIn(b"secret", answer.body)
            self.assertNotIn(b"moderator", answer.body)
            seen += answer.json()["items"]
            path = f"/api/log?limit=2&cursor={answer.json()['next_cursor']}"
        self.assertEqual([item["id"] for item in seen[:5]], numbers[::-1])
        self.assertEqual({"at", "action", "id", "reason"}, set(seen[0]))
        cursor = self.pool_.request("/api/log?limit=1").json()["next_cursor"]
        self.assertEqual(self.pool_.request(f"/api/listings/search?cursor={cursor}").status, 400)


class Feed(ModerationCase):
    def feed(self, query: str = "", **headers: str):
        return self.pool_.request(f"/api/listings/feed{query}", headers={"Host": "board.example", **headers}, REQUEST_SCHEME="https")

    def test_feed_is_atom_with_the_newest_first(self) -> None:
        texts = ["first & <b>bold</b>", "second\nline \"two\"", "emoji 😀 and \uffff"]
        numbers = [self.id_of(self.alice.post(text)) for text in texts]
        answer = self.feed()
        self.assertEqual(answer.headers["Content-Type"], "application/atom+xml; charset=utf-8")
        root = ElementTree.fromstring(answer.body)
        entries = root.findall(f"{ATOM}entry")
        self.assertEqual([entry.find(f"{ATOM}id").text for entry in entries], [f"https://board.example/m/{n}" for n in numbers[::-1]])
        self.assertEqual(entries[2].find(f"{ATOM}content").text, texts[0])
        self.assertEqual(entries[1].find(f"{ATOM}title").text, "second")
        for element in (root, *entries):
            for name in ("id", "title", "updated"):
                self.assertEqual(len(element.findall(ATOM + name)), 1, name)
        self.assertEqual(root.find(f"{ATOM}updated").text, entries[0].find(f"{ATOM}updated").text)
        self.assertIsNotNone(root.find(f"{ATOM}author"))

    def test_feed_of_a_search_and_its_next_pages(self) -> None:
        for number in range(7):
            self.alice.post(f"garden {number}")
        self.alice.post("other")
        seen, query = [], "?q=garden&limit=3"
        while query:
            root = ElementTree.fromstring(self.feed(query).body)
            seen += [entry.find(f"{ATOM}content").text for entry in root.findall(f"{ATOM}entry")]
            following = [link.get("href") for link in root.findall(f"{ATOM}link") if link.get("rel") == "next"]
            query = f"?{following[0].partition('?')[2]}&limit=3" if following else ""
        self.assertEqual(seen, [f"garden {number}" for number in range(6, -1, -1)])

    def test_feed_is_not_sent_again_to_who_has_it(self) -> None:
        self.alice.post("one")
        first = self.feed()
        etag = first.headers["ETag"]
        again = self.feed(**{"If-None-Match": f'W/"x", {etag}'})
        self.assertEqual((again.status, again.body, again.headers["ETag"]), (304, b"", etag))
        self.alice.post("two")
        self.assertEqual(self.feed(**{"If-None-Match": etag}).status, 200)

    def test_empty_feed_is_valid(self) -> None:
        root = ElementTree.fromstring(self.feed("?q=nothing").body)
        self.assertEqual(root.findall(f"{ATOM}entry"), [])
        self.assertIsNotNone(root.find(f"{ATOM}updated"))


if __name__ == "__main__":
    require("psql")
    main()
