/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every code of the field guide: name, what happened, its cause, the remedy.
 * The enum, `sidelock explain`, docs/errors.md and the codes in log lines are
 * all made of this list. A code, once published, keeps its meaning.
 *
 * G(title) begins a group; X(code, text, what, cause, remedy) is a row.
 */
#ifndef SIDELOCK_CONFIG_GUIDE_LIST_H
#define SIDELOCK_CONFIG_GUIDE_LIST_H

/* clang-format off */
#define GUIDE_LIST(G, X) \
    G("Configuration") \
    X(SL_CONFIG_FILE, "SL-CONFIG-FILE", \
      "the configuration file cannot be read", \
      "it does not exist, is no text file, is too large, or its owner " \
      "and mode keep us out", \
      "correct the path after -c, or chown or chmod the file for the " \
      "user that sidelock runs as") \
    X(SL_CONFIG_SYNTAX, "SL-CONFIG-SYNTAX", \
      "a line of the configuration is no section and no key", \
      "a bracket, an equals sign or a quote is missing, or the line is " \
      "too long", \
      "correct the line that the message names; config/sidelock.ini " \
      "shows every form") \
    X(SL_CONFIG_UNKNOWN, "SL-CONFIG-UNKNOWN", \
      "a section or key of that name does not exist", \
      "a slip of the pen, or a key that belongs to another section", \
      "take the nearest name that the message offers, or look it up " \
      "with sidelock --help-config") \
    X(SL_CONFIG_DUPLICATE, "SL-CONFIG-DUPLICATE", \
      "the same section or key is written twice", \
      "the file was edited in two places, or an address is listened on " \
      "twice", \
      "keep one of the two places; items of a list are separated by ';'") \
    X(SL_CONFIG_VALUE, "SL-CONFIG-VALUE", \
      "a value is not one that its key takes", \
      "a wrong unit, a word that is not in the list, or a number " \
      "outside its range", \
      "write a value as the message describes it") \
    X(SL_CONFIG_MISSING, "SL-CONFIG-MISSING", \
      "something that must be written is not there", \
      "a section or a key without a default was left out", \
      "add the line that the message shows") \
    X(SL_CONFIG_CONFLICT, "SL-CONFIG-CONFLICT", \
      "two settings contradict each other", \
      "each is allowed alone, but not together", \
      "change one of the two that the message names") \
    X(SL_CONFIG_UNSAFE, "SL-CONFIG-UNSAFE", \
      "a choice that gives up safety must be written in words", \
      "a backend on another machine, or clients admitted without a rule", \
      "choose the safe form, or write the key that the message names if " \
      "it is meant") \
    X(SL_CONFIG_UNUSED, "SL-CONFIG-UNUSED", \
      "a setting has no effect", \
      "what it belongs to is switched off or does not exist", \
      "remove it, or switch on what it belongs to") \
    X(SL_CONFIG_RESTART, "SL-CONFIG-RESTART", \
      "a changed setting needs a restart", \
      "the reload took everything else; this key is read only at start", \
      "restart sidelock when it suits; until then the old value holds") \
    G("Files") \
    X(SL_FILE_MISSING, "SL-FILE-MISSING", \
      "a file is not there", \
      "the path is wrong, it is relative to another folder, or its " \
      "mount or secret has not come yet", \
      "correct the path; for a server's certificate that comes later write " \
      "on_missing = wait") \
    X(SL_FILE_DENIED, "SL-FILE-DENIED", \
      "we may not read a file", \
      "owner and mode of the file, or of a folder above it, keep the " \
      "user out that sidelock runs as", \
      "chown or chmod as the message shows; sidelock check as that user " \
      "proves it") \
    X(SL_FILE_KIND, "SL-FILE-KIND", \
      "what the path names is no file of use", \
      "a folder, a device, an empty file, or one of absurd size", \
      "name the file itself; an empty one was cut off while it was " \
      "written") \
    X(SL_FILE_READ, "SL-FILE-READ", \
      "a file cannot be read", \
      "an error of the disk or of the network file system", \
      "look at the system's log; then reload") \
    X(SL_FILE_CHANGING, "SL-FILE-CHANGING", \
      "files changed while they were being read", \
      "somebody was writing them at that moment", \
      "nothing: they are read again by themselves; write to a new name " \
      "and rename it to avoid it") \
    X(SL_MOUNT_FIXED, "SL-MOUNT-FIXED", \
      "a file is mounted so that it will never change here", \
      "a Kubernetes subPath or a bind mount of one file shows the old " \
      "file for ever, also when its source is replaced", \
      "mount the folder instead of the file, or restart after each " \
      "renewal") \
    G("Private keys and certificates") \
    X(SL_PEM_BROKEN, "SL-PEM-BROKEN", \
      "a PEM block is damaged", \
      "no END line, or characters that are not base64; the file was cut " \
      "off or edited", \
      "copy the file again, whole") \
    X(SL_FORMAT_UNKNOWN, "SL-FORMAT-UNKNOWN", \
      "a file is in none of the formats that are read", \
      "PEM, DER and PKCS#12 are; Java's JKS and others are not, nor is a " \
      "file that was cut off", \
      "convert it with the command in the message, or copy it again") \
    X(SL_CERT_NONE, "SL-CERT-NONE", \
      "no certificate is in the file", \
      "it holds only a key, a request, or something else", \
      "name the file with -----BEGIN CERTIFICATE-----") \
    X(SL_CERT_UNREADABLE, "SL-CERT-UNREADABLE", \
      "a certificate cannot be parsed", \
      "it is damaged, or not X.509 version 3", \
      "look at it with openssl x509 -noout -text; have it issued anew") \
    X(SL_CERT_REFUSED, "SL-CERT-REFUSED", \
      "the TLS library does not take the certificate", \
      "its algorithm, size or structure is outside what it supports", \
      "have it issued with an ECDSA P-256 or RSA-2048 key and SHA-256") \
    X(SL_KEY_NONE, "SL-KEY-NONE", \
      "no private key is in the file", \
      "it holds only certificates, or the key is in another file", \
      "name the file with -----BEGIN PRIVATE KEY-----") \
    X(SL_KEY_UNREADABLE, "SL-KEY-UNREADABLE", \
      "a private key cannot be parsed", \
      "it is damaged, or of an unknown kind", \
      "look at it with openssl pkey -noout -text; make a new one if it " \
      "is lost") \
    X(SL_KEY_MISMATCH, "SL-KEY-MISMATCH", \
      "the private key does not belong to the certificate", \
      "one of the two files was replaced and the other not, or the " \
      "paths are crossed", \
      "install the key that the certificate was requested with; openssl " \
      "pkey -pubout and openssl x509 -pubkey must print the same") \
    X(SL_KEY_WEAK, "SL-KEY-WEAK", \
      "the key is too short", \
      "RSA under 2048 bits or a curve under 256 bits; clients refuse it", \
      "make a new key: openssl genpkey -algorithm EC -pkeyopt " \
      "ec_paramgen_curve:P-256") \
    X(SL_KEY_UNSUPPORTED, "SL-KEY-UNSUPPORTED", \
      "the kind of key is not supported", \
      "ECDSA on P-256 and P-384, RSA from 2048 to 4096 bits and Ed25519 " \
      "are", \
      "have the certificate issued for such a key") \
    X(SL_KEY_LEGACY, "SL-KEY-LEGACY", \
      "the key's encryption is too old to be read", \
      "old PEM encryption derives its key with MD5", \
      "encrypt it anew: openssl pkcs8 -topk8 -in OLD -out NEW") \
    X(SL_KEY_EXPOSED, "SL-KEY-EXPOSED", \
      "everybody on this machine can read the private key", \
      "its mode lets others in", \
      "chmod 600 the file, or write allow_exposed_key = yes if that is " \
      "meant") \
    X(SL_KEY_GROUP, "SL-KEY-GROUP", \
      "the group of the file can read the private key", \
      "Kubernetes' fsGroup makes files 0440; elsewhere it may be a slip", \
      "nothing where the group is meant; else chmod 600") \
    X(SL_PASSWORD_MISSING, "SL-PASSWORD-MISSING", \
      "a key or keystore is encrypted, and no password is given", \
      "password_file, password_env and password_credential are all " \
      "empty, or what they name holds nothing", \
      "write password_file = FILE in its [certificate], ca_password_file in " \
      "[clients] for a truststore") \
    X(SL_PASSWORD_WRONG, "SL-PASSWORD-WRONG", \
      "the password does not open the key or keystore", \
      "it was changed, or has a stray space; one line end at its end is " \
      "ignored", \
      "try it: openssl pkey -in FILE -passin file:PASSWORDFILE") \
    X(SL_PASSWORD_WEAK, "SL-PASSWORD-WEAK", \
      "the password is none", \
      "it is empty, or the well-known \"changeit\"", \
      "choose another: openssl pkcs12 -export, or keytool -storepasswd") \
    X(SL_PASSWORD_UNUSED, "SL-PASSWORD-UNUSED", \
      "a password is given, and nothing is encrypted", \
      "the key was replaced by an unencrypted one", \
      "remove the password, or encrypt the key") \
    X(SL_KEYSTORE_BROKEN, "SL-KEYSTORE-BROKEN", \
      "a PKCS#12 file cannot be read", \
      "it is damaged or cut off", \
      "look at it with openssl pkcs12 -info -noout; export it again") \
    X(SL_KEYSTORE_LEGACY, "SL-KEYSTORE-LEGACY", \
      "a PKCS#12 file is encrypted in a way that is not read", \
      "RC2 or 3DES, as old Windows and openssl -legacy write it, or the " \
      "newer PBMAC1", \
      "convert it with the commands in the message") \
    X(SL_KEYSTORE_KEYLESS, "SL-KEYSTORE-KEYLESS", \
      "a keystore holds no private key", \
      "it is a truststore, or was exported without its key", \
      "export it with the key: openssl pkcs12 -export -inkey KEY -in " \
      "CERT") \
    X(SL_SELECT_NONE, "SL-SELECT-NONE", \
      "no identity fits select_subject and select_issuer", \
      "no certificate with a key has that text in its subject or issuer", \
      "correct the text; the message lists what there is") \
    X(SL_SELECT_SEVERAL, "SL-SELECT-SEVERAL", \
      "more than one identity could be meant", \
      "the file or keystore holds several pairs", \
      "write select_subject or select_issuer so that one is left; the " \
      "message lists them") \
    X(SL_USAGE_SERVER, "SL-USAGE-SERVER", \
      "the certificate is not for servers", \
      "its extended key usage lacks serverAuth", \
      "have it issued for TLS servers") \
    X(SL_SIGNATURE_SHA1, "SL-SIGNATURE-SHA1", \
      "a certificate is signed with SHA-1 or MD5", \
      "such signatures can be forged, and clients refuse them", \
      "have it issued anew with SHA-256") \
    G("Chains, names and dates") \
    X(SL_CHAIN_INCOMPLETE, "SL-CHAIN-INCOMPLETE", \
      "a certificate between the leaf and the root is missing", \
      "the file lacks an intermediate, or holds the wrong one; clients " \
      "say \"unable to get local issuer\"", \
      "append the certificate of the issuer that the message names") \
    X(SL_CHAIN_ORDER, "SL-CHAIN-ORDER", \
      "the certificates are out of order", \
      "the file was put together in another order than leaf first", \
      "nothing breaks, they are served in order; sort the file") \
    X(SL_CHAIN_EXTRA, "SL-CHAIN-EXTRA", \
      "a certificate does not belong to the chain", \
      "an old intermediate was left in the file, or it is the wrong one", \
      "remove it, or replace it by the leaf's issuer") \
    X(SL_CHAIN_LONG, "SL-CHAIN-LONG", \
      "there are too many certificates", \
      "more than a TLS library takes", \
      "remove what does not belong") \
    X(SL_NAME_MISMATCH, "SL-NAME-MISMATCH", \
      "the certificate does not cover server_name", \
      "it was issued for other names, or server_name has a slip", \
      "have it issued for that name, or correct server_name; the " \
      "message lists the names found") \
    X(SL_NAME_NONE, "SL-NAME-NONE", \
      "the certificate has no subject alternative name", \
      "an old or home-made one, with a CN only; most clients refuse it", \
      "have it issued with one: openssl req -addext " \
      "subjectAltName=DNS:NAME") \
    X(SL_NAME_TWICE, "SL-NAME-TWICE", \
      "two certificates cover the same name with the same kind of key", \
      "only the first one written is served for it, or the one of them " \
      "that is valid", \
      "remove the other") \
    X(SL_NAME_FORM, "SL-NAME-FORM", \
      "a name is not in its A-form", \
      "international names stand in certificates as xn--...", \
      "write it as the certificate has it: idn2 NAME") \
    X(SL_EXPIRED, "SL-EXPIRED", \
      "a certificate has expired", \
      "it was not renewed, or the renewed file was not installed", \
      "renew it now; until then a server's is served on, and clients that " \
      "verify refuse it; with a client's or its CA's nobody comes in") \
    X(SL_EXPIRES_SOON, "SL-EXPIRES-SOON", \
      "a certificate is about to expire", \
      "the warning begins warn_days before the end", \
      "renew it; a changed file is taken up by itself") \
    X(SL_NOT_YET_VALID, "SL-NOT-YET-VALID", \
      "a certificate is not valid yet", \
      "its first day is to come, or this machine's clock is wrong", \
      "compare date -u; wait, or have it issued anew") \
    X(SL_RELOAD_WORSE, "SL-RELOAD-WORSE", \
      "a reload would replace a valid certificate by one that is not", \
      "the new files are expired or not yet valid", \
      "install a valid one; the old one is served on") \
    X(SL_PROOF_FAILED, "SL-PROOF-FAILED", \
      "a trial handshake with the certificate fails", \
      "what was loaded does not work with tls.ciphers, tls.groups or " \
      "the versions, or the chain breaks a rule", \
      "see the reason in the message; clients would have met it too") \
    X(SL_DIR_EMPTY, "SL-DIR-EMPTY", \
      "certificate_dir holds no pair", \
      "no NAME.crt with NAME.key, no NAME.pem with both, no folder with " \
      "fullchain.pem and privkey.pem", \
      "put a pair there, or remove certificate_dir") \
    X(SL_DIR_UNPAIRED, "SL-DIR-UNPAIRED", \
      "a file in certificate_dir has no counterpart", \
      "a certificate without its key, or the other way round", \
      "add what is missing or remove the file") \
    X(SL_CERT_WAITING, "SL-CERT-WAITING", \
      "a service waits for its certificate", \
      "on_missing = wait, and the pair is not good yet", \
      "install it; the service then begins to listen by itself") \
    X(SL_PLAINTEXT, "SL-PLAINTEXT", \
      "a service serves WITHOUT encryption", \
      "on_missing = plaintext, and the pair was not good at start", \
      "install a good pair and reload: it then becomes TLS and never " \
      "falls back by itself") \
    X(SL_LEVEL_NONE, "SL-LEVEL-NONE", \
      "a service lets clients choose plaintext", \
      "required_level = none, which is for the time of a migration", \
      "switch on TLS in the clients that sidelock status lists, then " \
      "write required_level = tls") \
    G("OCSP staples") \
    X(SL_STAPLE_MISSING, "SL-STAPLE-MISSING", \
      "the certificate demands a staple, and there is none", \
      "it was issued with must-staple; clients refuse it without", \
      "fetch one: scripts/refresh-staple.sh CERT, from a timer") \
    X(SL_STAPLE_BROKEN, "SL-STAPLE-BROKEN", \
      "a staple cannot be used", \
      "the file is no OCSP response, or says that the responder could " \
      "not answer", \
      "fetch it anew: scripts/refresh-staple.sh CERT") \
    X(SL_STAPLE_OTHER, "SL-STAPLE-OTHER", \
      "a staple is of another certificate", \
      "it was fetched before the certificate was renewed", \
      "fetch it anew: scripts/refresh-staple.sh CERT") \
    X(SL_STAPLE_SIGNER, "SL-STAPLE-SIGNER", \
      "a staple is not signed by whom it should be", \
      "neither the issuer nor a responder that it appointed signed it", \
      "fetch it from the certificate's own responder") \
    X(SL_STAPLE_EXPIRED, "SL-STAPLE-EXPIRED", \
      "a staple is outside its dates", \
      "the timer that refreshes it did not run", \
      "fetch it anew: scripts/refresh-staple.sh CERT; until then none " \
      "is sent") \
    X(SL_STAPLE_REVOKED, "SL-STAPLE-REVOKED", \
      "the staple says that the certificate is revoked", \
      "its CA has withdrawn it", \
      "find out why, and have another issued") \
    G("TLS settings") \
    X(SL_CIPHER_UNKNOWN, "SL-CIPHER-UNKNOWN", \
      "a cipher suite of that name is not known", \
      "it is written as another library does, or is one that we do not " \
      "serve", \
      "take a name from the list in the message") \
    X(SL_GROUP_UNKNOWN, "SL-GROUP-UNKNOWN", \
      "a group of that name is not known", \
      "X25519MLKEM768, X25519, P-256 and P-384 are", \
      "take one of these") \
    X(SL_ALPN_VALUE, "SL-ALPN-VALUE", \
      "an ALPN name cannot be used", \
      "it is longer than 255 bytes or holds a comma, or there are too " \
      "many", \
      "write protocol names such as h2; http/1.1") \
    X(SL_TICKET_FILE, "SL-TICKET-FILE", \
      "a file of ticket keys cannot be used", \
      "each line holds the base64 of 32 to 128 bytes, the first seals " \
      "and the rest open", \
      "make a key: openssl rand -base64 48; put new ones in front") \
    X(SL_CA_NONE, "SL-CA-NONE", \
      "no CA could be loaded", \
      "clients.ca is empty or names files without certificates", \
      "write ca = FILE in [clients], with a CA's certificate in the file") \
    X(SL_CA_NOT, "SL-CA-NOT", \
      "a certificate in clients.ca is no CA", \
      "its basic constraints or key usage do not let it sign; a client " \
      "could vouch for others", \
      "put only CA certificates into the file; a client's own belongs into " \
      "clients.trusted_certs") \
    X(SL_CA_SYSTEM, "SL-CA-SYSTEM", \
      "every public CA vouches for clients", \
      "clients.ca = system means those that browsers believe; anybody can " \
      "have a certificate of one of them", \
      "name the CA that issues your clients' certificates; with system, " \
      "rules must name each client exactly") \
    G("Revocation lists and trusted certificates") \
    X(SL_CRL_BROKEN, "SL-CRL-BROKEN", \
      "a revocation list cannot be read", \
      "it is damaged, cut off, or no revocation list", \
      "look at it with openssl crl -noout -text -in FILE; fetch it again") \
    X(SL_CRL_KIND, "SL-CRL-KIND", \
      "a revocation list does not say which certificates are good", \
      "it is a delta, indirect or partial one, or has a critical " \
      "extension that is not understood (RFC 5280, section 5.2)", \
      "have the CA publish a complete list of its own") \
    X(SL_CRL_ISSUER, "SL-CRL-ISSUER", \
      "a revocation list is of a CA that is not in clients.ca", \
      "it is of another CA, or the CA's certificate is missing", \
      "append that CA's certificate to a file of clients.ca, or remove " \
      "the list") \
    X(SL_CRL_SIGNER, "SL-CRL-SIGNER", \
      "a revocation list is not signed by its CA", \
      "the CA has another key now, its key usage lacks cRLSign, or the " \
      "signature is older than SHA-256", \
      "prove it: openssl crl -noout -CAfile CA -in FILE; fetch it again") \
    X(SL_CRL_ABSENT, "SL-CRL-ABSENT", \
      "there is no revocation list of a CA", \
      "clients.crl names lists of other CAs only", \
      "fetch that CA's list, too, or write crl_policy = soft to let its " \
      "clients in unchecked") \
    X(SL_CRL_STALE, "SL-CRL-STALE", \
      "a revocation list is outside its dates", \
      "whatever fetches it did not run, or this machine's clock is wrong", \
      "fetch it anew; until then crl_policy decides what becomes of the " \
      "clients of that CA") \
    X(SL_CRL_SOON, "SL-CRL-SOON", \
      "a revocation list is about to run out", \
      "its nextUpdate is near, and there is no newer one", \
      "fetch it anew; a changed file is taken up by itself") \
    X(SL_PIN_KEY, "SL-PIN-KEY", \
      "a private key is in a file of trusted certificates", \
      "the client's own file was copied whole; its key belongs to the " \
      "client alone", \
      "copy only the certificate: openssl x509 -in FILE -out NEW; have " \
      "the client make a new key if others could read it") \
    X(SL_PIN_VALUE, "SL-PIN-VALUE", \
      "an entry of trusted_keys is no SHA-256 of a public key", \
      "it is cut off, of another hash, or of the certificate instead of " \
      "its key", \
      "make it with the command in the message") \
    X(SL_ENROLL, "SL-ENROLL", \
      "a fingerprint cannot be approved or revoked", \
      "it is no SHA-256 fingerprint, is not among those listed, or fits " \
      "several", \
      "sidelock clients lists them; give more digits, or all 64") \
    X(SL_ENROLL_FILE, "SL-ENROLL-FILE", \
      "the list of approved clients cannot be changed", \
      "no service has clients.enroll, or its file or folder may not be " \
      "written", \
      "write enroll = FILE in [clients]; run the command as who may " \
      "write the folder") \
    X(SL_ENROLL_WRITABLE, "SL-ENROLL-WRITABLE", \
      "everybody on this machine can approve clients", \
      "the mode of the file of clients.enroll lets others write it", \
      "chmod o-w the file; then look through its lines") \
    G("The process") \
    X(SL_MEMORY, "SL-MEMORY", \
      "memory is short", \
      "the machine or the container's limit is exhausted", \
      "raise the limit; what was running goes on") \
    X(SL_START, "SL-START", \
      "the process cannot start", \
      "the system refused a thread, a pipe, or random numbers", \
      "see the reason in the message, and the limits of the service") \
    X(SL_LISTEN, "SL-LISTEN", \
      "an address cannot be listened on", \
      "another program has it, the port is below 1024, or the address " \
      "is not of this machine", \
      "see who has it: ss -ltnp; choose another, or grant " \
      "CAP_NET_BIND_SERVICE") \
    X(SL_DESCRIPTORS, "SL-DESCRIPTORS", \
      "the limit of open files is too low for the settings", \
      "two descriptors are needed per connection", \
      "raise LimitNOFILE= or ulimit -n, or lower max_connections") \
    X(SL_LOG_OUTPUT, "SL-LOG-OUTPUT", \
      "the log cannot be written", \
      "its file or folder cannot be opened", \
      "correct log.output, or chown its folder") \
    X(SL_PID_FILE, "SL-PID-FILE", \
      "the pid file cannot be written", \
      "its folder is missing or closed to us", \
      "correct process.pid_file, or leave it out") \
    X(SL_ADMIN, "SL-ADMIN", \
      "the admin socket cannot be used", \
      "its path is missing, too long, closed to us or in use, or nobody " \
      "answers", \
      "correct admin.listen; the same configuration must be given to " \
      "the command") \
    X(SL_RELOAD_BUSY, "SL-RELOAD-BUSY", \
      "a reload was not tried", \
      "the process is draining, or another reload is under way", \
      "try again, or start it anew") \
    G("Check") \
    X(SL_LISTEN_TAKEN, "SL-LISTEN-TAKEN", \
      "an address to listen on is in use", \
      "another program has it, or sidelock is already running", \
      "nothing, if that is the sidelock to be replaced; else see ss " \
      "-ltnp") \
    X(SL_BACKEND_DOWN, "SL-BACKEND-DOWN", \
      "the backend does not answer", \
      "it is not running, listens elsewhere, or a firewall is between", \
      "start it, or correct service.backend") \
    G("Connections") \
    X(SL_CLIENT_PLAINTEXT, "SL-CLIENT-PLAINTEXT", \
      "a client did not speak TLS", \
      "it was configured without TLS, or a probe sent something else", \
      "switch on TLS in the client") \
    X(SL_CLIENT_HELLO, "SL-CLIENT-HELLO", \
      "a client's first message is no usable ClientHello", \
      "a broken client, a scanner, or a message of absurd size", \
      "find the client by its address; nothing on this side") \
    X(SL_CLIENT_VERSION, "SL-CLIENT-VERSION", \
      "client and service have no TLS version in common", \
      "an old client: \"Authentication Failed\" or a closed connection " \
      "is all it shows", \
      "update the client; or lower tls.min_version (TLS 1.0 and 1.1 are " \
      "not supported)") \
    X(SL_CLIENT_CIPHER, "SL-CLIENT-CIPHER", \
      "client and service have no cipher suite or signature in common", \
      "the client is old, or tls.ciphers is narrow, or the " \
      "certificate's kind of key is not known to it", \
      "widen tls.ciphers, or add a certificate with the other kind of " \
      "key") \
    X(SL_CLIENT_GROUP, "SL-CLIENT-GROUP", \
      "client and service have no group in common", \
      "tls.groups is narrow, or the client knows only others", \
      "widen tls.groups") \
    X(SL_CLIENT_ALPN, "SL-CLIENT-ALPN", \
      "client and service have no application protocol in common", \
      "tls.alpn does not hold what the client offers", \
      "add it to tls.alpn, or write alpn_mismatch = ignore") \
    X(SL_CLIENT_SNI, "SL-CLIENT-SNI", \
      "a client asked for a name that no certificate covers", \
      "unknown_sni = refuse, and the name is not ours", \
      "add a certificate for it, correct the client's host name, or " \
      "write unknown_sni = default") \
    X(SL_CLIENT_DISTRUSTS, "SL-CLIENT-DISTRUSTS", \
      "the client refuses our certificate", \
      "it does not know the CA, as with a self-signed one; or an " \
      "intermediate is missing", \
      "give the client the CA's certificate; see sidelock check for the " \
      "chain") \
    X(SL_CLIENT_SEES_EXPIRED, "SL-CLIENT-SEES-EXPIRED", \
      "the client refuses our certificate as expired", \
      "it is expired, or the client's clock is wrong", \
      "renew the certificate; compare both clocks") \
    X(SL_CLIENT_SEES_OTHER, "SL-CLIENT-SEES-OTHER", \
      "the client refuses our certificate", \
      "the name or the address that it connected to is not in the " \
      "certificate, or its use is wrong", \
      "connect by a name that the certificate covers; the status lists " \
      "them") \
    X(SL_CLIENT_LEFT, "SL-CLIENT-LEFT", \
      "a client left during the handshake", \
      "it was stopped, or its user declined a warning about the " \
      "certificate", \
      "nothing, unless it happens often; then look at the client's log") \
    X(SL_CLIENT_SLOW, "SL-CLIENT-SLOW", \
      "a client did not finish its handshake in time", \
      "a slow network, a scanner that says nothing, or " \
      "timeouts.handshake is short", \
      "nothing, or raise timeouts.handshake") \
    X(SL_CLIENT_REFUSED, "SL-CLIENT-REFUSED", \
      "a client showed no certificate", \
      "the service demands one, and the client has none, or none that it " \
      "deems fit", \
      "give the client a certificate and its key; or write " \
      "client_certificate = optional") \
    X(SL_CLIENT_UNKNOWN_CA, "SL-CLIENT-UNKNOWN-CA", \
      "nobody known vouches for a client's certificate", \
      "its CA is not in clients.ca, the client sends no intermediates, or " \
      "it is self-signed", \
      "add the CA to clients.ca, or this certificate to " \
      "clients.trusted_certs; or give the client its intermediates") \
    X(SL_CLIENT_EXPIRED, "SL-CLIENT-EXPIRED", \
      "a client's certificate is outside its dates", \
      "it has expired or is not valid yet, or a CA on its way is; or a " \
      "clock is wrong", \
      "renew it; compare both clocks") \
    X(SL_CLIENT_PURPOSE, "SL-CLIENT-PURPOSE", \
      "a client's certificate is not for clients", \
      "its extended key usage lacks clientAuth", \
      "issue one with clientAuth; or write eku = if-present for those " \
      "without any usage") \
    X(SL_CLIENT_CHAIN, "SL-CLIENT-CHAIN", \
      "a client's certificate or its chain is not sound", \
      "it cannot be read, a signature is wrong, or a CA goes beyond what " \
      "it may do", \
      "issue it anew; the message says what is wrong") \
    X(SL_CLIENT_REVOKED, "SL-CLIENT-REVOKED", \
      "a client's certificate is revoked", \
      "its CA has put it on a list, or says so when asked", \
      "issue a new one, if the client is to come in") \
    X(SL_CLIENT_CRL, "SL-CLIENT-CRL", \
      "no valid revocation list tells about a client", \
      "clients.crl has none of its CA, or that has run out", \
      "fetch the CA's current list, and have a timer fetch it; or write " \
      "crl_policy = soft") \
    X(SL_CLIENT_OCSP, "SL-CLIENT-OCSP", \
      "nobody could tell whether a client is revoked", \
      "the OCSP responder does not answer, or what it answers cannot be " \
      "used", \
      "look at the responder, or clients.ocsp_url; or write ocsp = soft") \
    X(SL_CLIENT_DENIED, "SL-CLIENT-DENIED", \
      "a deny_ rule keeps a client out", \
      "its certificate is good, and a rule of [clients] names it", \
      "nothing; or take the rule away and reload") \
    X(SL_CLIENT_NOT_ALLOWED, "SL-CLIENT-NOT-ALLOWED", \
      "no rule lets a client in", \
      "its certificate is good, and no allow_ rule of [clients] names it", \
      "add a rule, or its name to clients.allow_file, and reload") \
    X(SL_CLIENT_PENDING, "SL-CLIENT-PENDING", \
      "a client is not approved yet", \
      "clients.enroll does not list its certificate", \
      "see sidelock clients; then sidelock authorize FINGERPRINT") \
    X(SL_CLIENT_NAME, "SL-CLIENT-NAME", \
      "a client's certificate does not name the host it comes from", \
      "peer_name = reverse-dns, and the DNS knows the address by another " \
      "name, or by none", \
      "correct the PTR record, or issue a certificate for that name") \
    X(SL_CLIENT_NO_LONGER, "SL-CLIENT-NO-LONGER", \
      "a connection was ended because its client may not come in any more", \
      "a reload changed whom to trust (on_trust_change = close), or its " \
      "certificate has run out (end_on_client_expiry)", \
      "nothing; the client may try again and is told why it is refused") \
    X(SL_CLIENT_TLS, "SL-CLIENT-TLS", \
      "the TLS stream of a client broke", \
      "a bad record, an alert in the middle, or a network that changes " \
      "bytes", \
      "the client connects again; if it recurs, look for what is " \
      "between") \
    X(SL_CLIENT_TRUNCATED, "SL-CLIENT-TRUNCATED", \
      "a client's stream was cut off", \
      "it ended without close_notify: a crash, a broken network, or a " \
      "client that never sends one", \
      "write truncation = pass for clients that never send close_notify") \
    X(SL_BACKEND_UNREACHABLE, "SL-BACKEND-UNREACHABLE", \
      "no backend accepted a connection", \
      "it is not running, or listens elsewhere", \
      "start it, or correct service.backend") \
    X(SL_BACKEND_TIMEOUT, "SL-BACKEND-TIMEOUT", \
      "no backend answered in time", \
      "it hangs or its queue is full, or a firewall drops packets", \
      "look at the backend; or raise timeouts.connect") \
    X(SL_BACKEND_RESET, "SL-BACKEND-RESET", \
      "the backend reset a connection", \
      "it crashed or refused what the client sent", \
      "look at the backend's log") \
    X(SL_INTERNAL, "SL-INTERNAL", \
      "something went wrong inside that should not", \
      "a defect in sidelock or in the TLS library; this connection " \
      "ended, the others go on", \
      "report it with the log line; the client may connect again")
/* clang-format on */

#endif
