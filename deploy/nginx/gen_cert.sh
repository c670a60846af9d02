#!/usr/bin/env bash
# Certificates for trying out, or for a closed circle of callers: a CA of one's own, and what it signs.
#
#   gen_cert.sh                  make what is missing, and renew what ends within 30 days
#   gen_cert.sh client NAME      one more client: NAME.crt and NAME.key
#   gen_cert.sh renew NAME       a new key and certificate for server, client or NAME; the old
#                                certificate is good until it ends, unless it is revoked first
#   gen_cert.sh revoke FILE.crt  never again; writes ca.crl (then: nginx -s reload)
#   gen_cert.sh crl              write ca.crl anew; with one that has ended nginx lets nobody in
#
# CERTS       where the certificates go (certs, beside this script)
# CA_DIR      where the CA's key and its list of what it signed are (../ca); nginx needs none of it:
#             keep it elsewhere, best on another machine
# SERVER_NAMES             the server's names and addresses (localhost 127.0.0.1 ::1)
# DAYS, CA_DAYS, CRL_DAYS  how long they are good (397, 3650, 90)

set -euo pipefail
umask 077

absolute() {
	case $1 in /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
certs=$(absolute "${CERTS:-$here/certs}")
ca=$(absolute "${CA_DIR:-${here%/*}/ca}")
names=${SERVER_NAMES:-localhost 127.0.0.1 ::1}
days=${DAYS:-397}
ca_days=${CA_DAYS:-3650}
crl_days=${CRL_DAYS:-90}
renew_before=$((30 * 24 * 3600))
organisation=supportsite

fail() {
	echo "gen_cert.sh: $*" >&2
	exit 1
}

# --- The CA ---------------------------------------------------------------------------------------

# Every kind of certificate has its own extensions: without them openssl makes one of version 1, and
# without an extended key usage a server's certificate would pass for a client's.
write_config() {
	cat >"$ca/openssl.cnf" <<-CONFIG
		[ca]
		default_ca = own

		[own]
		database = $ca/index.txt
		serial = $ca/serial
		crlnumber = $ca/crlnumber
		new_certs_dir = $ca/signed
		certificate = $certs/ca.crt
		private_key = $ca/ca.key
		default_md = sha256
		default_days = $days
		default_crl_days = $crl_days
		policy = names
		unique_subject = no
		rand_serial = yes

		[names]
		organizationName = match
		commonName = supplied

		[req]
		distinguished_name = none
		prompt = no

		[none]

		[authority]
		basicConstraints = critical, CA:TRUE, pathlen:0
		keyUsage = critical, keyCertSign, cRLSign
		subjectKeyIdentifier = hash

		[server]
		basicConstraints = critical, CA:FALSE
		keyUsage = critical, digitalSignature
		extendedKeyUsage = serverAuth
		subjectKeyIdentifier = hash
		authorityKeyIdentifier = keyid
		subjectAltName = $(server_alternatives)

		[client]
		basicConstraints = critical, CA:FALSE
		keyUsage = critical, digitalSignature
		extendedKeyUsage = clientAuth
		subjectKeyIdentifier = hash
		authorityKeyIdentifier = keyid
	CONFIG
}

server_alternatives() {
	local name kind all=
	for name in $names; do
		kind=DNS
		if [[ $name == *:* || $name =~ ^[0-9]+(\.[0-9]+){3}$ ]]; then kind=IP; fi
		all+=${all:+, }$kind:$name
	done
	echo "$all"
}

new_key() {
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null
}

make_authority() {
	mkdir -p "$certs" "$ca/signed"
	chmod 755 "$certs"
	chmod 700 "$ca"
	if [[ -f $ca/ca.key && -f $certs/ca.crt ]]; then
		write_config
		return
	fi
	# A new CA in the place of one that is only elsewhere would lock everybody out.
	[[ ! -f $certs/ca.crt ]] || fail "$certs/ca.crt is there, but not its key, $ca/ca.key: set CA_DIR."
	[[ ! -f $ca/ca.key ]] || fail "$ca/ca.key is there, but not its certificate, $certs/ca.crt: set CERTS."
	write_config
	new_key "$ca/new.key"
	openssl req -new -x509 -config "$ca/openssl.cnf" -extensions authority -sha256 -days "$ca_days" \
		-subj "/O=$organisation/CN=$organisation CA" -key "$ca/new.key" -out "$ca/new.crt"
	: >"$ca/index.txt"
	echo 01 >"$ca/crlnumber"
	mv "$ca/new.key" "$ca/ca.key"
	publish "$ca/new.crt" "$certs/ca.crt"
	echo "made     $certs/ca.crt (its key is $ca/ca.key)"
}

# --- What it signs --------------------------------------------------------------------------------

# Written beside and moved, so that nginx never reads half a file.
publish() {
	chmod 644 "$1"
	mv "$1" "$2"
}

is_good() {
	[[ -f $certs/$1.crt && -f $certs/$1.key ]] || return 1
	[[ $(openssl x509 -in "$certs/$1.crt" -noout -pubkey) == "$(openssl pkey -in "$certs/$1.key" -pubout)" ]] ||
		return 1
	openssl x509 -in "$certs/$1.crt" -noout -checkend "$renew_before" >/dev/null || return 1
	openssl verify -CAfile "$certs/ca.crt" "$certs/$1.crt" >/dev/null 2>&1 || return 1
	! is_revoked "$certs/$1.crt"
}

is_revoked() {
	local serial
	serial=$(openssl x509 -in "$1" -noout -serial)
	grep -q "^R.*	${serial#serial=}	" "$ca/index.txt"
}

sign() {
	local kind=$1 name=$2 common
	common=$name
	if [[ $kind == server ]]; then common=${names%% *}; fi
	new_key "$ca/new.key"
	openssl req -new -config "$ca/openssl.cnf" -key "$ca/new.key" \
		-subj "/O=$organisation/CN=$common" -out "$ca/new.csr"
	openssl ca -batch -notext -config "$ca/openssl.cnf" -extensions "$kind" \
		-in "$ca/new.csr" -out "$ca/new.crt" 2>"$ca/openssl.log" || fail "$(cat "$ca/openssl.log")"
	rm -f "$ca/new.csr" "$ca/openssl.log"
	mv "$ca/new.key" "$certs/$name.key"
	publish "$ca/new.crt" "$certs/$name.crt"
	echo "made     $certs/$name.crt, $certs/$name.key"
}

ensure() {
	if is_good "$2"; then
		echo "kept     $certs/$2.crt, until $(openssl x509 -in "$certs/$2.crt" -noout -enddate | cut -d= -f2)"
	else
		sign "$1" "$2"
	fi
}

write_crl() {
	openssl ca -gencrl -config "$ca/openssl.cnf" -out "$ca/new.crl" 2>"$ca/openssl.log" ||
		fail "$(cat "$ca/openssl.log")"
	rm -f "$ca/openssl.log"
	publish "$ca/new.crl" "$certs/ca.crl"
	echo "made     $certs/ca.crl, until $(openssl crl -in "$certs/ca.crl" -noout -nextupdate | cut -d= -f2)"
}

revoke() {
	[[ -f $1 ]] || fail "there is no $1."
	if is_revoked "$1"; then
		echo "revoked  $1, as it was"
	else
		openssl ca -config "$ca/openssl.cnf" -revoke "$1" 2>"$ca/openssl.log" ||
			fail "$(cat "$ca/openssl.log")"
		echo "revoked  $1"
	fi
	write_crl
}

plain_name() {
	[[ $1 =~ ^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$ && $1 != ca ]] ||
		fail "a name is letters, digits, dots and dashes, and not ca: $1"
}

# --- What was asked for ---------------------------------------------------------------------------

case "${1:-} $#" in
" 0")
	make_authority
	ensure server server
	ensure client client
	write_crl
	;;
"client 2")
	plain_name "$2"
	[[ $2 != server ]] || fail "server is the server's."
	make_authority
	ensure client "$2"
	;;
"renew 2")
	plain_name "$2"
	make_authority
	kind=client
	if [[ $2 == server ]]; then kind=server; fi
	sign "$kind" "$2"
	;;
"revoke 2")
	make_authority
	revoke "$2"
	;;
"crl 1")
	make_authority
	write_crl
	;;
*)
	sed -n '2,/^$/s/^# \{0,1\}//p' "$0"
	exit 2
	;;
esac
