#!/usr/bin/env bash
# Make what compose.yml needs and nobody else may know: secrets/ and, to be edited, site.env.
# Safe to repeat: what exists is kept.
set -euo pipefail
cd "$(dirname "$0")"

# Only the owner can enter the folder. The files in it are readable, because each is mounted by
# itself into containers whose user is not the owner.
mkdir -p secrets
chmod 700 secrets
umask 022

random() { openssl rand -hex 32; }
keep() { [ -s "secrets/$1" ] || printf '%s\n' "$2" > "secrets/$1"; }

for name in secret_key jwt_secret audit_mac_key audit_signing_key proxy_secret \
	owner_password web_password redis_password grafana_password; do
	keep "$name" "$(random)"
done
keep owner_database_url "postgres://supportsite:$(cat secrets/owner_password)@postgres/supportsite"
keep web_database_url "postgres://supportsite_web:$(cat secrets/web_password)@postgres/supportsite"
keep cache_url "redis://:$(cat secrets/redis_password)@redis:6379/0"
keep redis_conf "requirepass $(cat secrets/redis_password)"

# nginx shows the service this one.
mkdir -p nginx/secret
chmod 700 nginx/secret
(umask 077 && printf 'proxy_set_header X-Proxy-Secret "%s";\n' "$(cat secrets/proxy_secret)" \
	> nginx/secret/proxy.conf)

[ -e site.env ] || install -m 600 env.example site.env
echo "secrets/ and site.env are there. Keep a copy of secrets/ elsewhere: without"
echo "audit_mac_key nobody can verify the audit trail any more."
