#!/usr/bin/env bash
# Run once by the postgres image, for an empty data folder: the role of web and worker. It owns
# nothing; what it may do, `manage.py audit_grants` says after each migrate.
set -euo pipefail

psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
	-v password="$(cat /run/secrets/web_password)" <<-'SQL'
	CREATE ROLE supportsite_web LOGIN PASSWORD :'password' NOSUPERUSER NOCREATEDB NOCREATEROLE;
	REVOKE ALL ON DATABASE supportsite FROM PUBLIC;
	GRANT CONNECT ON DATABASE supportsite TO supportsite_web;
	REVOKE CREATE ON SCHEMA public FROM PUBLIC;
	SQL
