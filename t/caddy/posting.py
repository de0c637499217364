# SPDX-License-Identifier: MIT
"""POST /api/listings/create and GET /pow/challenge, as api.md has them, through a real Caddy."""

import json
import random
import time

from case import BoardCase, main

from proof import headers, nonces
from visitor import CREATE, Visitor

RFC3339 = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"


class Challenge(BoardCase):
    def test_challenge_has_exactly_the_documented_members(self) -> None:
        answer = self.visitor.get("/pow/challenge")
        self.assertEqual(answer.status, 200)
        self.common_headers(answer)
        self.assertEqual(answer.headers.get_content_type(), "application/json")
        puzzle = answer.json()
        self.assertEqual(set(puzzle), {"challenge", "difficulty", "max_chars", "rounds", "ttl_secs", "token"})
        self.assertEqual((puzzle["difficulty"], puzzle["rounds"], puzzle["ttl_secs"]), (4, 2, 100))
        self.assertRegex(puzzle["challenge"], r"^[A-Za-z0-9+/]{22}$")

    def test_challenges_differ(self) -> None:
        self.assertEqual(len({self.visitor.challenge()["challenge"] for _ in range(20)}), 20)

    def test_b16_without_proofs_challenge_says_so_and_posting_works(self) -> None:
        visitor = self.newcomer(self.branch("free", POW_ENABLE="false"))
        puzzle = visitor.challenge()
        self.assertEqual((puzzle["difficulty"], puzzle["rounds"]), (0, 0))
        self.posted(visitor.post("no proof", proof={}))


class Accepted(BoardCase):
    def test_b31_answer_has_id_body_and_time_and_nothing_else(self) -> None:
        answer = self.visitor.post("  For sale: baby shoes, never worn.  ")
        self.assertEqual(answer.status, 201)
        self.common_headers(answer)
        body = answer.json()
        self.assertEqual(set(body), {"id", "body", "created_at"})
        self.assertEqual(body["body"], "For sale: baby shoes, never worn.")
        self.assertRegex(body["created_at"], RFC3339)
        self.assertEqual(answer.headers["Location"], f"/m/{body['id']}")

    def test_line_ends_become_newlines(self) -> None:
        self.assertEqual(self.visitor.post("one\r\ntwo\nthree").json()["body"], "one\ntwo\nthree")

    def test_255_code_points_of_any_width_are_accepted(self) -> None:
        for letter in ("a", "é", "語", "🦊"):
            text = letter * 255
            self.assertEqual(self.visitor.post(text).json()["body"], text)

    def test_b29_incompressible_text_of_the_largest_size_is_stored(self) -> None:
        # Its twenty thousand keys take Postgres most of a second, alone on a processor: how long is not what is asked here.
        sizes = {"POST_MAX_CHARS": "10000", "BODY_LIMIT_MAX_BYTES": "40000"}
        visitor = self.newcomer(self.branch("long", CREATE_DEADLINE_MS="20000", **sizes))
        noise = random.Random(1)
        text = "".join(chr(noise.randrange(0x4E00, 0x9FFF)) for _ in range(10000))
        number = self.posted(visitor.post(text))
        self.assertEqual(visitor.get(f"/api/listings/{number}").json()["body"], text)

    def test_content_type_is_compared_as_one(self) -> None:
        for kind in ("application/json", "Application/JSON", "application/json; charset=utf-8"):
            self.posted(self.visitor.post("typed", **{"Content-Type": kind}))

    def test_own_origin_may_post(self) -> None:
        origin = {"Origin": f"http://127.0.0.1:{self.visitor.port}", "Sec-Fetch-Site": "same-origin"}
        self.posted(self.visitor.post("from the page", **origin))


