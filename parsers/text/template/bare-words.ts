import { escapePattern } from '../escape-pattern.ts'
import { LONGEST_LINE } from '../limits.ts'
import { wordFor } from '../placeholder.ts'
import { standsForLines } from './stands-for-lines.ts'

/** Lines with an address, and lines with a name, and what stands in them. */
const ADDRESS_LINE =
  /(?:^|[;{])[ \t]*<?(?:(?:listen|virtualhost|namevirtualhost|server|(?:proxy|fastcgi|uwsgi|scgi|grpc)_pass)[ \t]+|proxypass(?:reverse)?[ \t]+\S+[ \t]+)(?:https?:\/\/)?([^\s;>#{]+)/gim
const NAME_LINE = /(?:^|[;{])[ \t]*(?:server_name|servername|serveralias|user|group)[ \t]+([^\n;#~]*)/gim
/** Lines with a path or a name in which a word such as `USERNAME` is to be filled in. */
const PATH_LINE =
  /(?:^|[;{])[ \t]*<?(?:root|alias|server_name|documentroot|directory|servername|serveralias|ssl_certificate(?:_key)?|sslcertificate\w*|(?:script)?alias|wsgiscriptalias|user|group)[ \t]+([^\n;#~]*)/gim
const BARE = /USERNAME|DOMAIN|SITENAME|HOSTNAME|SERVERNAME|PROJECTNAME|APPNAME/
const BARE_WORDS =
  /(?<![\w$%{@.-])(?:YOUR|MY)?(?:USERNAME|DOMAIN(?:NAME)?|SITENAME|HOSTNAME|SERVERNAME|PROJECTNAME|APPNAME)(?!\w)/g
const CAPITALS = /(?<![\w$%{@.-])[A-Z][A-Z\d]*(?:_[A-Z\d]+)+\b(?![.\w])/g
/** Names that nothing is called by, and what stands for it is. */
const STANDS_FOR =
  /DOMAIN|HOST|NAME|SERVER|PORT|ADDR|IP|URL|USER|GROUP|PATH|ROOT|FQDN|YOUR|CHANGE|REPLACE|^PH_/
/** A backend that is one such word: nginx takes none without a scheme, and names of its own it writes as it likes. */
const WHOLE_PASS = /^[ \t]*(?:proxy|fastcgi|uwsgi|scgi|grpc)_pass[ \t]+([A-Z][A-Z\d]*(?:_[A-Z\d]+)+)[ \t]*;/gm
/** Lines with a URL that a client is sent to, and the port in it. */
const URL_PORT =
  /^[ \t]*(?:return|rewrite|redirect\w*)\b[^\n#]*?:\/\/[^\s:/;]+:([A-Z][A-Z\d]*(?:_[A-Z\d]+)+)\b/gim
const HOST_WORD = /^[A-Za-z_]*(?:IP|ip|host|HOST|Host|addr|ADDR|Addr|domain|DOMAIN|Domain)[A-Za-z_]*$/

/** Lines with a time, a size or a number. */
const NUMBER_LINE =
  /(?:^|[;{])[ \t]*(?:\w+_(?:timeout|size|buffers|requests|time|rate|tries)|expires|keepalive|worker_(?:processes|connections|rlimit_nofile)|(?:keepalive|proxy)?timeout|limitrequest\w+|max(?:requestworkers|keepaliverequests|connectionsperchild)|threadsperchild|startservers|serverlimit)[ \t]+([^\n#]*)/gim
/** Options of mod_wsgi that are numbers: `processes=APP_WORKERS`. */
const NUMBER_OPTION =
  /(?<=[ \t])(?:processes|threads|umask|[a-z-]+-(?:timeout|requests|backlog|interval))=([A-Z][A-Z\d]*(?:_[A-Z\d]+)+)\b/g
/** A word in capitals or that ends in some, `APP_TIMEOUT` and `timeoutSECONDS`, with a unit behind it or not. */
const CAPITAL_NUMBER =
  /(?<![\w$%{@.-])([A-Z][A-Z\d]*(?:[_-][A-Z\d]+)+|[a-z]+[A-Z]{4,}|CHANGEME|TODO|FIXME|TBD|X{2,}|x{3,})(?=(?:ms|[smhdwyMkKgG])?[ \t\r]*(?:;|$))/g
/** Capitals right before a unit, `MAXSIZEm` and `maxMBs`: no word of English ends so, and no number. */
const CAPITALS_WITH_UNIT =
  /(?<![\w$%{@.-])([A-Za-z]*[A-Z]{2,}|[A-Z]+__|__[A-Z]+)(?=(?:ms|[smhdwykg])[ \t\r]*(?:;|$))/g
/** A word between marks, `--SIZE--M` and `[time]s`, which no number has: the marks are those of the file. */
const BETWEEN_MARKS =
  /(?<=^|[ \t])(\$?[^\w\s;{}"'#$\\/.\uE000-\uF8FF][^\w\s;{}"'\\/.\uE000-\uF8FF]{0,2})([A-Za-z][A-Za-z_]*)([^\w\s;{}"'\\.\uE000-\uF8FF]{1,3})(?=(?:ms|[smhdwyMkKgG])?[ \t\r]*(?:;|$))/g

/** A value of a number that ends in no digit: few files have any. */
const NO_NUMBER = /(?:[A-Z]{2}|X|xxx|__|[^\w\s;{}"'.,/\\*+?$])(?:ms|[smhdwyMkKgG])?[ \t\r]*(?:;|$)/m

/** A word in capitals that has a line to itself. */
const LONE_WORD = /^[ \t]*[A-Z][A-Z\d]*(?:_[A-Z\d]+)+[ \t]*\r?$/gm

/**
 * Plain words where they cannot be meant: a port that is no number (`directIP:directPORT`), a name in capitals
 * (`PH_HTTPS_PORT`, `YOUR_DOMAIN`), for which all that begin like it count.
 */
export function maskBareWords(text: string): string {
  const patterns = new Set<string>()
  if (hasPortWord(text)) {
    for (const [, address = ''] of text.matchAll(ADDRESS_LINE)) {
      const [, host = '', port = ''] =
        /^(?:([A-Za-z_][\w-]*|\[[^\]]*\]|\d+(?:\.\d+){3}|\*):)?(\w+(?:-\w+)*)(?:\/.*)?$/.exec(address) ?? []
      if (/^\d/.test(port) || !(host === '' ? /^[A-Z_]*PORT[A-Z_]*$/ : /port/i).test(port)) continue
      patterns.add(`(?<!\\w)${port}\\b`)
      if (HOST_WORD.test(host) && host !== 'localhost') patterns.add(`(?<!\\w)${host}\\b`)
    }
  }
  if (BARE.test(text))
    for (const [, value = ''] of text.matchAll(PATH_LINE))
      for (const [word] of value.matchAll(BARE_WORDS)) patterns.add(`(?<![\\w$%{@.-])${word}(?![\\w])`)
  if (hasCapitals(text)) {
    for (const { 0: line, index } of [...text.matchAll(LONE_WORD)].slice(0, MOST_WORDS))
      if (standsForLines(text, index))
        patterns.add(`(?<=(?:^|\\n)[ \\t]*)${line.trim()}(?=[ \\t\\r]*(?:\\n|$))`)
    for (const line of [ADDRESS_LINE, NAME_LINE])
      for (const [, value = ''] of text.matchAll(line))
        for (const [word] of value.matchAll(CAPITALS))
          if (STANDS_FOR.test(word))
            patterns.add(`(?<![\\w$%{@])${word.slice(0, word.indexOf('_'))}_[A-Z\\d_]+\\b`)
    for (const word of wholeWords(text)) patterns.add(`(?<![\\w$%{@])${word}\\b`)
  }
  if (NO_NUMBER.test(text))
    for (const [, value = ''] of text.matchAll(NUMBER_LINE)) {
      for (const pattern of [CAPITAL_NUMBER, CAPITALS_WITH_UNIT])
        for (const [, word = ''] of value.matchAll(pattern))
          patterns.add(`(?<![\\w$%{@])${word}(?=(?:ms|[smhdwyMkKgG])?(?!\\w))`)
      for (const [, before = '', word = '', behind = ''] of value.matchAll(BETWEEN_MARKS))
        patterns.add(patternBetween(before, word, behind))
    }
  if (patterns.size === 0) return text
  return text.replace(new RegExp([...patterns].slice(0, MOST_WORDS).join('|'), 'gm'), wordFor)
}

/** All such words between the same marks, but where a line has a pattern. */
function patternBetween(before: string, word: string, behind: string): string {
  const words = /[a-z]/.test(word) ? '[A-Za-z]\\w*' : '[A-Z][A-Z\\d_]*'
  const start = escapePattern(before)
  return `${start}(?<=^[^\\n~#]{0,${LONGEST_LINE}}${start})${words}${escapePattern(behind)}`
}

/** Words in capitals that are all of a value which takes none, each for itself. */
function wholeWords(text: string): readonly string[] {
  const found = (pattern: RegExp): readonly string[] =>
    [...text.matchAll(pattern)].map(([, word = '']) => word)
  return [
    ...found(WHOLE_PASS).filter(word => !new RegExp(`\\bupstream[ \\t]+${word}\\b`).test(text)),
    ...found(URL_PORT).filter(word => word.includes('PORT')),
    ...(text.includes('WSGIDaemonProcess') ? found(NUMBER_OPTION) : []),
  ]
}

const MOST_WORDS = 50

const PORT_WORD = /:[A-Za-z_]*port/iy

function hasPortWord(text: string): boolean {
  if (text.includes('PORT')) return true
  for (let at = text.indexOf(':'); at !== -1; at = text.indexOf(':', at + 1)) {
    PORT_WORD.lastIndex = at
    if (PORT_WORD.test(text)) return true
  }
  return false
}

/** True where an underscore stands between two capitals. */
function hasCapitals(text: string): boolean {
  for (let at = text.indexOf('_'); at !== -1; at = text.indexOf('_', at + 1))
    if (isCapital(text.charCodeAt(at - 1)) && isCapital(text.charCodeAt(at + 1))) return true
  return false
}

function isCapital(code: number): boolean {
  return code >= 65 && code <= 90
}
