# SPDX-License-Identifier: MIT
"""The application role may execute the functions of schema api, and nothing else."""

from case import DatabaseCase
from database import APP, Failed, SQL
from testing import main, require

FORBIDDEN = [
    "create table public.t (n integer)",
    "create temporary table t (n integer)",
    "create schema mine",
    "create table api.t (n integer)",
    "create function api.f() returns integer language sql as 'select 1'",
    "create or replace function api.ready() returns api.answer language sql as 'select null::api.answer'",
    "drop function api.ready()",
    "alter function api.ready() security invoker",
    "create extension hstore schema public",
    "create role another",
    "alter role board_app createrole",
    "set role board_owner",
    "set role postgres",
    "alter database initialsdb set jit = off",
    "create database another",
    "select board.clock_us()",
    "select board.hide(array[1])",
    "select board.charge('r', '{}', '{}', '{}')",
    "select nextval('board.message_id_seq')",
    "copy (select 1) to program 'true'",
    "copy (select 1) to '/tmp/initialsdb-must-not-exist'",
    "select pg_read_file('/etc/passwd')",
    "select rolpassword from pg_authid",
]


class Rights(DatabaseCase):
    def test_b67_every_table_is_closed_to_the_application(self) -> None:
        tables = self.db.sql("select tablename from pg_tables where schemaname in ('board', 'api')").split()
        self.assertIn("message", tables)
        for table in tables:
            for statement in ("select from board.{}", "delete from board.{}", "truncate board.{}"):
                with self.subTest(table=table, statement=statement):
                    self.refuse(statement.format(table))

    def test_b67_application_changes_nothing_but_through_the_api(self) -> None:
        for statement in FORBIDDEN:
            with self.subTest(statement=statement):
                self.refuse(statement)

    def refuse(self, statement: str) -> None:
        with self.assertRaisesRegex(Failed, "ERROR:  42501"):
            self.app.run(statement)

    def test_others_may_not_even_connect(self) -> None:
        self.db.sql("create role passer_by login")
        with self.assertRaisesRegex(Failed, "CONNECT privilege"):
            self.db.session("passer_by").run("select 1")
        self.db.sessions.pop().process.wait()

    def test_every_api_function_is_executable_and_has_a_fixed_search_path(self) -> None:
        rows = self.db.sql(f"""select proname, has_function_privilege('{APP}', oid, 'execute'), prosecdef,
            proconfig @> array['search_path=board, pg_catalog, pg_temp'], prorettype = 'api.answer'::regtype
            from pg_proc where pronamespace = 'api'::regnamespace""").splitlines()
        self.assertEqual(len(rows), len(list((SQL / "api").glob("*.sql"))))
        for row in rows:
            self.assertEqual(row.split("|")[1:], ["t"] * 4, row)

    def test_each_api_file_holds_the_function_it_is_named_for(self) -> None:
        for file in (SQL / "api").glob("*.sql"):
            text = file.read_text()
            self.assertEqual(text.count("create or replace function"), 1)
            self.assertIn(f"create or replace function api.{file.stem}(", text)

    def test_nobody_else_may_execute_what_the_owner_made(self) -> None:
        public = self.db.sql("""select proname from pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) as a
            where pronamespace in ('api'::regnamespace, 'board'::regnamespace) and a.grantee = 0
            and proowner = 'board_owner'::regrole""")
        self.assertEqual(public, "")

    def test_b48_no_extension_is_installed_in_vain(self) -> None:
        unused = self.db.sql("""select extname from pg_extension as e where extname <> 'plpgsql' and not exists (
            select from pg_depend as member join pg_depend as use
              on use.refclassid = member.classid and use.refobjid = member.objid and use.deptype = 'n'
            where member.refclassid = 'pg_extension'::regclass and member.refobjid = e.oid and member.deptype = 'e')""")
        self.assertEqual(unused, "")

    def test_installing_again_changes_nothing(self) -> None:
        before = self.db.sql("select count(*), max(applied_at) from board.migration")
        self.db.install()
        self.assertEqual(self.db.sql("select count(*), max(applied_at) from board.migration"), before)
        self.assertEqual(self.call("ready", charged=None).status, 200)

    def test_foreign_database_without_unicode_case_is_refused(self) -> None:
        self.cluster.psql("create database plain owner board_owner template template0 lc_ctype 'C' lc_collate 'C'", "postgres")
        other = type(self.db)(self.cluster, "plain")
        with self.assertRaisesRegex(Failed, "character type such as C.UTF-8"):
            other.migrate()


if __name__ == "__main__":
    require("psql", "setpriv")
    main()
