-- SPDX-License-Identifier: MIT
-- migrate, first of all: where migrations are recorded. A script without parameters; may run again.
create schema if not exists board;

create table if not exists board.migration (
  number     integer primary key,
  name       text not null,
  checksum   text not null,
  applied_at timestamptz not null default now()
);

create table if not exists board.schema_version (
  one    boolean primary key default true check (one),
  number integer not null,
  api    text not null -- digest of every file below sql/api
);

-- Backups that were restored into a scratch database and found good.
create table if not exists board.backup (
  name     text primary key,
  tried_at timestamptz not null default clock_timestamp(),
  bytes    bigint not null
);
