import type { Source } from '../../parsers/text/source.ts'
import { splitNested } from './nested-path.ts'

/** Its blocks are called as nginx's are, and its lines end without a sign. */
const OPENBSD_HTTPD =
  /^[ \t]*(?:listen[ \t]+on[ \t]+\S+[ \t]+(?:tls[ \t]+)?port[ \t]|block[ \t]+return[ \t]+\d{3}\b)/m

/** Apache is told the name of a module, and the file that has it. */
const PROFTPD_MODULE = /^[ \t]*LoadModule[ \t]+mod_\w+\.c[ \t]*$/im

/** Signs of programs whose files people keep beside those of the servers; the first that fits names it. */
const SIGNS: readonly (readonly [program: string, sign: RegExp])[] = [
  ['php-fpm', /^[ \t]*(?:pm|pm\.max_children|php_(?:admin_)?(?:value|flag)\[[^\]]*\])\s*=/m],
  ['PHP', /^\[(?:PHP|opcache|xdebug)\]|^[ \t]*(?:zend_)?extension\s*=|^[ \t]*memory_limit\s*=/m],
  ['supervisord', /^\[(?:supervisord|supervisorctl|program:|group:|unix_http_server|inet_http_server)/m],
  ['systemd', /^\[(?:Unit|Service|Socket|Timer|Install|Mount|Path|Network|Match|Link)\]/m],
  ['uWSGI', /^\[uwsgi\]/m],
  ['fail2ban', /^\[Definition\]|^[ \t]*(?:failregex|ignoreregex|bantime|findtime|ignoreip)\s*=/m],
  ['Redis', /^(?:appendonly|maxmemory|requirepass|rdbcompression|stop-writes-on-bgsave-error|sentinel) /m],
  [
    'OpenSSH',
    /^(?:PermitRootLogin|PasswordAuthentication|HostKey|PubkeyAuthentication|AuthorizedKeysFile)\s/m,
  ],
  [
    'ProFTPD',
    /^[ \t]*(?:ServerType|DefaultRoot|RequireValidShell|MaxInstances|TLSEngine)\s|^[ \t]*(?:LoadModule[ \t]+mod_\w+\.c|ModulePath|ModuleControlsACLs)\b/m,
  ],
  ['OpenBSD httpd', OPENBSD_HTTPD],
  ['c-icap', /^(?:CommandsSocket|LoadMagicFile|ServicesDir|ModulesDir|TemplateDir|Pipelining)[ \t]/m],
  [
    'ClamAV',
    /^(?:LocalSocket|ScanArchive|StreamMaxLength|DatabaseDirectory|DatabaseMirror|ScanPE|LogFileMaxSize)[ \t]/m,
  ],
  ['slapd', /^(?:argsfile|modulepath|moduleload|rootdn|suffix|olcDatabase)\s/m],
  ['Dovecot', /^[ \t]*(?:protocols|mail_location|passdb|userdb|ssl_cert)\s*(?:=|\{)/m],
  ['Postfix', /^(?:smtpd_\w+|myhostname|mynetworks|mydestination)\s*=/m],
  ['MySQL', /^\[(?:mysqld|client|mysql|mysqldump|mariadb)\]/m],
  ['PostgreSQL', /^[ \t]*(?:shared_buffers|max_connections|listen_addresses)\s*=/m],
  ['gunicorn', /^(?:bind|workers|worker_class|accesslog|wsgi_app)\s*=/m],
  ['HAProxy', /^(?:(?:frontend|backend|listen)[ \t]+[\w.*:-]+|defaults|global)(?:[ \t][^{;\n]*)?\r?\n\s+\w/m],
  ['h2o', /^(?:hosts|listen):[ \t]*(?:#.*)?\r?\n[\s\S]*\b(?:file\.dir|proxy\.reverse\.url|paths):/m],
  [
    'Squid',
    /^(?:http_access|acl|cache_dir|refresh_pattern|http_port|cache_peer|visible_hostname|auth_param|coredump_dir)[ \t]+[^=\s]/m,
  ],
  [
    'Unbound',
    /^server:[ \t]*(?:#.*)?\r?\n(?:[ \t]*(?:#.*)?\r?\n)*[ \t]+(?:interface|access-control|verbosity|do-ip[46]|local-zone|local-data|num-threads|root-hints|(?:auto-)?trust-anchor(?:-file)?|hide-identity):/m,
  ],
  ['Varnish', /^(?:vcl \d|sub vcl_\w+)|^backend \w+ \{/m],
  ['BIND', /^[ \t]*(?:zone|options|acl|view|logging)\b[^;]*\{[^}]*\b(?:type|directory|recursion|channel)\b/m],
  [
    'OpenLiteSpeed',
    /^[ \t]*(?:docRoot|vhRoot|vhDomain|extprocessor|scripthandler|virtualHostConfig|allowSymbolLink)\s/m,
  ],
  [
    'syslog-ng',
    /^@version:|^[ \t]*(?:source|destination|log|filter|parser|rewrite|template) (?:\w+ )?\{[^}=]*\b[\w-]+\s*\(/m,
  ],
  ['Sphinx', /^(?:source|index)[ \t]+\w+(?:[ \t]*:[ \t]*\w+)?\s*\{|^(?:searchd|indexer)\s*\{/m],
  [
    'Logstash',
    /^[ \t]*(?:input|filter|output)\s*\{\s*$[\s\S]*=>|^[A-Z][A-Z\d_]+ .*%\{[A-Z]\w*(?::[\w.@-]+)*\}/m,
  ],
  [
    'rsyslog',
    /^[ \t]*(?:\$(?:ModLoad|template|IncludeConfig|Action\w+|FileOwner)\b|(?:module|template|action|input|ruleset)\(\w+=|\*\.\*\s|if \$(?:programname|msg|syslog\w*|fromhost\S*)\b|:(?:msg|programname|syslogtag), )/m,
  ],
  ['logrotate', /^[ \t]*(?:rotate \d+|postrotate|copytruncate|delaycompress)\s*$/m],
  ['Monit', /^[ \t]*(?:check (?:process|system|file|host)|set (?:daemon|httpd|mailserver))\b/m],
  [
    'Nagios',
    /^[ \t]*define[ \t]+(?:(?:host|service)(?:group|dependency|escalation|extinfo)?|command|contact(?:group)?|timeperiod)[ \t]*\{/m,
  ],
  [
    'nftables',
    /^#!.*\bnft\b|^flush[ \t]+ruleset\b|^[ \t]*table[ \t]+(?:inet|ip6?|arp|bridge|netdev)[ \t]+\S+[ \t]*\{/m,
  ],
  ['Puppet', /^[ \t]*(?:class|define|node)\s[^{]*\{|^[ \t]*\w+\s*\{\s*['"][^'"]*['"]\s*:|^[ \t]*include ::/m],
  ['Netdata', /^[ \t]*(?:update_every|priority|autodetection_retry|jobs)\s*:/m],
  ['XML', /^[ \t]*<(?:\?xml|!DOCTYPE|[\w:-]+(?:\s+[\w:-]+="[^"]*")*\s*\/?>)/],
  ['YAML', /^[ \t]*(?:- )?[\w.-]+:[ \t]*[|>][-+\d]*[ \t]*$/m],
  ['JSON', /^\s*(?:\{\s*["}]|\[\s*(?:["{\]]|\[\s*["\d[]))/],
  [
    'CUPS',
    /^[ \t]*(?:SystemGroup|WebInterface|DefaultAuthType|Browsing|Browse(?:Allow|Order|Address|\w*Protocols)|PreserveJob\w+|JobPrivateAccess|<Policy)\s/m,
  ],
  ['Abyss', /^(?:MaxConn|AdvertiseServer|MimeTypes|Path)\s+\S+\s*$/m],
  ['NUT', /^(?:LISTEN [\w.:]+ \d+|MONITOR \S+@\S+ \d+ .*|[# ]*(?:MAXAGE|POLLFREQALERT|POWERDOWNFLAG) .*)$/m],
  ['devd', /^(?:notify|attach|detach|nomatch) \d+ \{/m],
  ['a script', /^#![ \t]*\//],
]

/** As much of a file as tells whose it is. */
const BEGINNING = 20_000

/** The program whose own words stand in a file; null where none do. */
export function signedProgram({ path, text, code, kept }: Source): string | null {
  // What is around a text in another file has words of its own.
  const beginning = (splitNested(kept ?? path) === null ? text : code.trimStart()).slice(0, BEGINNING)
  for (const [program, sign] of SIGNS) if (sign.test(beginning)) return program
  return null
}

/** True for a file of a program whose lines pass for those of a server, and where one of them says that they are not. */
export function isAlikeInWords({ code }: Source): boolean {
  const beginning = code.slice(0, BEGINNING)
  return OPENBSD_HTTPD.test(beginning) || PROFTPD_MODULE.test(beginning)
}

/** True for a piece of a file that e-smith makes of all pieces in a directory. */
export function isPiece(path: string): boolean {
  return /\/e-smith\/templates(?:-custom)?\//.test(path)
}

/**
 * The program that a file belongs to which is neither nginx's nor Apache's, as people call it; null where
 * nothing tells.
 */
export function otherProgram(source: Source): string | null {
  if (isPiece(source.path)) return 'e-smith, which joins it with others'
  const signed = signedProgram(source)
  if (signed !== null) return signed
  const beginning = source.text.slice(0, BEGINNING)
  if (/^[ \t]*\[[^\]\n]+\]\s*$/m.test(beginning)) return 'an INI file'
  if (/^[ \t]*[\w-]+:(?:\s|$)/m.test(beginning) && !/[;{}]\s*$/m.test(beginning)) return 'a YAML file'
  return null
}
