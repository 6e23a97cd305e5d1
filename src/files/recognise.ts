import type { Source } from '../../parsers/text/source.ts'

export type Program = 'nginx' | 'apache'

/**
 * What a file seems to be. `whole`: it can stand alone for its program. `outer`: it holds what belongs to
 * the top of a main file, which a main file may also include, so that its name decides. `inner`: the rest.
 */
export interface Recognised {
  readonly program: Program
  readonly part: 'whole' | 'outer' | 'inner'
}

/** Directives that begin fragments of nginx and mean nothing to other programs that write `name …;`. */
const NGINX_NAMES = new Set(
  (
    'access_log add_header auth_basic auth_request client_body_buffer_size client_max_body_size ' +
    'default_type error_log error_page expires fastcgi_cache_path fastcgi_index fastcgi_param ' +
    'fastcgi_pass fastcgi_split_path_info geo gzip gzip_types http2 keepalive_timeout limit_conn_zone ' +
    'limit_req limit_req_zone listen load_module log_format merge_slashes proxy_buffering ' +
    'proxy_buffers proxy_cache_path proxy_connect_timeout proxy_hide_header proxy_http_version proxy_pass ' +
    'proxy_read_timeout proxy_redirect proxy_set_header real_ip_header resolver ' +
    'scgi_pass sendfile server_name server_tokens set_real_ip_from split_clients ssl ' +
    'ssl_certificate ssl_ciphers ssl_dhparam ssl_prefer_server_ciphers ssl_protocols ssl_session_cache ' +
    'ssl_stapling sub_filter tcp_nopush try_files types_hash_max_size underscores_in_headers upstream ' +
    'uwsgi_pass worker_processes'
  ).split(' '),
)

/** Names that VCL, BIND and others share with nginx, in the shape that nginx alone gives them. */
const NGINX_SHAPE =
  /^(?:server\s*\{|location\s+\S.*\{|map\s+\S+\s+\S+\s*\{|return\s+\d{3}\b|rewrite\s+\S+\s+\S+)/

const NGINX_EVENTS = /(?:^|[;}\n])[ \t]*events\s*\{/
const NGINX_OUTER = /(?:^|[;}\n])[ \t]*(?:http|stream|mail)\s*\{|(?:^|\n)[ \t]*worker_processes\s/

const APACHE_SECTIONS = new Set(
  (
    'virtualhost directory directorymatch location locationmatch files filesmatch ifmodule ifdefine ' +
    'ifversion iffile proxy proxymatch macro limitexcept requireall requireany'
  ).split(' '),
)

const APACHE_NAMES = new Set(
  (
    'loadmodule listen servername serveralias serverroot documentroot directoryindex errorlog customlog ' +
    'logformat wsgiscriptalias wsgidaemonprocess wsgiprocessgroup wsgipythonpath wsgipythonhome proxypass ' +
    'proxypassreverse proxypreservehost rewriteengine rewriterule rewritecond scriptalias sslengine ' +
    'sslcertificatefile sslprotocol sslciphersuite setenvif setenvifnocase requestheader allowoverride ' +
    'servertokens serversignature traceenable namevirtualhost includeoptional aliasmatch redirectmatch ' +
    'keepalivetimeout maxkeepaliverequests serveradmin startservers maxrequestworkers maxclients ' +
    'addhandler addtype authname authtype authuserfile expiresactive expiresbytype setoutputfilter'
  ).split(' '),
)

const APACHE_MAIN_NAMES = new Set(['serverroot', 'pidfile', 'defaultruntimedir', 'scoreboardfile'])
const APACHE_ACTS = new Set(['loadmodule', 'listen', 'include', 'includeoptional'])

const SEMICOLON = 0x3b
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** How many lines that say something are looked at: a licence above them is not counted. */
const SIGNIFICANT_LINES = 120

/**
 * Tells nginx from Apache from everything else by the first lines that say something. Null where nothing
 * speaks for either: a file that only looks like a configuration is not audited.
 */
export function recognise(source: Source): Recognised | null {
  if (source.text.startsWith('#!') || source.text.slice(0, 1000).includes('\0')) return null
  let nginxSigns = 0
  let apacheSigns = 0
  let apacheOuter = false
  let apacheActs = false
  let depth = 0
  let seen = 0
  for (const line of significantLines(source.code)) {
    if (++seen > SIGNIFICANT_LINES) break
    if (isMarkup(line)) return null
    const word = firstWord(line).toLowerCase()
    const last = line.charCodeAt(line.length - 1)
    const isStatement = last === SEMICOLON || last === OPEN_BRACE || last === CLOSE_BRACE
    if (isStatement && (NGINX_NAMES.has(word) || NGINX_SHAPE.test(line))) {
      nginxSigns++
    } else if (line.startsWith('</')) {
      depth--
    } else if (line.startsWith('<')) {
      depth++
      if (APACHE_SECTIONS.has(sectionName(line))) apacheSigns++
    } else if (!isStatement || line.includes('${')) {
      if (APACHE_NAMES.has(word) || APACHE_MAIN_NAMES.has(word)) apacheSigns++
      if (APACHE_ACTS.has(word)) apacheActs = true
      if (depth === 0 && APACHE_MAIN_NAMES.has(word)) apacheOuter = true
    }
  }
  if (apacheSigns > nginxSigns) {
    const part = apacheOuter && apacheActs ? 'whole' : apacheOuter || apacheActs ? 'outer' : 'inner'
    return { program: 'apache', part }
  }
  const { code } = source
  if (isOtherLanguage(code)) return null
  const events = NGINX_EVENTS.test(code)
  const outer = NGINX_OUTER.test(code)
  if (events || outer) return { program: 'nginx', part: events && outer ? 'whole' : 'outer' }
  return nginxSigns > 0 ? { program: 'nginx', part: 'inner' } : null
}

function* significantLines(code: string): Generator<string> {
  let start = 0
  while (start < code.length) {
    let end = code.indexOf('\n', start)
    if (end === -1) end = code.length
    const line = code.slice(start, end).trim()
    if (line !== '' && line[0] !== '#') yield withoutComment(line)
    start = end + 1
  }
}

/** nginx takes a comment after a statement; the words before it are what tells. */
function withoutComment(line: string): string {
  if (!line.includes('#')) return line
  const comment = line.search(/[;{}]\s*#/)
  return comment === -1 ? line : line.slice(0, comment + 1)
}

function firstWord(line: string): string {
  const end = line.search(/[\s;{]/)
  return end === -1 ? line : line.slice(0, end)
}

function sectionName(line: string): string {
  const end = line.search(/[\s>]/)
  return line.slice(1, end === -1 ? undefined : end).toLowerCase()
}

/** XML and HTML close an element on its own line; `<Directory />` only looks so. */
function isMarkup(line: string): boolean {
  if (line.startsWith('<') && /^<[?!]|^<[^>]*>.*<\//.test(line)) return true
  return line.endsWith('/>') && !APACHE_SECTIONS.has(sectionName(line))
}

/** JSON, JavaScript, Go and HCL have blocks called `http` and `server` too. */
function isOtherLanguage(code: string): boolean {
  return /^\s*(?:\{|import |const |package |resource |"[^"]*"\s*:)/.test(code)
}