class ExactlyOnce(BoardCase):
    def test_b27_retry_answers_the_same_message(self) -> None:
        proof, before = self.visitor.proof(), self.visitor.count()
        first = self.visitor.post("once", proof)
        self.assertIsNone(first.headers["Idempotent-Replayed"])
        for _ in range(3):
            again = self.visitor.post("once", proof)
            self.assertEqual((again.status, again.json()), (200, first.json()))
            self.assertEqual(again.headers["Idempotent-Replayed"], "true")
            self.assertEqual(again.headers["Location"], first.headers["Location"])
        self.assertEqual(self.visitor.count(), before + 1)

    def test_retry_is_answered_by_another_pool(self) -> None:
        proof = self.visitor.proof()
        first = self.visitor.post("two hosts", proof)
        elsewhere = Visitor(self.branch("other").caddy.port, self.visitor.address)
        again = elsewhere.post("two hosts", proof)
        self.assertEqual((again.status, again.json()), (200, first.json()))

    def test_retry_survives_a_restart_of_the_pool(self) -> None:
        branch = self.branch("restarted")
        visitor = Visitor(branch.caddy.port, self.visitor.address)
        proof = visitor.proof()
        first = visitor.post("restart", proof)
        branch.pool.stop()
        branch.pool.start()
        again = visitor.post("restart", proof)
        self.assertEqual((again.status, again.json()), (200, first.json()))

    def test_spent_proof_does_not_pay_for_another_text(self) -> None:
        proof = self.visitor.proof()
        self.posted(self.visitor.post("first", proof))
        self.refused(self.visitor.post("second", proof), 409, "POW_SPENT")

    def test_b12_one_challenge_pays_once_whatever_the_nonces(self) -> None:
        puzzle = self.visitor.challenge()
        found = nonces(puzzle, 4)
        self.posted(self.visitor.post("first", headers(puzzle, found[:2])))
        self.refused(self.visitor.post("second", headers(puzzle, found[2:])), 409, "POW_SPENT")

    def test_b17_refused_post_does_not_burn_the_proof(self) -> None:
        proof = self.visitor.proof()
        self.refused(self.visitor.send("{", proof), 400, "INVALID_JSON")
        self.refused(self.visitor.post("   ", proof), 400, "INVALID_INPUT", "text")
        self.refused(self.visitor.post("x" * 256, proof), 400, "INVALID_INPUT", "text")
        self.refused(self.visitor.send("x" * 5000, proof), 413, "BODY_TOO_LARGE")
        self.posted(self.visitor.post("right at last", proof))


class Refused(BoardCase):
    def test_post_without_proof_is_403(self) -> None:
        self.refused(self.visitor.post("free lunch", proof={}), 403, "POW_REQUIRED")
        for missing in ("X-PoW-Challenge", "X-PoW-Token", "X-PoW-Nonce"):
            proof = {k: v for k, v in self.visitor.proof().items() if k != missing}
            self.refused(self.visitor.post("half a lunch", proof), 403, "POW_REQUIRED")

    def test_b15_wrong_nonces_are_403(self) -> None:
        puzzle = self.visitor.challenge()
        right = nonces(puzzle, 3)
        wrong = str(next(n for n in range(100) if str(n) not in nonces(puzzle, 50)))
        lists = [right[0], f"{right[0]},{right[0]}", f"{right[0]},{wrong}", ",".join(right), f"{right[0]},"]
        lists += [f"{right[0]},x{right[1]}", f"{right[0]}, {right[1]}", "," * 50, "9" * 100]
        for text in lists:
            self.refused(self.visitor.post("no", headers(puzzle, [text])), 403, "POW_INVALID")

    def test_forged_tokens_are_403(self) -> None:
        proof = self.visitor.proof()
        token = proof["X-PoW-Token"]
        forgeries = [token[:-1], token + "A", "A" * len(token), "?", token[:4] + "AAAA" + token[8:], token[::-1]]
        for forgery in forgeries:
            self.refused(self.visitor.post("no", proof | {"X-PoW-Token": forgery}), 403, "POW_INVALID")
        other = self.visitor.proof()["X-PoW-Challenge"]
        self.refused(self.visitor.post("no", proof | {"X-PoW-Challenge": other}), 403, "POW_INVALID")

    def test_b2_proof_of_another_network_or_agent_is_403(self) -> None:
        proof = self.visitor.proof()
        self.refused(self.newcomer().post("stolen", proof), 403, "POW_INVALID")
        forged = {"X-Test-IP": self.visitor.address, "X-Forwarded-For": self.visitor.address}
        self.refused(self.newcomer().post("stolen", proof, **forged), 403, "POW_INVALID")
        other_agent = Visitor(self.visitor.port, self.visitor.address, "another browser")
        self.refused(other_agent.post("stolen", proof), 403, "POW_INVALID")

    def test_b13_address_and_agent_do_not_slide_into_each_other(self) -> None:
        port = self.visitor.port
        proof = Visitor(port, "127.9.9.2", "5foo").proof()
        self.refused(Visitor(port, "127.9.9.25", "foo").post("slid", proof), 403, "POW_INVALID")

    def test_b18_late_proof_is_403(self) -> None:
        visitor = self.newcomer(self.branch("hasty", POW_TTL_SECONDS="5"))
        proof = visitor.proof()
        time.sleep(5.1)  # what is tested is that time passes
        self.refused(visitor.post("late", proof), 403, "POW_EXPIRED")

    def test_cross_site_posts_are_403(self) -> None:
        for headers in (
            {"Sec-Fetch-Site": "cross-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": f"http://127.0.0.1:{self.visitor.port}.evil.example"},
        ):
            self.refused(self.visitor.post("cross", **headers), 403, "CROSS_SITE")

    def test_b24_body_over_the_limit_is_413_however_announced(self) -> None:
        body = json.dumps({"text": "x" * 4080})
        self.assertEqual(len(body), 4092)
        proof = self.visitor.proof()
        self.refused(self.visitor.send(body, proof), 400, "INVALID_INPUT", "text")
        self.refused(self.visitor.send(body + " " * 4, proof), 400, "INVALID_INPUT", "text")
        self.refused(self.visitor.send(body + " " * 5, proof), 413, "BODY_TOO_LARGE")
        head = f"POST {CREATE} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        chunk = b"%x\r\n" % 4097 + b"x" * 4097 + b"\r\n0\r\n\r\n"
        self.refused(self.visitor.raw(head.encode() + chunk), 413, "BODY_TOO_LARGE")

    def test_b28_length_is_checked_on_the_server(self) -> None:
        for text in ("a" * 256, "é" * 300, "🦊" * 256):
            self.refused(self.visitor.post(text), 400, "INVALID_INPUT", "text")

    def test_b30_nul_in_text_is_400(self) -> None:
        for body in (b'{"text":"a\\u0000b"}', b'{"text":"a\x00b"}'):
            self.refused(self.visitor.send(body, self.visitor.proof()), 400, "INVALID_JSON")

    def test_b36_only_json_is_taken(self) -> None:
        proof = self.visitor.proof()
        for kind in ("", "text/plain", "application/jsonfoo", "application/x-www-form-urlencoded", "json"):
            answer = self.visitor.post("typed", proof, **{"Content-Type": kind})
            self.refused(answer, 415, "UNSUPPORTED_MEDIA_TYPE")

    def test_b36_only_the_expected_object_is_taken(self) -> None:
        bodies = ["", "{", "[]", '"text"', "null", "{}", '{"Text":"a"}', '{"text":"a","text":"b"}', '{"text":"a"}x']
        bodies += ['{"text":"a","more":1}', '{"text":1}', '{"text":null}', '{"text":["a"]}', "{'text':'a'}", '{"text":"a",}']
        bodies += ["[" * 2000, '{"text":' + '{"a":' * 5 + "1" + "}" * 6]
        for body in bodies:
            answer = self.visitor.send(body, self.visitor.proof())
            self.assertEqual((answer.status, answer.code), (400, "INVALID_JSON"), body)

    def test_b39_unprintable_and_reordering_characters_are_400(self) -> None:
        for text in ("a\x07b", "a\x1bb", "a\x7fb", "a\x85b", "tab\tbed", "a\u202eb", "a\u2066b", "Z" + "\u0335" * 20):
            self.refused(self.visitor.post(text), 400, "INVALID_INPUT", "text")

    def test_b39_half_a_surrogate_pair_is_400(self) -> None:
        answer = self.visitor.send('{"text":"\\ud83d"}', self.visitor.proof())
        self.assertEqual(answer.status, 400)
        self.common_headers(answer)

    def test_text_that_is_not_utf8_is_400(self) -> None:
        for raw in (b"\xff", b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80"):
            answer = self.visitor.send(b'{"text":"' + raw + b'"}', self.visitor.proof())
            self.assertEqual(answer.status, 400, raw)

    def test_b23_each_reason_has_its_own_code(self) -> None:
        proof = self.visitor.proof()
        answers = [
            self.visitor.post("no proof", proof={}),
            self.visitor.post("wrong", proof | {"X-PoW-Nonce": "1,2,3"}),
            self.visitor.post("cross", proof, **{"Sec-Fetch-Site": "cross-site"}),
            self.visitor.send("x" * 5000, proof),
            self.visitor.send("x", proof),
            self.visitor.post("type", proof, **{"Content-Type": "text/plain"}),
        ]
        codes = [answer.code for answer in answers]
        self.assertEqual(len(set(codes)), len(codes), codes)


if __name__ == "__main__":
    main()
